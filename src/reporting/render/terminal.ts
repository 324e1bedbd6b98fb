import { visible } from '../../system/visible.js';
import type { Table } from '../table.js';
import { layOut } from '../text-table.js';
import { cellText, isToTheRight } from './cell-text.js';

/** As wide as a table on a terminal is, where nothing else is asked for. */
export const tableWidth = 100;

/**
 * A table for a terminal: title, facts, the columns aligned, notes, signature. No text in it can act on the terminal.
 *
 * @param options.width in columns of the terminal; see `layOut` for what becomes of a table that is wider
 * @returns lines, each with its end
 */
export function renderTerminal(table: Table, { width = tableWidth }: { width?: number | undefined } = {}): string {
  const { title, facts, columns, rows, notes, signature } = table;
  const above = [...(title === '' ? [] : [title]), ...facts];
  const below = [...notes, ...(signature === undefined ? [] : [signature])];
  const lines = layOut(
    columns.map(column => ({ ...column, align: isToTheRight(column) ? 'right' : 'left' })),
    rows.map(cells => cells.map((cell, i) => cellText(cell, columns[i]!))),
    width,
  );
  return [
    ...above.map(visible),
    ...(facts.length === 0 ? [] : ['']),
    ...lines,
    ...(below.length === 0 ? [] : ['', ...below.map(visible)]),
    '',
  ].join('\n');
}
