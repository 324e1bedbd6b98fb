import type { SpanScores } from '../seqeval/scores.js';
import type { Span } from './spans.js';

/**
 * What became of an entity, each of exactly one kind. `correct`: bounds and type are right; `type`: the bounds are right, the type is not;
 * `boundary`: the type is right, the bounds overlap; `both`: they overlap, and neither is right; `missed`: a true entity that no predicted one
 * goes with; `spurious`: a predicted one that no true one goes with.
 */
export const entityKinds = ['correct', 'type', 'boundary', 'both', 'missed', 'spurious'] as const;
export type EntityKind = (typeof entityKinds)[number];
/** All kinds but `correct`. */
export const errorKinds = entityKinds.slice(1) as Exclude<EntityKind, 'correct'>[];
export type ErrorKind = (typeof errorKinds)[number];

export type KindCounts = Record<EntityKind, number>;

/** A true and a predicted entity that go together, or one without the other. */
export type SpanPair =
  | { kind: 'correct' | 'type' | 'boundary' | 'both'; gold: Span; predicted: Span }
  | { kind: 'missed'; gold: Span; predicted: null }
  | { kind: 'spurious'; gold: null; predicted: Span };

/**
 * Pair the true and the predicted entities of one sentence, each with one at most. Equal bounds go together first. The other overlapping
 * pairs are taken one to one, those with the largest overlap in words first; of these first those of one type, then by the start of the true
 * and of the predicted entity.
 *
 * @param gold in the order of their words, none overlapping another; so is `predicted`
 * @returns the pairs, in the order of their words
 */
export function pairSpans(gold: readonly Span[], predicted: readonly Span[]): SpanPair[] {
  const pairs: SpanPair[] = [];
  const byBounds = new Map(predicted.map(span => [boundsOf(span), span]));
  const paired = new Set<Span>();
  for (const span of gold) {
    const same = byBounds.get(boundsOf(span));
    if (same === undefined) continue;
    pairs.push({ kind: same.type === span.type ? 'correct' : 'type', gold: span, predicted: same });
    paired.add(span).add(same);
  }
  for (const { gold: truth, predicted: guess } of overlapping(
    gold.filter(span => !paired.has(span)),
    predicted.filter(span => !paired.has(span)),
  )) {
    if (paired.has(truth) || paired.has(guess)) continue;
    pairs.push({ kind: truth.type === guess.type ? 'boundary' : 'both', gold: truth, predicted: guess });
    paired.add(truth).add(guess);
  }
  for (const span of gold) if (!paired.has(span)) pairs.push({ kind: 'missed', gold: span, predicted: null });
  for (const span of predicted) if (!paired.has(span)) pairs.push({ kind: 'spurious', gold: null, predicted: span });
  return pairs.sort((a, b) => firstOf(a) - firstOf(b));
}

function boundsOf({ first, last }: Span): string {
  return `${first} ${last}`;
}

function firstOf({ gold, predicted }: SpanPair): number {
  return (gold ?? predicted)!.first;
}

interface Overlap {
  gold: Span;
  predicted: Span;
  /** Words in common. */
  words: number;
}

/** All overlapping pairs, in the order in which they are taken. */
function overlapping(gold: readonly Span[], predicted: readonly Span[]): Overlap[] {
  const found: Overlap[] = [];
  // Both sides are in order, and none overlaps another of its side: a row may have thousands.
  let next = 0;
  for (const truth of gold) {
    while (next < predicted.length && predicted[next]!.last < truth.first) next++;
    for (let i = next; i < predicted.length && predicted[i]!.first <= truth.last; i++) {
      const guess = predicted[i]!;
      const words = Math.min(truth.last, guess.last) - Math.max(truth.first, guess.first) + 1;
      found.push({ gold: truth, predicted: guess, words });
    }
  }
  const typesDiffer = ({ gold, predicted }: Overlap) => Number(gold.type !== predicted.type);
  return found.sort(
    (a, b) =>
      b.words - a.words ||
      typesDiffer(a) - typesDiffer(b) ||
      a.gold.first - b.gold.first ||
      a.predicted.first - b.predicted.first,
  );
}

export function noKinds(): KindCounts {
  return { correct: 0, type: 0, boundary: 0, both: 0, missed: 0, spurious: 0 };
}

/** True entities: all but the spurious ones are of one. */
export function goldOf({ correct, type, boundary, both, missed }: KindCounts): number {
  return correct + type + boundary + both + missed;
}

/** Predicted entities. */
export function predictedOf({ correct, type, boundary, both, spurious }: KindCounts): number {
  return correct + type + boundary + both + spurious;
}

/** The F1 that so many errors leave: 2 correct / (true + predicted); 0 where there is no entity. */
export function f1OfKinds(counts: KindCounts): number {
  return f1From(counts.correct, goldOf(counts), predictedOf(counts));
}

/** 2 correct / (true + predicted): the harmonic mean of precision and recall; 0 where there is no entity. */
export function f1From(correct: number, gold: number, predicted: number): number {
  return gold + predicted === 0 ? 0 : (2 * correct) / (gold + predicted);
}

/**
 * The F1 that there would be if some errors were mended and all else stayed: a wrong type, bounds or both become right, a missed entity is
 * found, a spurious one is not predicted.
 *
 * @param mended how many of them; all where absent
 */
export function f1IfMended(counts: KindCounts, kind: ErrorKind, mended = counts[kind]): number {
  const { correct } = counts;
  const [gold, predicted] = [goldOf(counts), predictedOf(counts)];
  if (kind === 'spurious') return f1From(correct, gold, predicted - mended);
  return f1From(correct + mended, gold, predicted + (kind === 'missed' ? mended : 0));
}

/** The four readings of SemEval-2013 task 9.1 (Segura-Bedmar et al. 2013, section 3). */
export const semevalReadings = ['strict', 'exact', 'partial', 'type'] as const;
export type SemevalReading = (typeof semevalReadings)[number];

/** Counts under MUC's names: correct, incorrect, partial, missing, spurious; and the scores that they make. */
export interface SemevalScores extends Pick<SpanScores, 'precision' | 'recall' | 'f1'> {
  correct: number;
  incorrect: number;
  partial: number;
  missing: number;
  spurious: number;
}

/**
 * The same pairs as SemEval-2013 counts them. `strict`: bounds and type; `exact`: bounds alone; `partial`: bounds, an overlap counts half;
 * `type`: the type alone, of what overlaps. Precision is (correct + partial / 2) / predicted, recall the same by true entities.
 */
export function semevalScores(counts: KindCounts): Record<SemevalReading, SemevalScores> {
  const { correct, type, boundary, both, missed: missing, spurious } = counts;
  const [gold, predicted] = [goldOf(counts), predictedOf(counts)];
  const scored = (right: number, incorrect: number, partial: number): SemevalScores => {
    const credit = right + partial / 2;
    return {
      ...{ correct: right, incorrect, partial, missing, spurious },
      precision: predicted === 0 ? 0 : credit / predicted,
      recall: gold === 0 ? 0 : credit / gold,
      f1: f1From(credit, gold, predicted),
    };
  };
  return {
    strict: scored(correct, type + boundary + both, 0),
    exact: scored(correct + type, boundary + both, 0),
    partial: scored(correct + type, 0, boundary + both),
    type: scored(correct + boundary, type + both, 0),
  };
}

/** The type that a pair counts for: that of the true entity; of a spurious one its own. */
export function typeOf({ gold, predicted }: SpanPair): string {
  return (gold ?? predicted)!.type;
}
