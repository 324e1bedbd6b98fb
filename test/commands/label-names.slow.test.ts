import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import type { TaggedSentence } from '../../src/evaluation/tag.js';
import { buildCli, panx } from '../built-cli.js';
import { panx as columns, writeParquet } from '../data/formats/parquet-fixture.js';
import { writeEncoder } from '../encoder-folders.js';

const folder = mkdtempSync(join(tmpdir(), 'panx-label-names-'));
const plain = ['O', 'PER', 'MISC', 'ORG', 'EVENT', 'LOC', 'SET'];
const data = join(folder, 'data');
const run = join(folder, 'run');

/** Each name is of one type, so that a model learns it in some steps; two of a type stand side by side. */
const sentences = plain.slice(1).map((_, type) => {
  const name = ['Ada', 'Nobel', 'UN', 'Cup', 'Paris', 'Lego'][type]!;
  return [
    ['the', 0],
    [name, type + 1],
    [name, type + 1],
    ['is', 0],
    [name, type + 1],
  ] as const;
});

beforeAll(() => {
  buildCli();
  const info = { info: { features: { ner_tags: { feature: { names: plain, _type: 'ClassLabel' } } } } };
  for (const split of ['train', 'validation', 'test']) {
    const rows = Array.from({ length: 6 }, () => sentences).flat();
    const path = join(data, 'PAN-X.en', `${split}-00000-of-00001.parquet`);
    writeParquet(path, columns(rows), { huggingface: JSON.stringify(info) });
  }
  const how = ['--max-steps', '20', '--learning-rate', '0.01', '--backend', 'wasm', '--new-head'];
  const asked = ['train', '--sample', '--data', data, '--lang', 'en', ...how, '--out', run];
  const { code, stderr } = panx([...asked, '--set', 'evaluation.eachEpoch=false']);
  expect(stderr).toContain(
    'the labels are read so: PER MISC ORG EVENT LOC SET as types without B- and I-, so that neighbours of one label are one entity\n',
  );
  expect(code).toBe(0);
});

const checkpoint = join(run, 'checkpoint');

it('a model of types alone is scored by whole types, neighbours of one label one entity', () => {
  const model = ['--model', checkpoint, '--data', data, '--lang', 'en', '--backend', 'wasm'];
  const { stdout, stderr, code } = panx(['evaluate', ...model, '--format', 'json']);
  expect(code).toBe(0);
  expect(stderr.match(/the labels are read so/g)).toHaveLength(1);
  const { scores } = JSON.parse(stdout) as Scored;
  const { types, micro } = scores.en.entities.default;
  expect(types.map(({ type, support }) => [type, support])).toEqual(
    ['EVENT', 'LOC', 'MISC', 'ORG', 'PER', 'SET'].map(type => [type, 12]),
  );
  expect(micro.f1).toBeGreaterThan(0.9);
});

interface Scored {
  scores: Record<
    'en',
    { f1: number; entities: { default: { micro: { f1: number }; types: { type: string; support: number }[] } } }
  >;
}

it('so is it analysed, from predictions that hold tags', () => {
  const where = ['--data', data, '--store', join(folder, 'store')];
  const { stdout, stderr, code } = panx(['analyze', run, '--lang', 'en', ...where, '--json']);
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  const [{ types, buckets, confusion }] = (JSON.parse(stdout) as Analysed).analyses;
  expect(types.map(({ type }) => type)).toEqual([...plain.slice(1)].sort());
  expect(confusion.tags.labels).toEqual([
    ...plain
      .slice(1)
      .sort()
      .map(type => `I-${type}`),
    'O',
  ]);
  // The training rows hold the same entities.
  const seen = buckets.find(({ attribute }) => attribute === 'seen in training')!.scores;
  expect(seen.map(({ bucket, gold }) => [bucket, gold])).toEqual([
    ['same type', 72],
    ['another type', 0],
    ['unseen', 0],
  ]);
});

interface Analysed {
  analyses: [
    {
      types: { type: string }[];
      buckets: { attribute: string; scores: { bucket: string; gold: number }[] }[];
      confusion: { tags: { labels: string[] } };
    },
  ];
}

