import type { EncodeOptions } from './rows.js';
import type { Subwords, WordEncoder } from './words.js';

/** One sentence as subwords, special tokens included, and what it lost on the way. */
export interface EncodedSentence {
  inputIds: Int32Array;
  /** The word that each subword belongs to, -1 for special tokens. */
  wordIds: Int32Array;
  /** (segments) subwords of each segment, one segment after the other; one where the sentence is not split. */
  segmentLengths: number[];
  /** Subwords that were cut off. */
  cutSubwords: number;
  /** Words whose first subword was cut off, and which therefore carry no label. */
  cutWords: number;
  /** Words that give no subword, whether left out or replaced by the unknown token. */
  emptyWords: number;
}

/**
 * Put the subwords of words one after the other between the special tokens. Of more than `room` subwords the last are cut off; or the sentence
 * is split into segments, each with special tokens of its own: see `segmentStarts`.
 *
 * @param options.substitute what stands in for a word without subwords; undefined leaves it out
 */
export function assemble(
  words: readonly string[],
  { places, ids }: Subwords,
  { before, after }: Pick<WordEncoder, 'before' | 'after'>,
  options: { room: number; substitute: number | undefined } & Required<Pick<EncodeOptions, 'longRows'>>,
): EncodedSentence {
  const { room, substitute, longRows } = options;
  const used = words.map(word => places.get(word)!);
  const counts = used.map(place => (ids[place] === 0 && substitute !== undefined ? 1 : ids[place]!));
  const starts = longRows === 'split' ? segmentStarts(counts, room) : [0];
  const lengths = starts.map((start, segment) => {
    return counts.slice(start, starts[segment + 1]).reduce((sum, count) => sum + count, 0);
  });
  const segmentLengths = lengths.map(length => before.length + Math.min(length, room) + after.length);
  const inputIds = new Int32Array(segmentLengths.reduce((sum, length) => sum + length, 0));
  const wordIds = new Int32Array(inputIds.length).fill(-1);
  let cutWords = 0;
  let position = 0;
  for (const [segment, start] of starts.entries()) {
    inputIds.set(before, position);
    position += before.length;
    const end = position + Math.min(lengths[segment]!, room);
    const nextStart = starts[segment + 1] ?? words.length;
    for (let word = start; word < nextStart; word++) {
      if (counts[word]! > 0 && position >= end) cutWords++;
      for (let i = 0; i < counts[word]! && position < end; i++) {
        const place = used[word]!;
        inputIds[position] = ids[place] === 0 ? substitute! : ids[place + 1 + i]!;
        wordIds[position++] = word;
      }
    }
    inputIds.set(after, end);
    position = end + after.length;
  }
  return {
    inputIds,
    wordIds,
    segmentLengths,
    cutSubwords: lengths.reduce((sum, length) => sum + Math.max(0, length - room), 0),
    cutWords,
    emptyWords: used.reduce((sum, place) => sum + (ids[place] === 0 ? 1 : 0), 0),
  };
}

/**
 * The words at which segments begin, as XTREME's preprocessing has them (utils_preprocess.py): a word whose subwords do not fit into what is left
 * of `room` begins the next. A word of more than `room` subwords is a segment by itself, of which the first are kept; XTREME stands the unknown
 * token in its place.
 *
 * @param counts (W) subwords of each word
 */
function segmentStarts(counts: readonly number[], room: number): number[] {
  const starts = [0];
  let length = 0;
  for (const [word, count] of counts.entries()) {
    if (length > 0 && length + count > room) {
      starts.push(word);
      length = 0;
    }
    length += Math.min(count, room);
  }
  return starts;
}
