import { PanxError } from '../../errors.js';
import { compareCodePoints, createSpanCounter } from './counter.js';
import { isUsual, unusualTag } from './entities.js';
import {
  type Average,
  averageScores,
  type Metric,
  type ScoringOptions,
  type SpanCounts,
  type SpanScores,
  typeScores,
  type ZeroDivision,
} from './scores.js';
import { detectScheme, type Scheme, strictEntities } from './strict.js';

/** Tags of several sentences: (sentences) x (words of the sentence). */
export type Tags = readonly (readonly string[])[];

export interface SeqevalOptions {
  /** Absent: seqeval's default mode. A scheme: its strict mode. 'detect': strict, in the scheme of the true tags. */
  scheme?: Scheme | 'detect';
  /** The prefix stands behind the type: `PER-B`. */
  suffix?: boolean;
  /** Default 'warn': 0, and `onWarning` hears of it. */
  zeroDivision?: ZeroDivision;
  onWarning?: (sentence: string) => void;
}

/** seqeval's `precision_score`. @throws PanxError where the two sides differ in length, or a tag does not fit the scheme */
export function precisionScore(yTrue: Tags, yPred: Tags, options: AverageOptions = {}): number {
  return average(yTrue, yPred, options, 'precision').precision;
}

/** seqeval's `recall_score`. @throws as `precisionScore` */
export function recallScore(yTrue: Tags, yPred: Tags, options: AverageOptions = {}): number {
  return average(yTrue, yPred, options, 'recall').recall;
}

/** seqeval's `f1_score`. @throws as `precisionScore` */
export function f1Score(yTrue: Tags, yPred: Tags, options: AverageOptions = {}): number {
  return average(yTrue, yPred, options, 'f-score').f1;
}

export interface AverageOptions extends SeqevalOptions {
  /** Default 'micro'. */
  average?: Average;
}

function average(yTrue: Tags, yPred: Tags, options: AverageOptions, wanted: Metric): SpanScores {
  const counts = countSpans(yTrue, yPred, options);
  return averageScores(counts, options.average ?? 'micro', { ...scoring(options), wanted: [wanted] });
}

/** The scores of each type, in code-point order (seqeval's `average=None`). `wanted`: which scores may warn. */
export function scoresByType(
  yTrue: Tags,
  yPred: Tags,
  options: SeqevalOptions & { wanted?: readonly Metric[] } = {},
): (SpanScores & { type: string })[] {
  const wanted = options.wanted === undefined ? {} : { wanted: options.wanted };
  return typeScores(countSpans(yTrue, yPred, options), { ...scoring(options), ...wanted });
}

/** seqeval's `accuracy_score`: the share of tags that are the same. 0 where there is no tag. */
export function accuracyScore(yTrue: Tags, yPred: Tags): number {
  checkLengths(yTrue, yPred);
  let tags = 0;
  let right = 0;
  for (const [i, sentence] of yTrue.entries()) {
    tags += sentence.length;
    for (const [j, tag] of sentence.entries()) if (tag === yPred[i]![j]) right++;
  }
  return tags === 0 ? 0 : right / tags;
}

/** True, predicted and right entities of every type that occurs, in code-point order. */
export function countSpans(yTrue: Tags, yPred: Tags, options: SeqevalOptions = {}): SpanCounts[] {
  checkLengths(yTrue, yPred);
  return options.scheme === undefined ? countLeniently(yTrue, yPred, options) : countStrictly(yTrue, yPred, options);
}

function countLeniently(yTrue: Tags, yPred: Tags, options: SeqevalOptions): SpanCounts[] {
  const labelNames = [...new Set([...yTrue, ...yPred].flat())];
  const ids = new Map(labelNames.map((name, id) => [name, id]));
  const unusual = labelNames.filter(name => name !== '' && !isUsual(name, options.suffix ?? false));
  for (const name of unusual) options.onWarning?.(unusualTag(name));
  const counter = createSpanCounter(labelNames, { suffix: options.suffix ?? false });
  const idsOf = (sentence: readonly string[]): number[] => sentence.map(tag => ids.get(tag)!);
  for (const [i, sentence] of yTrue.entries()) counter.add(idsOf(sentence), idsOf(yPred[i]!));
  return counter.counts();
}

function countStrictly(yTrue: Tags, yPred: Tags, options: SeqevalOptions): SpanCounts[] {
  const scheme = options.scheme === 'detect' ? detectScheme(yTrue, options.suffix) : options.scheme!;
  const byType = new Map<string, SpanCounts>();
  const countsOf = (type: string): SpanCounts => {
    const counts = byType.get(type) ?? { type, true: 0, predicted: 0, correct: 0 };
    byType.set(type, counts);
    return counts;
  };
  for (const [i, sentence] of yTrue.entries()) {
    const truth = strictEntities(sentence, scheme, options.suffix);
    const keys = new Set(truth.map(entity => entity.join(' ')));
    for (const [type] of truth) countsOf(type).true++;
    for (const entity of strictEntities(yPred[i]!, scheme, options.suffix)) {
      countsOf(entity[0]).predicted++;
      if (keys.has(entity.join(' '))) countsOf(entity[0]).correct++;
    }
  }
  return [...byType.values()].sort((a, b) => compareCodePoints(a.type, b.type));
}

function checkLengths(yTrue: Tags, yPred: Tags): void {
  if (yTrue.length !== yPred.length) {
    throw new PanxError(
      `There are ${yTrue.length} true sentences and ${yPred.length} predicted ones; expected as many.`,
    );
  }
  for (const [i, sentence] of yTrue.entries()) {
    if (sentence.length === yPred[i]!.length) continue;
    throw new PanxError(
      `Sentence ${i} has ${sentence.length} true tags and ${yPred[i]!.length} predicted tags; expected as many.`,
    );
  }
}

/** Of all options those about scores. */
export function scoring(options: SeqevalOptions): ScoringOptions {
  const { zeroDivision, onWarning } = options;
  return { ...(zeroDivision === undefined ? {} : { zeroDivision }), ...(onWarning === undefined ? {} : { onWarning }) };
}
