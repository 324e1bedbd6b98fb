import { type Distribution, distribution, rowLengths } from '../data/statistics.js';
import { asSegments, type EncodedRows } from './rows.js';

/** What `panx data stats` counts in the subwords of a split. */
export interface SubwordStatistics {
  /** Subwords of all rows, without special tokens and before anything is cut off. */
  subwords: number;
  /** 0 where there is no token. */
  subwordsPerToken: number;
  /** Subwords of a row as the model gets it: special tokens included, cut at maxLength; or of a segment, where rows are split. */
  length: Distribution;
  truncatedRows: number;
  truncatedWords: number;
  emptyWords: number;
  /** Segments that the rows are split into; absent where none is. */
  segments?: number;
}

/** @param tokens words of the split, those that give no subword included */
export function subwordStatistics(encoded: EncodedRows, tokens: number): SubwordStatistics {
  const { truncatedRows, truncatedWords, emptyWords, losses, segments } = encoded;
  const kept = encoded.wordIds.reduce((count, word) => count + (word === -1 ? 0 : 1), 0);
  const cut = losses?.cutSubwords.reduce((sum, count) => sum + count, 0) ?? 0;
  return {
    subwords: kept + cut,
    subwordsPerToken: tokens === 0 ? 0 : (kept + cut) / tokens,
    length: distribution(rowLengths(asSegments(encoded).offsets)),
    truncatedRows,
    truncatedWords,
    emptyWords,
    ...(segments === undefined ? {} : { segments: segments.offsets.length - 1 }),
  };
}
