import { mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import type { SplitName } from '../../src/data/splits.js';
import { type CorpusSource, type EncodedSplit, loadRunData, loadSplits } from '../../src/experiment/corpus.js';
import { samplePaths } from '../../src/hub/sample.js';
import { openTokenizer } from '../../src/tokenization/tokenizer.js';
import { panx, writeParquet } from '../data/formats/parquet-fixture.js';

const { dataDir, modelDir } = samplePaths();
const cache = mkdtempSync(join(tmpdir(), 'panx-corpus-'));
let config: CorpusSource['config'];

beforeAll(async () => {
  vi.stubEnv('PANX_CACHE', cache);
  ({ config } = await loadConfig({}));
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(cache, { recursive: true, force: true });
});

async function load(split: SplitName, tokenizer?: CorpusSource['tokenizer']): Promise<EncodedSplit> {
  const source = { dataDir, tokenizer: tokenizer ?? (await openTokenizer(modelDir)), config };
  return (await loadSplits(source, [['tr', split]]))[0]!;
}

it('gives a split that was encoded before without the tokenizer, the same in everything', async () => {
  const first = await load('validation');
  const notParsed = { ...(await openTokenizer(modelDir)), load: () => expect.unreachable('the tokenizer was parsed') };
  const again = await load('validation', notParsed);
  expect(again).toEqual(first);
  expect(again.labelNames).toEqual(['O', 'B-PER', 'I-PER', 'B-ORG', 'I-ORG', 'B-LOC', 'I-LOC']);
});

it('encodes again, once and saying so once, what is damaged in the cache', async () => {
  const first = await load('test');
  const name = readdirSync(join(cache, 'tokens')).find(file => file.startsWith('tr-test-'))!;
  truncateSync(join(cache, 'tokens', name), 100);
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    expect(await load('test')).toEqual(first);
    expect(said.mock.calls.join('').match(/encoding again/g)).toHaveLength(1);
  } finally {
    said.mockRestore();
  }
  expect(await load('test')).toEqual(first);
});

it('encodes splits in the order asked for, then lets the tokenizer go', async () => {
  const tokenizer = await openTokenizer(modelDir);
  const said: string[] = [];
  const splits = await loadSplits({ dataDir, tokenizer, config, onProgress: text => said.push(text) }, [
    ['tr', 'train'],
    ['en', 'test'],
    ['tr', 'validation'],
  ]);
  expect(splits.map(({ lang, split }) => `${lang} ${split}`)).toEqual(['tr train', 'en test', 'tr validation']);
  expect(splits[2]).toEqual(await load('validation'));
  expect(said[0]).toMatch(/^tokenize tr train: [\d,]+ of [\d,]+ rows$/);
  expect(() => tokenizer.load()).toThrow(/has been released/);
});

it('finds that a language is not there before anything is encoded', async () => {
  const tokenizer = { ...(await openTokenizer(modelDir)), load: () => expect.unreachable('something was encoded') };
  const fresh = { ...config, tokenization: { ...config.tokenization, maxLength: 77 } }; // of which nothing is in the cache
  const wanted = (['tr', 'xx'] as const).map(lang => [lang, 'test'] as const);
  await expect(loadSplits({ dataDir, tokenizer, config: fresh }, wanted)).rejects.toThrow('has no language "xx"');
});

it('refuses training rows in which there is nothing to learn', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'panx-corpus-'));
  const load = async (rows: [string, number][][]) => {
    writeParquet(join(folder, 'PAN-X.tr', 'train-00000-of-00001.parquet'), panx(rows));
    const { config } = await loadConfig({
      assignments: ['training.langs=[tr]', 'evaluation.enabled=false', 'tokenization.emptyWords=drop'],
    });
    return await loadRunData({ dataDir: folder, tokenizer: await openTokenizer(modelDir), config });
  };
  const expected = 'expected at least one word with a label.';
  try {
    await expect(load([[], []])).rejects.toThrow(`The training rows of tr (2) hold no word; ${expected}`);
    const without = `The training rows of tr (1) hold no word with a subword (of 1); ${expected}`;
    await expect(load([[['', 0]]])).rejects.toThrow(without);
    expect((await load([[], [['a', 0]]])).train.rows).toBe(2);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
