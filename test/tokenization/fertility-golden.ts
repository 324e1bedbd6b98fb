import type { WordRows } from '../../src/data/distinct-words.js';
import { fertilityOf } from '../../src/tokenization/fertility.js';
import { piecesOf } from '../../src/tokenization/pieces.js';
import type { SubwordTokenizer } from '../../src/tokenization/tokenizer.js';

/** What scripts/make-golden/fertility.py counts, by tokenizer and language. */
export type CountedTokenizers = Record<
  string,
  { vocabularySize: number; counts: Record<string, Record<string, number>> }
>;

export interface FertilityGolden {
  maxLength: number;
  tokenizers: CountedTokenizers;
}

/** The same by panx. */
export async function countsOf(
  rows: WordRows,
  tokenizer: SubwordTokenizer,
  maxLength: number,
): Promise<Record<string, number>> {
  const pieces = await piecesOf(rows.distinct, tokenizer);
  const {
    fertility: _,
    rowLength,
    ...counts
  } = fertilityOf(rows, pieces, {
    unkId: tokenizer.unkId,
    maxLength,
    emptyWords: 'drop',
  });
  return { ...counts, longestRow: rowLength.max, subwordsOfRows: Math.round(rowLength.mean * counts.rows) };
}
