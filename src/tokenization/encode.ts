import type { WordColumns } from '../data/columns.js';
import { readWords, type SplitSource } from '../data/corpus.js';
import type { SplitName } from '../data/splits.js';
import { formatCount } from '../system/console.js';
import { collectGarbage } from '../system/memory.js';
import { type EncodedParts, readTokenCache, tokenCachePath, writeTokenCache } from './cache.js';
import { concatRows, type EncodedRows, type EncodeOptions, toRows } from './rows.js';
import type { SubwordTokenizer, TokenizerFile } from './tokenizer.js';

/**
 * Encode a split and align its tags: the first subword of a word carries the word's tag id, every other position -100.
 *
 * Its files pass through memory one by one, and the rows come in parts: to join them takes as much memory again, of which there is most
 * once the tokenizer has been released.
 *
 * @param tokenizer parsed only where the tokens are not in the cache
 * @param options cacheDir keeps the result on disk, keyed by tokenizer, data files and options; null keeps nothing
 * @throws PanxError as `SplitSource.shards` and `SubwordTokenizer.encodeWords` do
 */
export async function encodeSplit(
  source: SplitSource,
  tokenizer: Pick<TokenizerFile, 'sha256' | 'load'>,
  options: EncodeOptions & { cacheDir: string | null; onProgress?: (progress: EncodingProgress) => void },
): Promise<EncodedParts> {
  const cachePath = options.cacheDir === null ? null : tokenCachePath(options.cacheDir, source, tokenizer, options);
  const cached = cachePath === null ? undefined : await readTokenCache(cachePath);
  if (cached !== undefined) return cached;
  const words = tokenizer.load();
  await collectGarbage(); // What parsing it has left, before its engine starts.
  const parts: EncodedRows[] = [];
  let labelNames: readonly string[] = [];
  let file = 0;
  for await (const shard of source.shards()) {
    const { columns } = shard;
    const place = { lang: source.lang, split: source.split, file: ++file, files: source.files.length };
    const onProgress = (done: number) => options.onProgress?.({ ...place, done, of: columns.rows });
    for (let from = 0; from < columns.rows; from += rowsOfPart) {
      const to = Math.min(from + rowsOfPart, columns.rows);
      parts.push(await encodeRows(columns, from, to, words, { ...options, onProgress }));
    }
    labelNames = shard.labelNames;
  }
  const encoded = { parts, labelNames };
  if (cachePath !== null) await writeTokenCache(cachePath, encoded);
  return encoded;
}

/** All of a file of PAN-X, so that its tokens need no joining when they are read back from the cache. */
const rowsOfPart = 20_000;
/** Words as strings and sentences as objects take ten times the memory of the arrays that become of them. */
const rowsAtOnce = 2000;

async function encodeRows(
  columns: WordColumns,
  from: number,
  to: number,
  tokenizer: SubwordTokenizer,
  options: EncodeOptions & { onProgress: (done: number) => void },
): Promise<EncodedRows> {
  const encoded: EncodedRows[] = [];
  for (let first = from; first < to; first += rowsAtOnce) {
    const end = Math.min(first + rowsAtOnce, to);
    const { maxLength, emptyWords, longRows } = options;
    const words = readWords(columns, first, end);
    const sentences = await tokenizer.encodeWords(words, maxLength, emptyWords, longRows);
    encoded.push(toRows(sentences, (row, word) => columns.tagIds[columns.offsets[first + row]! + word]!));
    options.onProgress(end);
  }
  return concatRows(encoded);
}

/** How far the encoding of a split is. */
export interface EncodingProgress {
  lang: string;
  split: SplitName;
  /** Which of the split's files, from 1, of how many. */
  file: number;
  files: number;
  /** Rows of that file that are encoded, and how many it has. */
  done: number;
  of: number;
}

/** A line for the terminal. */
export function encodingText({ lang, split, file, files, done, of }: EncodingProgress): string {
  const which = files === 1 ? '' : `, file ${file} of ${files}`;
  return `tokenize ${lang} ${split}: ${formatCount(done)} of ${formatCount(of)} rows${which}`;
}
