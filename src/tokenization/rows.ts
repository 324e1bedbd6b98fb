import type { EncodedSentence } from './assemble.js';
import { countLosses, type LossCounts, noLosses, type RowLosses } from './losses.js';
import type { SubwordTokenizer } from './tokenizer.js';

/**
 * Rows of subwords with their labels, in compressed sparse rows: row i is [offsets[i], offsets[i+1]).
 * N is the number of subwords of all rows, special tokens included.
 */
export interface SubwordRows {
  rows: number;
  /** (rows + 1) */
  offsets: Int32Array;
  /** (N) */
  inputIds: Int32Array;
  /** (N) the word's tag id at its first subword; -100 at its other subwords and at special tokens. */
  labelIds: Int32Array;
  /** (N) the word that a subword belongs to; -1 at special tokens. */
  wordIds: Int32Array;
}

/** The rows of a corpus as subwords. A row that was split is its segments, one after the other. */
export interface EncodedRows extends SubwordRows, LossCounts {
  /** What each row lost, so that a selection of rows can be counted; may be absent where nothing was. */
  losses?: RowLosses;
  /** Absent where no row was split. */
  segments?: Segments;
}

/** The segments of rows: row i has [ofRow[i], ofRow[i+1]), and segment p the subwords [offsets[p], offsets[p+1]). */
export interface Segments {
  /** (rows + 1) */
  ofRow: Int32Array;
  /** (segments + 1) */
  offsets: Int32Array;
}

export interface EncodeOptions {
  /** Subwords of a row at most, special tokens included. */
  maxLength: number;
  /** A word that gives no subword: `drop` leaves it out, `unk` stands the unknown token, with the word's tag, in its place. */
  emptyWords: 'drop' | 'unk';
  /** A row of more subwords: `cut`, as where it is absent, loses its last ones; `split` makes segments of it. */
  longRows?: 'cut' | 'split';
}

/** Encode sentences that have no tags: labelIds is 0 at first subwords, so that they count as words to predict. */
export async function encodeSentences(
  sentences: readonly (readonly string[])[],
  tokenizer: SubwordTokenizer,
  options: EncodeOptions,
): Promise<EncodedRows> {
  const { maxLength, emptyWords, longRows } = options;
  return toRows(await tokenizer.encodeWords(sentences, maxLength, emptyWords, longRows), () => 0);
}

/** @param labelOf the tag id of a word, asked for at its first subword */
export function toRows(
  sentences: readonly EncodedSentence[],
  labelOf: (row: number, word: number) => number,
): EncodedRows {
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
  const segments = segmentsFrom(sentences.map(({ segmentLengths }) => segmentLengths));
  return { rows, offsets, inputIds, labelIds, wordIds, ...countLosses(losses), losses, ...segments };
}

/** @param lengths (rows) subwords of the segments of each row. @returns {} where no row has several */
export function segmentsFrom(lengths: readonly ArrayLike<number>[]): Pick<EncodedRows, 'segments'> {
  const count = lengths.reduce((sum, row) => sum + row.length, 0);
  if (count === lengths.length) return {};
  const ofRow = new Int32Array(lengths.length + 1);
  const offsets = new Int32Array(count + 1);
  let segment = 0;
  for (const [row, ofSegments] of lengths.entries()) {
    for (let i = 0; i < ofSegments.length; i++) offsets[++segment] = offsets[segment - 1]! + ofSegments[i]!;
    ofRow[row + 1] = segment;
  }
  return { segments: { ofRow, offsets } };
}

/** (rows) subwords of the segments of each row. */
export function segmentLengths({ rows, offsets, segments }: EncodedRows): Int32Array[] {
  return Array.from({ length: rows }, (_, row) => {
    if (segments === undefined) return Int32Array.of(offsets[row + 1]! - offsets[row]!);
    const [from, to] = [segments.ofRow[row]!, segments.ofRow[row + 1]!];
    return segments.offsets.slice(from, to).map((start, i) => segments.offsets[from + i + 1]! - start);
  });
}

/** What a model computes with: segments as rows of their own. */
export function asSegments(encoded: EncodedRows): SubwordRows {
  const { segments, inputIds, labelIds, wordIds } = encoded;
  if (segments === undefined) return encoded;
  return { rows: segments.offsets.length - 1, offsets: segments.offsets, inputIds, labelIds, wordIds };
}

/** The rows of several one after the other, such as the training set of several languages. */
export function concatRows(parts: readonly EncodedRows[]): EncodedRows {
  if (parts.length === 1) return parts[0]!;
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const offsets = new Int32Array(rows + 1);
  let row = 0;
  for (const part of parts) {
    const start = offsets[row]!;
    for (let i = 1; i <= part.rows; i++) offsets[row + i] = start + part.offsets[i]!;
    row += part.rows;
  }
  const losses = parts.map(lossesOf);
  const joined: RowLosses = {
    cutSubwords: concat(losses.map(part => part.cutSubwords)),
    cutWords: concat(losses.map(part => part.cutWords)),
    emptyWords: concat(losses.map(part => part.emptyWords)),
  };
  const isSplit = parts.some(({ segments }) => segments !== undefined);
  return {
    rows,
    offsets,
    inputIds: concat(parts.map(part => part.inputIds)),
    labelIds: concat(parts.map(part => part.labelIds)),
    wordIds: concat(parts.map(part => part.wordIds)),
    ...countLosses(joined),
    losses: joined,
    ...(isSplit ? segmentsFrom(parts.flatMap(segmentLengths)) : {}),
  };
}

/** The same rows with other label ids. @param ids the new id of each label; null where they stay */
export function relabelled(rows: EncodedRows, ids: Int32Array | null): EncodedRows {
  if (ids === null) return rows;
  return { ...rows, labelIds: rows.labelIds.map(label => (label < 0 ? label : ids[label]!)) };
}

/** What each of the rows lost. */
export function lossesOf(encoded: EncodedRows): RowLosses {
  if (encoded.losses !== undefined) return encoded.losses;
  if (encoded.truncatedRows > 0 || encoded.truncatedWords > 0 || encoded.emptyWords > 0) {
    throw new Error('encoded rows that lost words must say which rows did (losses)');
  }
  return noLosses(encoded.rows);
}

function concat(parts: readonly Int32Array[]): Int32Array {
  const whole = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.length;
  }
  return whole;
}
