import { visible } from '../../system/visible.js';
import type { Table } from '../table.js';
import { layOut, leaving, type TextColumn } from '../text-table.js';
import { cellText, isToTheRight } from './cell-text.js';

/** As wide as a table on a terminal is, where nothing else is asked for. */
export const tableWidth = 100;

/**
 * A table for a terminal: title, facts, the columns aligned, notes, signature. No text in it can act on the terminal. A fact that begins with the
 * head of a column, as "p Koehn: " does, leaves with the column.
 *
 * @param options.width in columns of the terminal; see `layOut` for what becomes of a table that is wider
 * @returns lines, each with its end
 */
export function renderTerminal(table: Table, { width = tableWidth }: { width?: number | undefined } = {}): string {
  const { title, facts, columns, rows, notes, signature } = table;
  const below = [...notes, ...(signature === undefined ? [] : [signature])];
  const aligned = columns.map((column): TextColumn => ({ ...column, align: isToTheRight(column) ? 'right' : 'left' }));
  const texts = rows.map(cells => cells.map((cell, i) => cellText(cell, columns[i]!)));
  const lines = layOut(aligned, texts, width);
  const left = leaving(aligned, texts, width).map(i => `${columns[i]!.head}: `);
  const shown = facts.filter(fact => left.every(beginning => !fact.startsWith(beginning)));
  const above = [...(title === '' ? [] : [title]), ...shown];
  return [
    ...above.map(visible),
    ...(shown.length === 0 ? [] : ['']),
    ...lines,
    ...(below.length === 0 ? [] : ['', ...below.map(visible)]),
    '',
  ].join('\n');
}
