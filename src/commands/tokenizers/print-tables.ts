import type { Cell, Column, Table } from '../../reporting/table.js';
import { alignColumns } from '../../reporting/text-table.js';
import { formatCount, print } from '../../system/console.js';

/** Print tables one after the other. */
export function printTables(tables: readonly Table[], _format: 'table'): void {
  print(tables.map(tableText).join('\n'));
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
