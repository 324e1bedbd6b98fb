import type { Analysis } from '../evaluation/analysis/analyse.js';
import { type ErrorKind, errorKinds, f1IfMended, f1OfKinds } from '../evaluation/analysis/error-kinds.js';
import type { AnalysedRows } from '../experiment/analyse-subject.js';
import { formatCount } from '../system/console.js';
import { costsOf } from './analysis-tables.js';

/** What an analysis is of: rows, words, entities and F1, a fact a line. */
export function analysisFacts({ rows, model, analysis }: AnalysedRows): string[] {
  const { sentences, words, unpredicted, accuracy, report } = analysis;
  const { precision, recall, f1, support } = report.micro;
  const scores = `P ${precision.toFixed(4)}, R ${recall.toFixed(4)}, F1 ${f1.toFixed(4)}, accuracy ${accuracy.toFixed(4)}`;
  return [
    // A file's rows have no other name than its own.
    `${rows === model ? rows : `${rows} by ${model}`}: ${formatCount(sentences)} sentences, ${formatCount(support)} entities`,
    `${scores} (seqeval, default mode, micro average)`,
    ...(unpredicted === 0
      ? []
      : [
          `${formatCount(unpredicted)} of ${formatCount(words)} words have no prediction (cut off, or without a subword), and count nowhere`,
        ]),
  ];
}

/**
 * Which errors cost most, in sentences: the kind, its share by type, and the confusion that stands out. What the tables say, for whoever does not
 * know yet where to look in them.
 */
export function headline({ analysis }: Pick<AnalysedRows, 'analysis'>): string[] {
  const { kinds } = analysis;
  const f1 = f1OfKinds(kinds);
  const worst = errorKinds
    .map(kind => ({ kind, count: kinds[kind], mended: f1IfMended(kinds, kind) }))
    .sort((a, b) => b.mended - a.mended)[0]!;
  if (worst.count === 0) return ['There is no error.'];
  const [cost] = costsOf(analysis);
  const types = costsOf(analysis).filter(({ kind }) => kind === worst.kind);
  const share = types
    .sort((a, b) => b.count - a.count)
    .slice(0, 3)
    .map(({ type, count }) => `${type} ${formatCount(count)}`);
  const gain = `${f1.toFixed(4)} would be ${worst.mended.toFixed(4)} (+${(worst.mended - f1).toFixed(4)})`;
  return [
    `${capital(kindsText[worst.kind])} cost most: without them the F1 of ${gain}. They are ${formatCount(worst.count)}: ${share.join(', ')}.`,
    ...(cost === undefined
      ? []
      : [
          `Of one type, ${kindsText[cost.kind]} of ${cost.type} cost most (${formatCount(cost.count)}; +${cost.gain.toFixed(4)}).`,
        ]),
    ...confusionText(analysis),
  ];
}

/** The kinds in the plural. */
export const kindsText: Readonly<Record<ErrorKind, string>> = {
  type: 'wrong types',
  boundary: 'wrong bounds',
  both: 'wrong bounds with a wrong type',
  missed: 'missed entities',
  spurious: 'spurious entities',
};

/** The types that are taken for each other most often. */
function confusionText({ confusion: { entities } }: Analysis): string[] {
  const pairs = entities.labels.flatMap((gold, i) =>
    entities.labels.map((predicted, j) => ({ gold, predicted, count: entities.counts[i]![j]! })),
  );
  const [most] = pairs
    .filter(({ gold, predicted, count }) => gold !== predicted && gold !== 'O' && predicted !== 'O' && count > 0)
    .sort((a, b) => b.count - a.count);
  if (most === undefined) return [];
  return [`The types confused most: ${most.gold} taken for ${most.predicted}, ${formatCount(most.count)} times.`];
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
