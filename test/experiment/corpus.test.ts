import { mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import type { SplitName } from '../../src/data/corpus.js';
import { type CorpusSource, type EncodedSplit, loadSplits } from '../../src/experiment/corpus.js';
import { samplePaths } from '../../src/hub/sample.js';
import { openTokenizer } from '../../src/tokenization/tokenizer.js';

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
