import { cellText, isToTheRight } from '../render/cell-text.js';
import type { Cell, Column, Table } from '../table.js';
import { type Content, html, type Markup } from './markup.js';

/** How cells of a table are shown where they are more than their text. */
export interface CellOptions {
  /** What a cell leads to, as an address; null: nothing. */
  linkOf?(row: number, column: number): string | null;
  /** How strongly a cell is tinted, from 0 to 1. */
  heatOf?(row: number, column: number): number;
  /** Whether the first column holds the names of the rows; so it does where this is absent. */
  namesRows?: boolean;
}

/** A table with its title as its caption. It scrolls in a box of its own where it is too wide for the screen. */
export function tableHtml(table: Table, { linkOf, heatOf, namesRows = true }: CellOptions = {}): Markup {
  const { title, facts, columns, rows, notes, signature } = table;
  const isLong = columns.map((_, column) => rows.some(row => String(row[column]).length > 60));
  const cell = (value: Cell, row: number, column: number): Markup => {
    const link = linkOf?.(row, column) ?? null;
    // A mean and its deviation are two lines at most.
    const text = cellText(value, columns[column]!).replace('± ', '±\u00a0');
    const content = link === null ? text : html`<a href="${link}">${text}</a>`;
    const kind = isToTheRight(columns[column]!) ? 'number' : '';
    const heat = heatOf === undefined ? '' : heatClass(heatOf(row, column));
    const className = [kind, heat, isLong[column] ? 'wide' : ''].filter(Boolean).join(' ');
    if (column === 0 && namesRows) {
      return html`<th scope="row"${text.length <= 24 ? html` class="nowrap"` : null}>${content}</th>`;
    }
    return html`<td${className === '' ? null : html` class="${className}"`}>${content}</td>`;
  };
  return html`${facts.map(fact => html`<p class="fact">${fact}</p>\n`)}
<div class="scroll" tabindex="0" role="group" aria-label="${title}"><table>
<caption>${title}</caption>
<thead><tr>${columns.map(headCell)}</tr></thead>
<tbody>
${rows.map((cells, row) => html`<tr>${cells.map((value, column) => cell(value, row, column))}</tr>\n`)}</tbody>
</table></div>
${notes.map(note => html`<p class="fact">${note}</p>\n`)}${
  signature === undefined
    ? null
    : html`<p class="fact">Signature, for comparing tables: <code>${signature}</code></p>\n`
}`;
}

function headCell(column: Column): Content {
  return html`<th scope="col"${isToTheRight(column) ? html` class="number"` : null}>${column.head}</th>`;
}

/** One of six tints. */
export function heatClass(share: number): string {
  return share > 0 ? `heat-${Math.min(5, Math.ceil(share * 5))}` : '';
}
