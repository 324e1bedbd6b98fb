import type { ScoredRow } from '../foreign-predictions.js';
import { entityReader, parseTag, type Tag } from '../seqeval/entities.js';

/** An entity in a row: its type, and the numbers of its first and last word (inclusive). */
export interface Span {
  type: string;
  first: number;
  last: number;
}

/** The entities of one row, in the order of their words. */
export interface RowSpans {
  gold: Span[];
  predicted: Span[];
  /** (W') numbers of the words that have a prediction: spans count through these alone. */
  words: number[];
}

/**
 * Read the entities of a row as seqeval's default mode does. Words without a prediction do not count, as when they were scored: an entity of
 * which some are missing is that of the others. So numbers of words are those among the words with a prediction.
 */
export function spansOf({ gold, predicted }: Pick<ScoredRow, 'gold' | 'predicted'>): RowSpans {
  const words = predicted.flatMap((tag, word) => (tag === null ? [] : [word]));
  return {
    gold: readSpans(words.map(word => gold[word]!)),
    predicted: readSpans(words.map(word => predicted[word]!)),
    words,
  };
}

function readSpans(tags: readonly string[]): Span[] {
  const spans: Span[] = [];
  const next = entityReader();
  for (const tag of [...tags.map(parsed), outside]) {
    const ended = next(tag);
    if (ended !== undefined) spans.push({ type: ended[0], first: ended[1], last: ended[2] });
  }
  return spans;
}

const outside: Tag = { prefix: 'O', type: '_' };
/** A corpus has some ten different tags, and a hundred thousand of them. */
const known = new Map<string, Tag>();

function parsed(text: string): Tag {
  const tag = known.get(text) ?? parseTag(text, false);
  if (known.size < 1000) known.set(text, tag);
  return tag;
}

/** Words of a span. */
export function spanLength({ first, last }: Span): number {
  return last - first + 1;
}

/** The text of a span: its words, with `wordEnd` between; null where the file has no words. */
export function surfaceOf(span: Span, words: readonly number[], row: Pick<ScoredRow, 'words'>): string | null {
  if (row.words === null) return null;
  return words
    .slice(span.first, span.last + 1)
    .map(word => row.words![word])
    .join(wordEnd);
}

/** Between the words of a text: a word may hold spaces. */
export const wordEnd = '\u001f';
