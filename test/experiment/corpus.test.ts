import { mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { type CorpusSource, loadEncoded } from '../../src/experiment/corpus.js';
import { samplePaths } from '../../src/hub/sample.js';
import { openTokenizer } from '../../src/tokenization/tokenizer.js';

const { dataDir, modelDir } = samplePaths();
const cache = mkdtempSync(join(tmpdir(), 'panx-corpus-'));
let source: CorpusSource;

beforeAll(async () => {
  vi.stubEnv('PANX_CACHE', cache);
  source = { dataDir, tokenizer: await openTokenizer(modelDir), config: (await loadConfig({})).config };
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(cache, { recursive: true, force: true });
});

it('gives a split that was encoded before without the tokenizer, the same in everything', async () => {
  const first = await loadEncoded(source, 'tr', 'validation');
  const notParsed = { sha256: source.tokenizer.sha256, load: () => expect.unreachable('the tokenizer was parsed') };
  const again = await loadEncoded({ ...source, tokenizer: notParsed }, 'tr', 'validation');
  expect(again).toEqual(first);
  expect(again.labelNames).toEqual(['O', 'B-PER', 'I-PER', 'B-ORG', 'I-ORG', 'B-LOC', 'I-LOC']);
});

it('encodes again, once and saying so once, what is damaged in the cache', async () => {
  const first = await loadEncoded(source, 'tr', 'test');
  const name = readdirSync(join(cache, 'tokens')).find(file => file.startsWith('tr-test-'))!;
  truncateSync(join(cache, 'tokens', name), 100);
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    expect(await loadEncoded(source, 'tr', 'test')).toEqual(first);
    expect(said.mock.calls.join('').match(/encoding again/g)).toHaveLength(1);
  } finally {
    said.mockRestore();
  }
  expect(await loadEncoded(source, 'tr', 'test')).toEqual(first);
});
