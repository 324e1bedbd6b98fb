import { type EntityKind, pairSpans, type SpanPair } from '../../evaluation/analysis/error-kinds.js';
import { type Span, spanLength, spansOf } from '../../evaluation/analysis/spans.js';
import type { Seen } from '../../evaluation/analysis/training-surfaces.js';

/** A sentence with its predictions, as the report shows it. Lists are (W). */
export interface Sentence {
  /** Counted from 0 in the file of predictions. */
  row: number;
  words: string[];
  gold: string[];
  /** null: a word without a prediction. */
  predicted: (string | null)[];
  /** In the order of the words. */
  entities: SentenceEntity[];
}

/** A true and a predicted entity that go together, or one without the other. Bounds are numbers of words of the sentence, inclusive. */
export interface SentenceEntity {
  kind: EntityKind;
  gold: Span | null;
  predicted: Span | null;
  /** Words of the true entity; of a spurious one its own. Those without a prediction do not count. */
  length: number;
  /** How its text stands in the training rows; null where they are not known. */
  seen: Seen | null;
}

/** A row of tags and words. */
type TaggedWords = Pick<Sentence, 'words' | 'gold' | 'predicted'>;

/** @param seenOf how the text of an entity, in words of the sentence, stands in the training rows */
export function sentenceOf(
  row: number,
  tagged: TaggedWords,
  seenOf: (entity: Pick<SentenceEntity, 'gold' | 'predicted'>, index: number) => Seen | null,
): Sentence {
  const spans = spansOf(tagged);
  const inWords = (span: Span | null): Span | null =>
    span === null ? null : { ...span, first: spans.words[span.first]!, last: spans.words[span.last]! };
  const entities = pairSpans(spans.gold, spans.predicted).map((pair: SpanPair, index): SentenceEntity => {
    const bounds = { gold: inWords(pair.gold), predicted: inWords(pair.predicted) };
    return {
      kind: pair.kind,
      ...bounds,
      length: spanLength((pair.gold ?? pair.predicted)!),
      seen: seenOf(bounds, index),
    };
  });
  return { row, words: tagged.words, gold: tagged.gold, predicted: tagged.predicted, entities };
}

/** The entity that a pair counts as: the true one, or a spurious one. */
export function mainSpan({ gold, predicted }: Pick<SentenceEntity, 'gold' | 'predicted'>): Span {
  return (gold ?? predicted)!;
}

/** The words of a span with spaces between. */
export function textOf({ first, last }: Span, { words }: Pick<Sentence, 'words'>): string {
  return words.slice(first, last + 1).join(' ');
}

/**
 * A sentence as the page holds it: its words, joined by spaces where none has one; a character for each tag, true and predicted; and one for
 * each entity that says whether it was seen in training, '' where that is not known.
 */
export type EncodedSentence = [words: string | string[], gold: string, predicted: string, seen: string];

/** Makes characters of tags. */
export interface TagCode {
  encode(sentence: Sentence): EncodedSentence;
  /** The tags so far, in the order of their characters. */
  labels(): string[];
}

export function createTagCode(): TagCode {
  const numbers = new Map<string, number>();
  const character = (tag: string | null): string => {
    if (tag === null) return withoutPrediction;
    if (!numbers.has(tag)) numbers.set(tag, numbers.size);
    return characterOf(numbers.get(tag)!);
  };
  return {
    encode: ({ words, gold, predicted, entities }) => [
      words.length === 0 || words.some(word => word.includes(' ')) ? words : words.join(' '),
      gold.map(character).join(''),
      predicted.map(character).join(''),
      entities.some(({ seen }) => seen === null) ? '' : entities.map(({ seen }) => seenOrder.indexOf(seen!)).join(''),
    ],
    labels: () => [...numbers.keys()],
  };
}

/** The sentence that was encoded. @param labels of the code */
export function decodeSentence(row: number, encoded: EncodedSentence, labels: readonly string[]): Sentence {
  const [words, gold, predicted, seen] = encoded;
  const tagged = {
    words: typeof words === 'string' ? words.split(' ') : words,
    gold: Array.from(gold, character => labels[numberOf(character)]!),
    predicted: Array.from(predicted, character =>
      character === withoutPrediction ? null : labels[numberOf(character)]!,
    ),
  };
  return sentenceOf(row, tagged, (_, index) => (seen === '' ? null : seenOrder[Number(seen[index])]!));
}

const seenOrder: readonly Seen[] = ['same type', 'another type', 'unseen'];

const alphabet = 'OABCDEFGHIJKLMNPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const withoutPrediction = '-';

/** Corpora have some ten tags; more than the alphabet take what comes from U+0100 on. */
function characterOf(number: number): string {
  return alphabet[number] ?? String.fromCharCode(0x100 + number);
}

function numberOf(character: string): number {
  const at = alphabet.indexOf(character);
  return at >= 0 ? at : character.charCodeAt(0) - 0x100;
}
