import { PanxError } from '../../errors.js';
import { countSpans } from './metrics.js';
import { checkOptions, type SeqevalOptions, scoring, type Tags } from './options.js';
import { type Average, averageScores, type SpanCounts, type SpanScores, typeScores } from './scores.js';

/** seqeval's classification report: a row per type in code-point order, then the three averages. */
export interface ClassificationReport {
  types: (SpanScores & { type: string })[];
  micro: SpanScores;
  macro: SpanScores;
  weighted: SpanScores;
}

/**
 * seqeval's `classification_report`, as an object; `reportText` and `reportDictionary` give seqeval's own two forms.
 *
 * @throws as `precisionScore`
 */
export function classificationReport(yTrue: Tags, yPred: Tags, options: SeqevalOptions = {}): ClassificationReport {
  checkOptions(options);
  return reportOf(countSpans(yTrue, yPred, options), options);
}

/** The report on spans that have been counted already, for instance by `createSpanCounter`. */
export function reportOf(counts: readonly SpanCounts[], options: SeqevalOptions = {}): ClassificationReport {
  const averaged = (average: Average): SpanScores => averageScores(counts, average, scoring(options));
  return {
    types: typeScores(counts, scoring(options)),
    micro: averaged('micro'),
    macro: averaged('macro'),
    weighted: averaged('weighted'),
  };
}

/**
 * The report as seqeval prints it, character for character. Where seqeval itself breaks, because no entity was true or
 * predicted, the report says so in place of its rows.
 *
 * @param digits decimals of the scores, 0 to 20 (seqeval's default: 2)
 * @param widthOf how many columns a type takes; seqeval counts code points
 * @throws PanxError for digits out of range
 */
export function reportText(
  report: ClassificationReport,
  digits = 2,
  widthOf: (name: string) => number = name => [...name].length,
): string {
  if (!Number.isInteger(digits) || digits < 0 || digits > 20) {
    throw new PanxError(`The digits of a report are ${digits}; expected a whole number from 0 to 20.`);
  }
  const width = Math.max(...report.types.map(row => widthOf(row.type)), 'weighted avg'.length, digits);
  const line = (name: string, cells: string[]): string =>
    `${' '.repeat(width - widthOf(name))}${name} ${cells.map(cell => ` ${cell.padStart(9)}`).join('')}\n`;
  const row = (name: string, { precision, recall, f1, support }: SpanScores): string =>
    line(name, [...[precision, recall, f1].map(score => fixed(score, digits)), `${support}`]);
  const header = line('', ['precision', 'recall', 'f1-score', 'support']);
  if (report.types.length === 0)
    return `${header}\nNo entity among the true tags, and none among the predicted ones.\n`;
  return [
    header,
    ...report.types.map(scores => row(scores.type, scores)),
    row('micro avg', report.micro) + row('macro avg', report.macro) + row('weighted avg', report.weighted),
  ]
    .map((block, i) => (i === 0 || i === report.types.length ? `${block}\n` : block))
    .join('');
}

/** A row of seqeval's dictionary. */
export interface DictionaryRow {
  precision: number;
  recall: number;
  'f1-score': number;
  support: number;
}

/** The report in the form of seqeval's `output_dict=True`: by type, then `micro avg`, `macro avg` and `weighted avg`. */
export function reportDictionary(report: ClassificationReport): Record<string, DictionaryRow> {
  const { types, micro, macro, weighted } = report;
  const rows: [string, SpanScores][] = [
    ...types.map(row => [row.type, row] as [string, SpanScores]),
    ['micro avg', micro],
    ['macro avg', macro],
    ['weighted avg', weighted],
  ];
  return Object.fromEntries(
    rows.map(([name, { precision, recall, f1, support }]) => [name, { precision, recall, 'f1-score': f1, support }]),
  );
}

/** A score from 0 to 1 with so many decimals, as Python prints it: an exact half goes to the even digit, not upward. */
function fixed(score: number, digits: number): string {
  // k + 1/2 units of the last decimal are an odd multiple of 2^-(digits + 1), and that scales without rounding.
  const isHalf = (score * 2 ** (digits + 1)) % 2 === 1;
  if (!isHalf) return score.toFixed(digits);
  const below = Math.floor(score * 10 ** digits);
  return ((below % 2 === 0 ? below : below + 1) / 10 ** digits).toFixed(digits);
}
