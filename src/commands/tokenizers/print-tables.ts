import type { Cell, Column, Table } from '../../reporting/table.js';
import { alignColumns } from '../../reporting/text-table.js';
import { formatCount, print } from '../../system/console.js';
import { formatJson } from '../../system/json.js';

export const tableFormats = ['table', 'json'] as const;
export type TableFormat = (typeof tableFormats)[number];

/** Print tables one after the other; as JSON, an array of them. */
export function printTables(tables: readonly Table[], format: TableFormat): void {
  if (format === 'table') print(tables.map(tableText).join('\n'));
  else process.stdout.write(`${formatJson(tables, 2)}\n`);
}

function tableText({ title, facts, columns, rows, notes }: Table): string {
  const aligned = alignColumns(
    columns.map(({ head, kind }) => ({ head, align: kind === 'text' ? 'left' : 'right' })),
    rows.map(cells => cells.map((cell, i) => cellText(cell, columns[i]!))),
    process.stdout.columns ?? 120,
  );
  return `${[title, ...facts, ...aligned, '', ...notes, ''].join('\n')}`;
}

function cellText(cell: Cell, { kind }: Column): string {
  if (typeof cell === 'string') return cell;
  if (typeof cell !== 'number') return '–';
  return kind === 'count' ? formatCount(cell) : cell.toFixed(kind === 'score' ? 4 : 2);
}
