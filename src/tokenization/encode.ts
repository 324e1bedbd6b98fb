import { readWords, type Split, splitColumns } from '../data/corpus.js';
import { readTokenCache, tokenCachePath, writeTokenCache } from './cache.js';
import { concatRows, type EncodedRows, type EncodeOptions, toRows } from './rows.js';
import type { SubwordTokenizer } from './tokenizer.js';

/**
 * Encode a split and align its tags: the first subword of a word carries the word's tag id, every other position -100.
 *
 * @param options cacheDir keeps the result on disk, keyed by tokenizer, data files and options; null keeps nothing
 * @throws PanxError as `SubwordTokenizer.encodeWords` does
 */
export async function encodeSplit(
  split: Split,
  tokenizer: SubwordTokenizer,
  options: EncodeOptions & { cacheDir: string | null; onProgress?: (done: number, of: number) => void },
): Promise<EncodedRows> {
  const cachePath = options.cacheDir === null ? null : tokenCachePath(options.cacheDir, split, tokenizer, options);
  const cached = cachePath === null ? undefined : await readTokenCache(cachePath, split.rows);
  if (cached !== undefined) return cached.rows;
  const columns = splitColumns(split);
  const parts: EncodedRows[] = [];
  for (let from = 0; from < split.rows; from += rowsAtOnce) {
    const to = Math.min(from + rowsAtOnce, split.rows);
    const words = readWords(columns, from, to);
    const sentences = await tokenizer.encodeWords(words, options.maxLength, options.emptyWords);
    parts.push(toRows(sentences, (row, word) => columns.tagIds[columns.offsets[from + row]! + word]!));
    options.onProgress?.(to, split.rows);
  }
  const encoded = concatRows(parts);
  if (cachePath !== null) await writeTokenCache(cachePath, { rows: encoded, labelNames: split.labelNames });
  return encoded;
}

const rowsAtOnce = 2000;
