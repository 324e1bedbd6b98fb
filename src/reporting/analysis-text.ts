import type { Analysis } from '../evaluation/analysis/analyse.js';
import type { AnalysedRows } from '../experiment/analyse-subject.js';
import { formatCount } from '../system/console.js';
import { costSentences, costsOf, topConfusions } from './error-costs.js';

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
  const [cost] = costsOf(analysis);
  return [
    ...costSentences(analysis, 4),
    ...(cost === undefined
      ? []
      : [
          `Of one kind and one type, ${cost.kind} ${cost.type} costs most (${formatCount(cost.count)}; to ${cost.f1.toFixed(4)}).`,
        ]),
    ...confusionText(analysis),
  ];
}

/** The types that are taken for each other most often. */
function confusionText(analysis: Analysis): string[] {
  const [most] = topConfusions(analysis, 1);
  if (most === undefined) return [];
  const times = most.count === 1 ? 'once' : `${formatCount(most.count)} times`;
  return [`The types confused most: ${most.gold} taken for ${most.predicted}, ${times}.`];
}
