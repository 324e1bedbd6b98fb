import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import type { Config } from '../../src/config/schema.js';
import { loadSplit, splitColumns } from '../../src/data/corpus.js';
import { conllText } from '../../src/data/formats/write-conll.js';
import { jsonlText } from '../../src/data/formats/write-jsonl.js';
import { splitNames } from '../../src/data/splits.js';
import { checkLabels } from '../../src/evaluation/score.js';
import { loadRunData, loadSplits, withLabelsOf } from '../../src/experiment/corpus.js';
import { identityOf } from '../../src/experiment/identity.js';
import { readCorpus, splitsOf } from '../../src/experiment/inputs.js';
import { samplePaths } from '../../src/hub/sample.js';
import { relabelled } from '../../src/tokenization/rows.js';
import { openTokenizer } from '../../src/tokenization/tokenizer.js';

const { dataDir, modelDir } = samplePaths();
const folder = mkdtempSync(join(tmpdir(), 'panx-test-'));
const inOrder = ['O', 'B-PER', 'I-PER', 'B-ORG', 'I-ORG', 'B-LOC', 'I-LOC'];
const backwards = [...inOrder].reverse();

beforeAll(async () => {
  vi.stubEnv('PANX_CACHE', mkdtempSync(join(tmpdir(), 'panx-test-')));
  for (const split of splitNames) {
    const whole = await loadSplit(dataDir, 'tr', split);
    writeFileSync(join(folder, `${split}.conll`), [...conllText(splitColumns(whole), whole.labelNames, '')].join(''));
    writeFileSync(join(folder, `${split}.jsonl`), [...jsonlText(splitColumns(whole), whole.labelNames)].join(''));
  }
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** Corpora with the Turkish sample: `conll` in PAN-X's order of tags, `jsonl` in the opposite one. */
async function configOf(langs: string[], evaluated: string[] = []): Promise<Config> {
  const files = (format: string) =>
    Object.fromEntries(splitNames.map(split => [split, join(folder, `${split}.${format}`)]));
  const corpora = {
    conll: { format: 'conll', files: files('conll') },
    jsonl: { format: 'jsonl', files: files('jsonl'), labels: backwards },
    other: { format: 'conll', files: files('conll'), labels: [...inOrder, 'B-MISC', 'I-MISC'] },
  };
  const settings = { corpora, training: { langs, size: 40 }, evaluation: { langs: evaluated } };
  const path = join(folder, 'config.json');
  writeFileSync(path, JSON.stringify(settings));
  return (await loadConfig({ file: path })).config;
}

async function dataOf(config: Config) {
  return await loadRunData({ dataDir, tokenizer: await openTokenizer(modelDir), config });
}

it('a corpus has the rows, the key and the labels of PAN-X, whatever the format and the order of the tags', async () => {
  const keyOf = async (config: Config) => {
    const contentOf = await readCorpus(dataDir, splitsOf(config), config.corpora);
    const arithmetic = { kind: 'wasm', precision: 'fp32', revision: 1 } as const;
    return identityOf('train', config, { checkpoint: { 'config.json': 'x' }, contentOf, arithmetic });
  };
  const panx = await keyOf(await configOf(['en', 'tr']));
  const conll = await keyOf(await configOf(['en', 'conll']));
  const jsonl = await keyOf(await configOf(['en', 'jsonl']));
  expect(conll.key).toBe(panx.key);
  expect(jsonl.key).toBe(panx.key); // The first language leads.
  expect(conll.rows.training.map(({ name }) => name)).toEqual(['en/train:40', 'conll=und/train:40']);
  expect(Object.keys(conll.data)).toContain('conll=und/train/train.conll');
  const wanted = await dataOf(await configOf(['en', 'tr'], ['tr']));
  for (const name of ['conll', 'jsonl']) {
    const data = await dataOf(await configOf(['en', name], [name]));
    expect(data.train).toEqual(wanted.train);
    expect(data.test[0]!.rows).toEqual(wanted.test[0]!.rows);
    expect(data.labelNames).toEqual(inOrder);
    expect(data.validation[1]!.rows).toEqual(wanted.validation[1]!.rows);
  }
  const leading = await dataOf(await configOf(['jsonl', 'en']));
  expect(leading.labelNames).toEqual(backwards);
});

it('a model has its own order of the tags, in which data are brought', async () => {
  const config = await configOf(['jsonl']);
  const data = await dataOf(config);
  const ids = checkLabels(inOrder, data.labelNames, 'it');
  expect([...ids!]).toEqual([6, 5, 4, 3, 2, 1, 0]);
  const wanted = await dataOf(await configOf(['tr']));
  const brought = withLabelsOf(data, inOrder, ids);
  expect(brought.train).toEqual(wanted.train);
  expect(brought.labelNames).toEqual(inOrder);
  expect(brought.validation[0]!.rows).toEqual(wanted.validation[0]!.rows);
  expect(withLabelsOf(data, backwards, checkLabels(backwards, data.labelNames, 'it'))).toBe(data);
});

it('a split that is scored by itself likewise', async () => {
  const config = await configOf(['tr']);
  const load = async (lang: string) =>
    (await loadSplits({ dataDir, tokenizer: await openTokenizer(modelDir), config }, [[lang, 'test']]))[0]!;
  const [panx, jsonl] = [await load('tr'), await load('jsonl=und')];
  expect(jsonl.labelNames).toEqual(backwards);
  expect(relabelled(jsonl.rows, checkLabels(panx.labelNames, jsonl.labelNames, 'it'))).toEqual(panx.rows);
});

it('other tags are refused, naming both sets, before anything is trained', async () => {
  const sentence = `other=und train is tagged with ${inOrder.join(' ')} B-MISC I-MISC; en train with ${inOrder.join(' ')}.`;
  const config = await configOf(['en', 'other']);
  await expect(dataOf(config)).rejects.toThrow(sentence);
  await expect(readCorpus(dataDir, splitsOf(config), config.corpora)).rejects.toThrow(sentence);
  expect(() => checkLabels(inOrder, inOrder.slice(0, 5), 'DIR')).toThrow(
    `The classifier in DIR predicts ${inOrder.join(' ')}; the data is tagged with ${inOrder.slice(0, 5).join(' ')}.`,
  );
});
