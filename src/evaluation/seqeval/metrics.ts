import { createSpanCounter } from './counter.js';
import { isUsual, unusualTag } from './entities.js';
import {
  type AverageOptions,
  checkOptions,
  checkTags,
  type FscoreOptions,
  type SeqevalOptions,
  scoring,
  type Tags,
} from './options.js';
import { averageScores, type Metric, type SpanCounts, type SpanScores, typeScores } from './scores.js';
import { detectScheme } from './strict.js';

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

function average(yTrue: Tags, yPred: Tags, options: AverageOptions, metric: Metric): SpanScores {
  checkOptions(options);
  const counts = countSpans(yTrue, yPred, options);
  return averageScores(counts, options.average ?? 'micro', scoring({ ...options, warnFor: [metric] }));
}

/**
 * seqeval's `precision_recall_fscore_support` with an average (default 'micro').
 *
 * @throws as `precisionScore`, and for a `beta` below 0
 */
export function precisionRecallFscoreSupport(
  yTrue: Tags,
  yPred: Tags,
  options: AverageOptions & FscoreOptions = {},
): { precision: number; recall: number; fscore: number; support: number } {
  checkOptions(options);
  const counts = countSpans(yTrue, yPred, options);
  const { precision, recall, f1, support } = averageScores(counts, options.average ?? 'micro', scoring(options));
  return { precision, recall, fscore: f1, support };
}

/**
 * The scores of each type, in code-point order: what seqeval gives for `average=None`, with the types' names. With a `beta`
 * other than 1, `f1` holds that F-score.
 *
 * @throws as `precisionScore`, and for a `beta` below 0
 */
export function scoresByType(
  yTrue: Tags,
  yPred: Tags,
  options: SeqevalOptions & FscoreOptions = {},
): (SpanScores & { type: string })[] {
  checkOptions(options);
  return typeScores(countSpans(yTrue, yPred, options), scoring(options));
}

/**
 * seqeval's `accuracy_score`: the share of tags that are the same. 0 where there is no tag (there seqeval divides by 0).
 *
 * @throws PanxError where the two sides differ in length
 */
export function accuracyScore(yTrue: Tags, yPred: Tags): number {
  let tags = 0;
  let right = 0;
  eachTag(yTrue, yPred, (truth, prediction) => {
    tags++;
    if (truth === prediction) right++;
  });
  return tags === 0 ? 0 : right / tags;
}

/** seqeval's `performance_measure`, over tags. A tag other than O for which another than O is predicted is an FP alone. */
export interface Performance {
  TP: number;
  FP: number;
  FN: number;
  TN: number;
}

/** seqeval's `performance_measure`. @throws PanxError where the two sides differ in length */
export function performanceMeasure(yTrue: Tags, yPred: Tags): Performance {
  const performance: Performance = { TP: 0, FP: 0, FN: 0, TN: 0 };
  eachTag(yTrue, yPred, (truth, prediction) => {
    if (truth === prediction) performance[truth === 'O' ? 'TN' : 'TP']++;
    else performance[prediction === 'O' ? 'FN' : 'FP']++;
  });
  return performance;
}

function eachTag(yTrue: Tags, yPred: Tags, take: (truth: string, prediction: string) => void): void {
  checkTags(yTrue, yPred);
  for (const [i, sentence] of yTrue.entries()) {
    for (const [j, tag] of sentence.entries()) take(tag, yPred[i]![j]!);
  }
}

/**
 * True, predicted and right entities of every type that occurs, in code-point order. In default mode each tag that is
 * not quite one (`isUsual`) is warned of, once.
 *
 * @throws as `precisionScore`
 */
export function countSpans(yTrue: Tags, yPred: Tags, options: SeqevalOptions = {}): SpanCounts[] {
  checkTags(yTrue, yPred);
  const suffix = options.suffix ?? false;
  const scheme = options.scheme === 'detect' ? detectScheme(yTrue, suffix) : options.scheme;
  const labelNames = [...new Set([...yTrue, ...yPred].flat())];
  const counter = createSpanCounter(labelNames, { suffix, ...(scheme === undefined ? {} : { scheme }) });
  if (scheme === undefined) {
    for (const name of labelNames) if (!isUsual(name, suffix)) options.onWarning?.(unusualTag(name));
  }
  const ids = new Map(labelNames.map((name, id) => [name, id]));
  const idsOf = (sentence: readonly string[]): number[] => sentence.map(tag => ids.get(tag)!);
  for (const [i, sentence] of yTrue.entries()) counter.add(idsOf(sentence), idsOf(yPred[i]!));
  return counter.counts();
}
