import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import {
  type Contents,
  checkpointFiles,
  differences,
  identitiesOf,
  identityOf,
  type StageIdentity,
} from '../../src/experiment/identity.js';
import { curriculum } from '../../src/experiment/protocols/curriculum.js';

const contents: Contents = {
  checkpoint: { 'model.safetensors': 'c0' },
  data: { 'PAN-X.en/train.parquet': 'd0', 'PAN-X.tr/train.parquet': 'd1' },
};

async function identities(assignments: string[], of = contents): Promise<Map<string, StageIdentity>> {
  const { config } = await loadConfig({ assignments: ['sweep.sizes=[10, 20]', ...assignments] });
  return identitiesOf(curriculum(config, { en: 100, tr: 100 }), of);
}

async function changedKeys(assignments: string[], of = contents): Promise<string[]> {
  const [before, after] = [await identities([]), await identities(assignments, of)];
  return [...before].filter(([id, { key }]) => key !== after.get(id)?.key).map(([id]) => id);
}

const all = ['phase-1-tr', 'phase-2-en', 'phase-3.1-tr-10', 'phase-3.2-tr-20'];

it('gives every stage a key of its own', async () => {
  expect(new Set([...(await identities([])).values()].map(({ key }) => key)).size).toBe(4);
});

it.each(['model=elsewhere', 'data=elsewhere', 'checkpoint.everyMinutes=1', 'sweep.sizes=[10, 20, 30]'])(
  'keeps the keys under %s, which no result depends on',
  async assignment => {
    expect(await changedKeys([assignment])).toEqual([]);
  },
);

it.each([
  'training.epochs=1',
  'seed=1',
  'evaluation.batchSize=8',
  'tokenization.maxLength=64',
  'evaluation.limit=5',
  'training.dropout=0',
])('changes every key under %s', async assignment => {
  expect(await changedKeys([assignment])).toEqual(all);
});

it('changes every key with the data or the base checkpoint', async () => {
  expect(await changedKeys([], { ...contents, checkpoint: { 'model.safetensors': 'c1' } })).toEqual(all);
  expect(await changedKeys([], { ...contents, data: { ...contents.data, 'PAN-X.tr/test.parquet': 'd2' } })).toEqual(
    all,
  );
});

it('changes the keys of the stages that start from another one under another protocol', async () => {
  expect(await changedKeys(['sweep.protocol=from-source'])).toEqual(['phase-3.2-tr-20']);
});

it('identifies a training by itself by the same ingredients', async () => {
  const { config } = await loadConfig({});
  const { config: other } = await loadConfig({ assignments: ['training.epochs=1'] });
  const [there, same, now] = [config, config, other].map(of => identityOf('train', of, contents));
  expect(same).toEqual(there);
  expect(differences(there!, now!)).toEqual(['training.epochs was 3 and is 1 now']);
});

it('names what differs', async () => {
  const there = await identities([]);
  const differ = async (id: string, assignments: string[], of = contents) =>
    differences(there.get(id)!, (await identities(assignments, of)).get(id)!);
  expect(await differ('phase-1-tr', [])).toEqual([]);
  expect(await differ('phase-1-tr', ['training.epochs=1', 'training.dropout=0.2'])).toEqual([
    'training.epochs was 3 and is 1 now',
    'training.dropout was null and is 0.2 now',
  ]);
  expect(await differ('phase-1-tr', [], { ...contents, checkpoint: { 'model.safetensors': 'c1' } })).toEqual([
    'the model that training starts from is not the same',
  ]);
  expect(await differ('phase-3.1-tr-10', [], { ...contents, data: { 'PAN-X.en/train.parquet': 'd0' } })).toEqual([
    'the data file PAN-X.tr/train.parquet is not the same',
    'phase-2-en, which it starts from, is not the same',
  ]);
  expect(await differ('phase-3.2-tr-20', ['sweep.protocol=from-source'])).toEqual([
    'it started from phase-3.1-tr-10 and starts from phase-2-en now',
  ]);
});

it('hashes the files of a checkpoint that make the model, and no others', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'panx-identity-'));
  try {
    await writeFile(join(folder, 'config.json'), '{}');
    await writeFile(join(folder, 'model.safetensors'), 'weights');
    const before = await checkpointFiles(folder);
    expect(Object.keys(before)).toEqual(['config.json', 'model.safetensors']);
    await writeFile(join(folder, 'README.md'), 'words');
    expect(await checkpointFiles(folder)).toEqual(before);
    await writeFile(join(folder, 'model.safetensors'), 'other weights');
    expect(await checkpointFiles(folder)).not.toEqual(before);
  } finally {
    await rm(folder, { recursive: true });
  }
  await expect(checkpointFiles(folder)).rejects.toThrow(
    `The checkpoint folder ${folder} cannot be read: no such file or folder.`,
  );
});
