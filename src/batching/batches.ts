import { countLosses, type RowLosses } from '../tokenization/losses.js';
import { type EncodedRows, lossesOf, type SubwordRows, segmentLengths, segmentsFrom } from '../tokenization/rows.js';

/**
 * Rows of a batch one after the other, without padding: N subwords of B rows, the longest of T.
 * Row b holds the subwords [offsets[b], offsets[b+1]).
 */
export interface Batch {
  /** (B) which rows of the `SubwordRows` these are. */
  rows: Int32Array;
  /** (B + 1), from 0 to N. */
  offsets: Int32Array;
  /** (N) */
  inputIds: Int32Array;
  /** (N) tag id at the first subword of a word, -100 (ignored by loss and scores) elsewhere. */
  labelIds: Int32Array;
  /** T */
  longest: number;
}

/** The batch of some rows, in the given order. @throws RangeError on a row that is not there. */
export function makeBatch(encoded: SubwordRows, rows: Int32Array): Batch {
  const offsets = gatheredOffsets(encoded, rows);
  let longest = 0;
  for (let b = 0; b < rows.length; b++) longest = Math.max(longest, offsets[b + 1]! - offsets[b]!);
  return {
    rows,
    offsets,
    inputIds: gather(encoded, encoded.inputIds, rows, offsets),
    labelIds: gather(encoded, encoded.labelIds, rows, offsets),
    longest,
  };
}

/** Consecutive slices of `batchSize`; the last may be shorter. @throws RangeError where batchSize is not a whole number from 1. */
export function* slices(order: Int32Array, batchSize: number): Generator<Int32Array> {
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new RangeError(`batchSize is ${batchSize}; expected 1 or more`);
  for (let from = 0; from < order.length; from += batchSize) yield order.subarray(from, from + batchSize);
}

/** Some rows, in the given order, as rows of their own. @throws RangeError on a row that is not there */
export function takeRows(encoded: EncodedRows, rows: Int32Array): EncodedRows {
  const offsets = gatheredOffsets(encoded, rows);
  const whole = lossesOf(encoded);
  const losses: RowLosses = {
    cutSubwords: rows.map(row => whole.cutSubwords[row]!),
    cutWords: rows.map(row => whole.cutWords[row]!),
    emptyWords: rows.map(row => whole.emptyWords[row]!),
  };
  return {
    rows: rows.length,
    offsets,
    inputIds: gather(encoded, encoded.inputIds, rows, offsets),
    labelIds: gather(encoded, encoded.labelIds, rows, offsets),
    wordIds: gather(encoded, encoded.wordIds, rows, offsets),
    ...countLosses(losses),
    losses,
    ...segmentsOf(encoded, rows),
  };
}

function segmentsOf(encoded: EncodedRows, rows: Int32Array): Pick<EncodedRows, 'segments'> {
  if (encoded.segments === undefined) return {};
  const lengths = segmentLengths(encoded);
  return segmentsFrom(Array.from(rows, row => lengths[row]!));
}

/** (rows + 1) where each of the chosen rows starts once they lie one after the other. */
function gatheredOffsets(encoded: SubwordRows, rows: Int32Array): Int32Array {
  const offsets = new Int32Array(rows.length + 1);
  for (let b = 0; b < rows.length; b++) {
    const row = rows[b]!;
    if (row < 0 || row >= encoded.rows) throw new RangeError(`row ${row} of ${encoded.rows} encoded rows`);
    offsets[b + 1] = offsets[b]! + encoded.offsets[row + 1]! - encoded.offsets[row]!;
  }
  return offsets;
}

function gather(encoded: SubwordRows, values: Int32Array, rows: Int32Array, offsets: Int32Array): Int32Array {
  const gathered = new Int32Array(offsets[rows.length]!);
  for (let b = 0; b < rows.length; b++) {
    const row = rows[b]!;
    gathered.set(values.subarray(encoded.offsets[row]!, encoded.offsets[row + 1]!), offsets[b]!);
  }
  return gathered;
}
