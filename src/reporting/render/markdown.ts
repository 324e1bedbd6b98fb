import { visible } from '../../system/visible.js';
import type { Table } from '../table.js';
import { cellText, isToTheRight } from './cell-text.js';

/**
 * A table in Markdown: a heading, the facts as a list, the table, its notes, and the signature as code.
 *
 * @param options.level of the heading: 1 is `#`
 * @returns lines, each with its end
 */
export function renderMarkdown(table: Table, { level = 1 }: { level?: number } = {}): string {
  const { title, facts, columns, rows, notes, signature } = table;
  const line = (texts: readonly string[]): string => `| ${texts.map(markdownText).join(' | ')} |`;
  return [
    ...(title === '' ? [] : [`${'#'.repeat(level)} ${markdownText(title)}`, '']),
    ...facts.map(fact => `- ${markdownText(fact)}`),
    ...(facts.length === 0 ? [] : ['']),
    line(columns.map(({ head }) => head)),
    `| ${columns.map(column => (isToTheRight(column) ? '---:' : '---')).join(' | ')} |`,
    ...rows.map(cells => line(cells.map((cell, i) => cellText(cell, columns[i]!)))),
    ...notes.flatMap(note => ['', markdownText(note)]),
    ...(signature === undefined ? [] : ['', `\`${visible(signature).replaceAll('`', "'")}\``]),
    '',
  ].join('\n');
}

/**
 * A text from data as it is to be read in Markdown, in a line, a list or a cell of a table: what Markdown or HTML would take for its own
 * (emphasis, code, links and pictures, tags, entities, formulas, the border of a cell) is escaped, and so are bare addresses, which some readers make links.
 */
export function markdownText(text: string): string {
  return visible(text)
    .replaceAll(/[\\`*_[\]<>&|~$#!@]/g, '\\$&')
    .replaceAll('://', '\\://')
    .replaceAll(/\bwww\./gi, match => `${match.slice(0, -1)}\\.`);
}
