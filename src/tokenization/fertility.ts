import type { WordRows } from '../data/distinct-words.js';
import { type Distribution, distribution } from '../data/statistics.js';
import type { Pieces } from './pieces.js';
import type { EncodeOptions } from './rows.js';

/**
 * How finely a tokenizer splits the words of some rows. Fertility and continued words are those of Ács (2019) and Rust et al. (2021); their
 * denominator is all words, those without a subword included.
 */
export interface Fertility {
  rows: number;
  words: number;
  /** Of all words, before anything is cut off, without special tokens. */
  subwords: number;
  /** Subwords per word; 0 where there is no word. */
  fertility: number;
  /** Words of two subwords or more. */
  continuedWords: number;
  /** Words with an unknown subword or more. */
  unknownWords: number;
  unknownSubwords: number;
  /** Words that give no subword. */
  emptyWords: number;
  /** Subwords of a row as the model would get it, special tokens included, if nothing were cut off. */
  rowLength: Distribution;
  /** Rows that are longer than maxLength. */
  cutRows: number;
}

/** @param pieces those of the distinct words */
export function fertilityOf(
  { offsets, wordOf }: WordRows,
  pieces: Pieces,
  { unkId, maxLength, emptyWords }: EncodeOptions & { unkId: number },
): Fertility {
  const rows = offsets.length - 1;
  const unknown = unknownOf(pieces, unkId);
  const rowLengths = new Int32Array(rows);
  const found = { subwords: 0, continuedWords: 0, unknownWords: 0, unknownSubwords: 0, emptyWords: 0 };
  for (let row = 0; row < rows; row++) {
    let length = pieces.specials;
    for (let w = offsets[row]!; w < offsets[row + 1]!; w++) {
      const word = wordOf[w]!;
      const count = pieces.offsets[word + 1]! - pieces.offsets[word]!;
      length += count === 0 && emptyWords === 'unk' ? 1 : count;
      found.subwords += count;
      found.unknownSubwords += unknown[word]!;
      if (count > 1) found.continuedWords++;
      if (count === 0) found.emptyWords++;
      if (unknown[word]! > 0) found.unknownWords++;
    }
    rowLengths[row] = length;
  }
  return {
    rows,
    words: wordOf.length,
    ...found,
    fertility: wordOf.length === 0 ? 0 : found.subwords / wordOf.length,
    rowLength: distribution(rowLengths),
    cutRows: rowLengths.reduce((cut, length) => cut + (length > maxLength ? 1 : 0), 0),
  };
}

/** (D) how many subwords of each word are the unknown token. */
function unknownOf({ offsets, ids }: Pieces, unkId: number): Int32Array {
  return Int32Array.from({ length: offsets.length - 1 }, (_, word) => {
    let unknown = 0;
    for (let i = offsets[word]!; i < offsets[word + 1]!; i++) if (ids[i] === unkId) unknown++;
    return unknown;
  });
}

/** A word that tokenizers split into different numbers of subwords. */
export interface DifferingWord {
  /** Which of the distinct words. */
  word: number;
  /** How often it is there. */
  count: number;
  /** How many subwords more than the tokenizer that gives the fewest the one that gives the most needs, for all of its occurrences. */
  moreSubwords: number;
}

/**
 * The words that make tokenizers differ most: those with the most `moreSubwords`, so frequent words that are split into many more subwords by one than
 * by another. Among equals the first to appear.
 *
 * @param counts (D) how often each word is there
 * @param tokenizers the subwords of the same words by each of them
 */
export function differingWords(counts: Int32Array, tokenizers: readonly Pieces[], most: number): DifferingWord[] {
  const found: DifferingWord[] = [];
  for (const [word, count] of counts.entries()) {
    const lengths = tokenizers.map(({ offsets }) => offsets[word + 1]! - offsets[word]!);
    const difference = Math.max(...lengths) - Math.min(...lengths);
    if (difference > 0) found.push({ word, count, moreSubwords: count * difference });
  }
  return found.sort((a, b) => b.moreSubwords - a.moreSubwords || a.word - b.word).slice(0, most);
}
