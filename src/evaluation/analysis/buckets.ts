import type { SpanScores } from '../seqeval/scores.js';
import { f1From } from './error-kinds.js';
import type { Span } from './spans.js';
import { spanLength, wordEnd } from './spans.js';
import { type SurfaceInTraining, seenKinds } from './training-surfaces.js';

/** What entities are put into buckets by (after Fu et al. 2020, "Interpretable Multi-dataset Evaluation for NER"). */
export const attributeNames = [
  'entity length',
  'sentence length',
  'entity density',
  'capitalisation',
  'seen in training',
  'frequency in training',
  'label consistency',
] as const;
export type AttributeName = (typeof attributeNames)[number];

/** What is known of the sentence of an entity. */
export interface SentenceFacts {
  /** Words, those without a prediction among them. */
  words: number;
  /** Share of the words with a prediction that are of a true entity. */
  density: number;
}

/** Names of the buckets of an attribute, in order. */
export function bucketNames(attribute: AttributeName): readonly string[] {
  switch (attribute) {
    case 'entity length':
      return ['1', '2', '3', '4 or more'];
    case 'sentence length':
      return ['1–4', '5–8', '9–16', '17–32', '33 or more'];
    case 'entity density':
      return ['0', 'to 0.25', 'to 0.5', 'to 0.75', 'to 1'];
    case 'capitalisation':
      return ['every word', 'some words', 'all capitals', 'lower case', 'without case'];
    case 'seen in training':
      return seenKinds;
    case 'frequency in training':
      return ['0', '1', '2–4', '5–9', '10 or more'];
    case 'label consistency':
      return ['0', 'to 0.5', 'below 1', '1'];
  }
}

/**
 * The bucket that an entity is in, a name of `bucketNames`; null where the attribute is not known: of texts without words, and where the
 * training rows are not there.
 */
export function bucketOf(
  attribute: AttributeName,
  span: Span,
  sentence: SentenceFacts,
  surface: string | null,
  training: SurfaceInTraining | null,
): string | null {
  switch (attribute) {
    case 'entity length':
      return upTo(spanLength(span), [1, 2, 3], attribute);
    case 'sentence length':
      return upTo(sentence.words, [4, 8, 16, 32], attribute);
    case 'entity density':
      return upTo(sentence.density, [0, 0.25, 0.5, 0.75], attribute);
    case 'capitalisation':
      return surface === null ? null : capitalisationOf(surface);
    case 'seen in training':
      return training?.seen ?? null;
    case 'frequency in training':
      return training === null ? null : upTo(training.frequency, [0, 1, 4, 9], attribute);
    case 'label consistency':
      return training === null ? null : consistencyBucket(training.consistency);
  }
}

/** @param limits the largest value of each bucket but the last */
function upTo(value: number, limits: readonly number[], attribute: AttributeName): string {
  const at = limits.findIndex(limit => value <= limit);
  return bucketNames(attribute)[at < 0 ? limits.length : at]!;
}

function consistencyBucket(consistency: number): string {
  const [none, half, most, all] = bucketNames('label consistency') as [string, string, string, string];
  if (consistency === 0) return none;
  if (consistency <= 0.5) return half;
  return consistency < 1 ? most : all;
}

/** By the letters that have a case: `all capitals` has no small ones; `every word`: each word with letters begins with a capital. */
function capitalisationOf(surface: string): string {
  const [every, some, capitals, lower, without] = bucketNames('capitalisation') as [
    string,
    string,
    string,
    string,
    string,
  ];
  const isUpper = (text: string) => /[\p{Lu}\p{Lt}]/u.test(text);
  if (!/[\p{Lu}\p{Lt}\p{Ll}]/u.test(surface)) return without;
  if (!isUpper(surface)) return lower;
  // "A" alone is a capitalised word, as "A." is.
  if (!/\p{Ll}/u.test(surface) && (surface.match(/\p{Lu}/gu)?.length ?? 0) > 1) return capitals;
  const words = surface.split(wordEnd).filter(word => /[\p{Lu}\p{Lt}\p{Ll}]/u.test(word));
  return words.every(word => isUpper(word.match(/[\p{Lu}\p{Lt}\p{Ll}]/u)![0])) ? every : some;
}

/** Entities of a bucket: recall is of the true ones in it, precision of the predicted ones in it, each by its own attribute. */
export interface BucketScores extends Pick<SpanScores, 'precision' | 'recall' | 'f1'> {
  bucket: string;
  gold: number;
  predicted: number;
  correct: number;
}

/** Counts of one attribute. */
export interface BucketCounter {
  add(side: 'gold' | 'predicted' | 'correct', bucket: string): void;
  /** All buckets in order; null where no entity had the attribute. */
  scores(): BucketScores[] | null;
}

export function createBucketCounter(attribute: AttributeName): BucketCounter {
  const counts = new Map(bucketNames(attribute).map(bucket => [bucket, { gold: 0, predicted: 0, correct: 0 }]));
  let any = false;
  return {
    add(side, bucket) {
      counts.get(bucket)![side]++;
      any = true;
    },
    scores() {
      if (!any) return null;
      return Array.from(counts, ([bucket, { gold, predicted, correct }]) => ({
        ...{ bucket, gold, predicted, correct },
        precision: predicted === 0 ? 0 : correct / predicted,
        recall: gold === 0 ? 0 : correct / gold,
        f1: f1From(correct, gold, predicted),
      }));
    },
  };
}
