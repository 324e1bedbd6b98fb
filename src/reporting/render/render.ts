import type { Table } from '../table.js';
import { renderCsv } from './csv.js';
import { renderLatex } from './latex.js';
import { renderMarkdown } from './markdown.js';
import { renderTerminal } from './terminal.js';

/** The formats of tables for readers and for other programs, beside JSON, of which each command has a document of its own. */
export const tableFormats = ['table', 'markdown', 'csv', 'latex'] as const;
export type TableFormat = (typeof tableFormats)[number];

/**
 * A table in a format.
 *
 * @param options.width of the terminal, in columns
 * @param options.level of a Markdown heading
 * @param options.label of a LaTeX table
 */
export function renderAs(
  format: TableFormat,
  table: Table,
  options: { width?: number | undefined; level?: number; label?: string } = {},
): string {
  switch (format) {
    case 'table':
      return renderTerminal(table, options.width === undefined ? {} : { width: options.width });
    case 'markdown':
      return renderMarkdown(table, options);
    case 'csv':
      return renderCsv(table);
    case 'latex':
      return renderLatex(table, options);
  }
}