it('what panx predict finds is of whole types, and the labels stay as they are named', () => {
  const asked = ['predict', '--model', checkpoint, '--backend', 'wasm', '--text', 'the UN UN is UN'];
  const { stdout, stderr } = panx([...asked, '--format', 'json']);
  expect(stderr).toMatch(/^the labels are read so: PER MISC ORG .*\n$/);
  const { words, entities } = JSON.parse(stdout) as TaggedSentence;
  expect(words.map(({ tag }) => tag)).toEqual(['O', 'ORG', 'ORG', 'O', 'ORG']);
  expect(entities.map(({ type, text }) => [type, text])).toEqual([
    ['ORG', 'UN UN'],
    ['ORG', 'UN'],
  ]);
});

it('trains on from such a checkpoint, under other names of the same labels', () => {
  const renamed = join(folder, 'renamed');
  cpSync(checkpoint, renamed, { recursive: true });
  const path = join(renamed, 'config.json');
  const config = JSON.parse(readFileSync(path, 'utf8')) as { id2label: Record<string, string> };
  config.id2label['0'] = 'NIL';
  writeFileSync(path, JSON.stringify(config));
  const out = join(folder, 'on');
  const how = ['--epochs', '1', '--learning-rate', '1e-6', '--backend', 'wasm'];
  const { code, stderr } = panx(['train', '--model', renamed, '--data', data, '--lang', 'en', ...how, '--out', out]);
  expect(stderr).toContain('as types without B- and I-, so that neighbours of one label are one entity; NIL as O\n');
  expect(code).toBe(0);
});

it('a model of other names, or of another scheme, is scored on IOB2 data', async () => {
  const evaluate = async (labels: readonly string[]) => {
    const model = join(folder, labels.join(' ').replaceAll('/', '-').slice(0, 60));
    await writeEncoder(model, 'xlm-roberta', labels);
    return panx(['evaluate', '--sample', '--model', model, '--lang', 'en', '--backend', 'wasm', '--format', 'json']);
  };
  const f1 = ({ stdout }: { stdout: string }) => (JSON.parse(stdout) as Scored).scores.en.f1;
  const usual = ['O', ...['PER', 'ORG', 'LOC'].flatMap(type => [`B-${type}`, `I-${type}`])];
  const expected = f1(await evaluate(usual));
  for (const name of [(tag: string) => tag.replace('-', '_'), (tag: string) => tag.replace(/^(.)-(.*)$/, '$2/$1')])
    expect(f1(await evaluate(usual.map(name)))).toBe(expected);
  const types = await evaluate(['O', 'PER', 'ORG', 'LOC']);
  expect(types).toMatchObject({ code: 0, stderr: expect.stringContaining('the data marks the same types in IOB2') });
  const { types: scored } = (JSON.parse(types.stdout) as Scored).scores.en.entities.default;
  expect(scored.map(({ type }) => type)).toEqual(['LOC', 'ORG', 'PER']);
  const more = await evaluate(['O', 'PER', 'MISC', 'ORG', 'EVENT', 'LOC', 'SET']);
  expect(more).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('knows MISC, EVENT, SET, which the data does'),
  });
  const other = await evaluate(['O', 'PER', 'ORG', 'GPE']);
  expect(other.stderr).toContain(' predicts O PER ORG GPE; the data is tagged with O B-PER I-PER');
  expect((await evaluate(['LABEL_0', 'LABEL_1'])).stderr).toContain('names its labels LABEL_0 LABEL_1, which say');
});

it('says what it understood of the tags of data, where the model writes them as everybody does', async () => {
  const model = join(folder, 'inside');
  await writeEncoder(model, 'xlm-roberta', ['O', ...plain.slice(1).map(type => `I-${type}`)]);
  const { code, stderr } = panx(['evaluate', '--data', data, '--model', model, '--lang', 'en', '--backend', 'wasm']);
  expect(stderr).toContain('the tags of the data are read so: PER MISC ORG EVENT LOC SET as types without B- and I-, ');
  expect(stderr).not.toContain('the labels are read so');
  expect(code).toBe(0);
});
