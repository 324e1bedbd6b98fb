<<<<<<< HEAD
import { renderAs } from '../../reporting/render/render.js';
import type { Table } from '../../reporting/table.js';
import { print } from '../../system/console.js';

/** Print tables one after the other. */
export function printTables(tables: readonly Table[], format: 'table'): void {
  print(tables.map(table => renderAs(format, table, { width: process.stdout.columns })).join('\n'));
=======
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
>>>>>>> efda444 (panx completion bash|zsh|fish: scripts made of the definitions of all commands; panx tokenizers prints JSON; numbers unaffected)
}
