import type { Interval, Resampling } from '../../evaluation/bootstrap.js';
import { type AveragedScores, averageNames, type EntityScores, type Mode } from '../../evaluation/entity-scores.js';
import { reportText } from '../../evaluation/seqeval/report.js';
import { renderTerminal } from '../../reporting/render/terminal.js';
import { type Cell, column, type Table } from '../../reporting/table.js';
import { formatCount } from '../../system/console.js';
import { displayWidth } from '../../system/display-width.js';
import { visible } from '../../system/visible.js';

/** What a mode is called in front of a reader. */
const modeNames: Record<Mode, string> = { default: 'seqeval default', strictIob2: 'strict IOB2' };

/** Every average of every mode on a line of its own, with its intervals where there are any, and what the names mean. */
export function averagesText(lang: string, split: string, entities: EntityScores): string {
  const modes = Object.entries(entities) as [Mode, EntityScores['default']][];
  const table: Table = {
    title: '',
    facts: [],
    columns: [
      column('split', 'text', { shrinks: true }),
      ...['mode', 'average'].map(head => column(head)),
      ...['precision', 'recall', 'F1'].map(head => column(head, 'score')),
    ],
    rows: modes.flatMap(([mode, scores]) =>
      averageNames.map(name => {
        const average = name === 'spanOnly' ? 'span only' : name;
        return [`${lang} ${split}`, modeNames[mode], average, ...scoreCells(scores[name])];
      }),
    ),
    notes: ['span only: first and last word right, whatever the type. macro: mean of the types true or predicted.'],
  };
  return renderTerminal(table, { width: Number.POSITIVE_INFINITY });
}

/** The report by entity type of each mode. */
export function reportsText(lang: string, split: string, entities: EntityScores): string {
  const modes = Object.entries(entities) as [Mode, EntityScores['default']][];
  return modes
    .map(([mode, scores]) => {
      const types = scores.types.map(row => ({ ...row, type: visible(row.type) }));
      return `${lang} ${split}, ${modeNames[mode]} mode, by type\n\n${reportText({ ...scores, types }, 4, displayWidth)}`;
    })
    .join('\n');
}

/** "95% confidence intervals: percentile bootstrap over rows, 1,000 samples, seed 42" */
export function resamplingText({ level, samples, seed }: Resampling): string {
  const percent = Number((level * 100).toPrecision(10));
  return `${percent}% confidence intervals: percentile bootstrap over rows, ${formatCount(samples)} samples, seed ${seed}`;
}

function scoreCells({ precision, recall, f1, intervals }: AveragedScores): Cell[] {
  const cell = (value: number, interval: Interval | undefined): Cell =>
    interval === undefined ? value : { value, low: interval[0], high: interval[1] };
  return [cell(precision, intervals?.precision), cell(recall, intervals?.recall), cell(f1, intervals?.f1)];
}
