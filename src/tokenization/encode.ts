import { readWords, type Split, splitColumns } from '../data/corpus.js';
import { readTokenCache, tokenCachePath, writeTokenCache } from './cache.js';
import { countLosses, type LossCounts, noLosses, type RowLosses } from './losses.js';
import type { EncodedSentence, SubwordTokenizer } from './tokenizer.js';

/**
 * Sentences as subwords with their labels, in compressed sparse rows: row i is [offsets[i], offsets[i+1]).
 * N is the number of subwords of all rows, special tokens included.
 */
export interface EncodedRows extends LossCounts {
  rows: number;
  /** (rows + 1) */
  offsets: Int32Array;
  /** (N) */
  inputIds: Int32Array;
  /** (N) the word's tag id at its first subword; -100 at its other subwords and at special tokens. */
  labelIds: Int32Array;
  /** (N) the word that a subword belongs to; -1 at special tokens. */
  wordIds: Int32Array;
  /** What each row lost, so that a selection of rows can be counted; may be absent where nothing was. */
  losses?: RowLosses;
}

export interface EncodeOptions {
  /** Subwords of a row at most, special tokens included. */
  maxLength: number;
  /** A word that gives no subword: `drop` leaves it out, `unk` stands the unknown token, with the word's tag, in its place. */
  emptyWords: 'drop' | 'unk';
}

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
  const sentences: EncodedSentence[] = [];
  for (let from = 0; from < split.rows; from += rowsAtOnce) {
    const to = Math.min(from + rowsAtOnce, split.rows);
    const words = readWords(columns, from, to);
    sentences.push(...(await tokenizer.encodeWords(words, options.maxLength, options.emptyWords)));
    options.onProgress?.(to, split.rows);
  }
  const encoded = toRows(sentences, (row, word) => columns.tagIds[columns.offsets[row]! + word]!);
  if (cachePath !== null) await writeTokenCache(cachePath, { rows: encoded, labelNames: split.labelNames });
  return encoded;
}

const rowsAtOnce = 2000;

/** Encode sentences that have no tags: labelIds is 0 at first subwords, so that they count as words to predict. */
export async function encodeSentences(
  sentences: readonly (readonly string[])[],
  tokenizer: SubwordTokenizer,
  options: EncodeOptions,
): Promise<EncodedRows> {
  return toRows(await tokenizer.encodeWords(sentences, options.maxLength, options.emptyWords), () => 0);
}

function toRows(sentences: readonly EncodedSentence[], labelOf: (row: number, word: number) => number): EncodedRows {
  const rows = sentences.length;
  const offsets = new Int32Array(rows + 1);
  sentences.forEach(({ inputIds }, row) => {
    offsets[row + 1] = offsets[row]! + inputIds.length;
  });
  const length = offsets[rows]!;
  const inputIds = new Int32Array(length);
  const wordIds = new Int32Array(length);
  const labelIds = new Int32Array(length).fill(-100);
  const losses = noLosses(rows);
  sentences.forEach((sentence, row) => {
    const start = offsets[row]!;
    inputIds.set(sentence.inputIds, start);
    wordIds.set(sentence.wordIds, start);
    let previous = -1;
    sentence.wordIds.forEach((word, i) => {
      if (word !== -1 && word !== previous) labelIds[start + i] = labelOf(row, word);
      previous = word;
    });
    losses.cutSubwords[row] = sentence.cutSubwords;
    losses.cutWords[row] = sentence.cutWords;
    losses.emptyWords[row] = sentence.emptyWords;
  });
  return { rows, offsets, inputIds, labelIds, wordIds, ...countLosses(losses), losses };
}
