/** How well entities of a type, or of all, were found; each a share of 1. Support is the number of true entities. */
export interface SpanScores {
  precision: number;
  recall: number;
  /** Or the F-score of another `beta`, where one was given. */
  f1: number;
  support: number;
}

/** How many entities of a type are true, predicted, and both (same type, same first and last word). */
export interface SpanCounts {
  type: string;
  true: number;
  predicted: number;
  correct: number;
}

export type Average = 'micro' | 'macro' | 'weighted';

/** What a score is whose denominator is 0: 0, 1, or 0 with a warning. */
export type ZeroDivision = 'warn' | 0 | 1;

export type Metric = 'precision' | 'recall' | 'f-score';

export interface ScoringOptions {
  /** Default 'warn', as in seqeval. */
  zeroDivision?: ZeroDivision;
  /** Receives seqeval's sentence for every score whose denominator is 0, if `zeroDivision` is 'warn'. */
  onWarning?: (sentence: string) => void;
  /** The scores that are asked for: of others nobody is warned (warn_for in scikit-learn). Default: all three. */
  warnFor?: readonly Metric[];
  /** Weight of recall against precision in the F-score. Default 1. */
  beta?: number;
}

/** The scores of each type. (types) -> (types) */
export function typeScores(
  counts: readonly SpanCounts[],
  options: ScoringOptions = {},
): (SpanScores & { type: string })[] {
  warn(counts, options);
  return counts.map(count => ({ type: count.type, ...scoresOf(count, options) }));
}

/**
 * One score for all types: `micro` over all entities, `macro` the mean of the types' scores, `weighted` their mean by
 * support. A type counts as soon as it is true or predicted once. Macro over no type is NaN, as in seqeval.
 */
export function averageScores(
  counts: readonly SpanCounts[],
  average: Average,
  options: ScoringOptions = {},
): SpanScores {
  const all: SpanCounts = {
    type: 'all',
    true: sum(counts.map(count => count.true)),
    predicted: sum(counts.map(count => count.predicted)),
    correct: sum(counts.map(count => count.correct)),
  };
  warn(average === 'micro' ? [all] : counts, options);
  if (average === 'micro') return scoresOf(all, options);
  if (average === 'weighted' && all.true === 0) {
    // Nothing to weight by: a score is the value for 0/0, save where predictions make it plainly wrong.
    const undefinedScore = options.zeroDivision === 1 ? 1 : 0;
    const withPredictions = all.predicted === 0 ? undefinedScore : 0;
    return { precision: withPredictions, recall: undefinedScore, f1: withPredictions, support: 0 };
  }
  const scores = counts.map(count => scoresOf(count, options));
  const mean = (of: (score: SpanScores) => number): number =>
    average === 'macro'
      ? sum(scores.map(of)) / scores.length
      : sum(scores.map(score => of(score) * score.support)) / all.true;
  return {
    precision: mean(score => score.precision),
    recall: mean(score => score.recall),
    f1: mean(score => score.f1),
    support: all.true,
  };
}

function scoresOf(count: SpanCounts, { zeroDivision, beta = 1 }: ScoringOptions): SpanScores {
  const undefinedScore = zeroDivision === 1 ? 1 : 0;
  const precision = count.predicted === 0 ? undefinedScore : count.correct / count.predicted;
  const recall = count.true === 0 ? undefinedScore : count.correct / count.true;
  const both = beta ** 2 * precision + recall;
  const f1 = beta === Infinity ? recall : ((1 + beta ** 2) * precision * recall) / (both === 0 ? 1 : both);
  return { precision, recall, f1, support: count.true };
}

/** Say which scores have no meaning, in seqeval's words (scikit-learn's, in fact). */
function warn(counts: readonly SpanCounts[], options: ScoringOptions): void {
  const { zeroDivision = 'warn', onWarning, warnFor = ['precision', 'recall', 'f-score'] } = options;
  if (zeroDivision !== 'warn' || onWarning === undefined) return;
  const where = counts.length === 1 ? 'due to' : 'in labels with';
  const tell = (subject: string, missing: string): void =>
    onWarning(
      `${subject} ill-defined and being set to 0.0 ${where} no ${missing} samples. ` +
        'Use `zero_division` parameter to control this behavior.',
    );
  const verb = warnFor.includes('f-score') ? 'and F-score are' : 'is';
  if (warnFor.includes('precision') && counts.some(count => count.predicted === 0))
    tell(`Precision ${verb}`, 'predicted');
  if (warnFor.includes('recall') && counts.some(count => count.true === 0)) tell(`Recall ${verb}`, 'true');
  const onlyF1 = warnFor.length === 1 && warnFor[0] === 'f-score';
  if (onlyF1 && counts.some(count => count.true === 0 && count.predicted === 0)) {
    tell('F-score is', 'true nor predicted');
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
