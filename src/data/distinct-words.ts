import { readWords, type SplitSource } from './corpus.js';

/** Rows of words, with each distinct word once. R rows, N words, D distinct ones. */
export interface WordRows {
  /** (D) in the order of their first appearance */
  distinct: readonly string[];
  /** (R + 1) row i has the words [offsets[i], offsets[i+1]). */
  offsets: Int32Array;
  /** (N) which of the distinct words a word is */
  wordOf: Int32Array;
}

/**
 * Read the first rows of a split.
 *
 * @param limit rows at most
 * @throws PanxError as `SplitSource.shards` does
 */
export async function readWordRows(source: SplitSource, limit = Number.POSITIVE_INFINITY): Promise<WordRows> {
  const rows: string[][] = [];
  for await (const { columns } of source.shards()) {
    for (const row of readWords(columns, 0, Math.min(columns.rows, limit - rows.length))) rows.push(row);
    if (rows.length >= limit) break;
  }
  return wordRowsOf(rows);
}

export function wordRowsOf(rows: readonly (readonly string[])[]): WordRows {
  const places = new Map<string, number>();
  const offsets = new Int32Array(rows.length + 1);
  for (const [row, { length }] of rows.entries()) offsets[row + 1] = offsets[row]! + length;
  const wordOf = new Int32Array(offsets[rows.length]!);
  let w = 0;
  for (const words of rows) {
    for (const word of words) {
      const place = places.get(word) ?? places.size;
      if (place === places.size) places.set(word, place);
      wordOf[w++] = place;
    }
  }
  return { distinct: [...places.keys()], offsets, wordOf };
}

/** (D) how often each distinct word is there. */
export function frequencies({ distinct, wordOf }: WordRows): Int32Array {
  const counts = new Int32Array(distinct.length);
  for (const word of wordOf) counts[word]!++;
  return counts;
}
