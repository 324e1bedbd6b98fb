import { visible } from '../system/visible.js';

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
