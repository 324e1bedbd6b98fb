import { type Prf, type SweepRow, type SweepTable, summaryOf, valuesOf } from '../experiment/table.js';
import { csvText } from './csv.js';
import { axesOf } from './table-view.js';

type Cell = string | number | null;

/**
 * Precision, recall and F1 of every row, language and average, and of each type, a line each, with n and standard deviations: the long form
 * that programs read. Macro and types are left out where no predictions were kept.
 */
export function scoresCsv(table: SweepTable): string {
  return csvText(table.rows.flatMap(row => table.langs.flatMap(lang => linesOf(table, row, lang))));
}

function linesOf(table: SweepTable, row: SweepRow, lang: string): Record<string, Cell>[] {
  const first = row.trainings.map(({ scores }) => scores[lang]).find(scores => scores !== null && scores !== undefined);
  if (first === undefined || first === null) return [];
  const named: Record<string, Cell> = {
    protocol: row.protocol,
    ...Object.fromEntries(axesOf(table).map(({ key, textOf }) => [key, textOf(row)])),
    stage: row.id,
    phase: row.phase,
    trained_on: row.label,
    test: lang,
  };
  const types = new Set(
    row.trainings.flatMap(({ scores }) => Object.keys(scores[lang]?.types ?? {})).sort((a, b) => (a < b ? -1 : 1)),
  );
  const of = (average: string, type: string, pick: (name: keyof Prf) => number[]): Record<string, Cell> => {
    const line: Record<string, Cell> = { ...named, average, type, n: summaryOf(pick('f1')).n };
    for (const name of ['precision', 'recall', 'f1'] as const) {
      const { mean, sd } = summaryOf(pick(name));
      line[name] = mean;
      line[`${name}_sd`] = sd;
    }
    return line;
  };
  const averages = (['micro', 'macro'] as const).filter(average => first[average] !== null);
  return [
    ...averages.map(average => of(average, '', name => valuesOf(row, lang, scores => scores[average]?.[name]))),
    ...[...types].map(type => of('', type, name => valuesOf(row, lang, scores => scores.types?.[type]?.[name]))),
  ];
}
