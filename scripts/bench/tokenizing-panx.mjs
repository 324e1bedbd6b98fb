/**
 * panx's half of tokenizing.mjs: encode a train split as a run does, and print how long that took and what came out.
 *
 *   node scripts/bench/tokenizing-panx.mjs TOKENIZER_FOLDER DATA_FOLDER LANG CACHE_FOLDER
 *
 * The token cache of an earlier call is taken where CACHE_FOLDER holds one. `startS` is loading the tokenizer: its file, and without a
 * cached result the engine, which a run with one never starts. `encodeS` is from the rows in memory to labelled subwords in memory,
 * and in the cache.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { openSplit } from '../../dist/data/corpus.js';
import { encodeSplit } from '../../dist/tokenization/encode.js';
import { concatRows } from '../../dist/tokenization/rows.js';
import { openTokenizer } from '../../dist/tokenization/tokenizer.js';

const [folder, data, lang, cacheDir] = process.argv.slice(2);
const split = await openSplit(data, lang, 'train');
const shards = [];
for await (const shard of split.shards()) shards.push(shard);
const cached = existsSync(cacheDir) && readdirSync(cacheDir).length > 0;

const startedMs = performance.now();
const tokenizer = await openTokenizer(folder);
if (!cached) await tokenizer.load().encodeWords([['a']], 512);
const readyMs = performance.now();
const inMemory = { ...split, shards: () => shards };
const { parts } = await encodeSplit(inMemory, tokenizer, { maxLength: 512, emptyWords: 'drop', cacheDir });
const encoded = concatRows(parts);
const doneMs = performance.now();

const hash = createHash('sha256');
for (const { buffer, byteOffset, byteLength } of [encoded.inputIds, encoded.labelIds]) {
  hash.update(Buffer.from(buffer, byteOffset, byteLength));
}
const result = {
  how: cached ? 'cached' : 'cold',
  startS: (readyMs - startedMs) / 1000,
  encodeS: (doneMs - readyMs) / 1000,
  rows: encoded.rows,
  subwords: encoded.inputIds.length,
  sha256: hash.digest('hex'),
};
console.log(JSON.stringify(result));
