import { inline } from '../config/describe.js';
import { isMatrix } from '../experiment/protocols/protocol.js';
import { type Summary, type SweepRow, type SweepTable, summaryOf, valuesOf } from '../experiment/table.js';
import { shortModelName } from './model-name.js';
import { protocolText } from './protocol.js';

/** Whether a table is the matrix of training and test languages, without phases. */
export function isMatrixTable({ protocol }: Pick<SweepTable, 'protocol'>): boolean {
  return [protocol].flat().every(isMatrix);
}

/** n, mean and standard deviation of a row's F1 in a language. */
export function f1Of(row: SweepRow, lang: string, { conditions: { average } }: SweepTable): Summary {
  return summaryOf(valuesOf(row, lang, scores => scores[average]?.f1));
}

/** What tells the lines of a study apart beside their phase: its protocol and the settings of its grid, where there are several. */
export function axesOf(table: SweepTable): Axis[] {
  const protocols = [table.protocol].flat();
  const protocolOf = ({ protocol }: SweepRow) => protocol as string;
  return [
    ...(protocols.length > 1 ? [{ key: 'protocol', head: 'protocol', textOf: protocolOf, shownOf: protocolOf }] : []),
    ...gridKeys(table).map(key => {
      const textOf = ({ cell }: SweepRow) => inline(cell[key as keyof typeof cell]);
      return {
        key,
        // The epochs that were asked for are not those that were trained.
        head: key === 'training.epochs' ? key : key.split('.').at(-1)!,
        textOf,
        shownOf: (row: SweepRow) => (key === 'model' ? shortModelName(textOf(row)) : textOf(row)),
      };
    }),
  ];
}

export interface Axis {
  /** The name of a column for programs. */
  key: string;
  /** And for readers. */
  head: string;
  textOf(row: SweepRow): string;
  /** The same, short: of a model's path the last two folders. */
  shownOf(row: SweepRow): string;
}

/** The settings of the grid. */
export function gridKeys({ rows }: SweepTable): string[] {
  return Object.keys(rows[0]?.cell ?? {});
}

/** What stands above a table: protocol, F1, weights, seeds, model. */
export function factsOf(table: SweepTable): string[] {
  const { selection, seeds, dataSeeds } = table.conditions;
  const names = { last: 'of the last step', best: 'of the best epoch', average: 'averaged' };
  const which = selection.map(one => names[one]).join(' or ');
  const several = [seeds > 1 ? `${seeds} seeds` : [], dataSeeds > 1 ? `${dataSeeds} data seeds` : []].flat();
  const over = several.length === 0 ? '1 seed' : `mean ± standard deviation over ${several.join(' and ')}, n trainings`;
  return [
    ...[table.protocol].flat().map(protocol => `protocol ${protocolText(protocol)}`),
    `F1 is ${table.metric}`,
    `weights ${which}, ${over}`,
    `model ${table.model}`,
  ];
}

export function titleOf(table: SweepTable): string {
  if (isMatrixTable(table)) return 'Training languages × test languages';
  const [protocol, ...others] = [table.protocol].flat();
  const pair = `${table.source.toUpperCase()} → ${table.target.toUpperCase()}`;
  if (others.length > 0) return `${pair} protocols`;
  return protocol === 'cumulative' || protocol === 'from-source' ? `${pair} curriculum` : `${pair} ${protocol}`;
}

/** What is to be known of phase 2; null where the table has none. */
export function zeroShotNote(table: SweepTable): string | null {
  if (!table.rows.some(({ phase }) => phase === '2')) return null;
  const target = table.target.toUpperCase();
  if (!table.langs.includes(table.target)) return `Phase 2 has seen no ${target} sentence.`;
  return `Phase 2 has seen no ${target} sentence: its ${target} F1 is zero-shot.`;
}

/** Mean passes over the rows; null where none is done. */
export function epochsOf({ trainings }: SweepRow): number | null {
  return summaryOf(trainings.flatMap(({ epochs }) => epochs ?? [])).mean;
}
