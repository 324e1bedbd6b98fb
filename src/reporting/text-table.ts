import { visible } from '../system/visible.js';

/** A column of a table on a terminal. */
export interface Column {
  head: string;
  align: 'left' | 'right';
  /** Gives way, with `…` at the end of its texts, where the table would be too wide. */
  shrinks?: boolean;
}

/**
 * Lay out a table with two spaces between columns, and the heads as its first line.
 *
 * @param rows (rows) x (columns)
 * @param maxWidth in columns of the terminal; kept as far as columns that shrink allow
 */
export function alignColumns(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  maxWidth: number,
): string[] {
  const lines = [columns.map(({ head }) => head), ...rows].map(line => line.map(visible));
  const widths = columns.map((_, i) => Math.max(...lines.map(line => displayWidth(line[i]!))));
  let excess = widths.reduce((sum, width) => sum + width, 2 * (columns.length - 1)) - maxWidth;
  for (const [i, column] of columns.entries()) {
    if (!column.shrinks || excess <= 0) continue;
    const width = Math.max(displayWidth(column.head), widths[i]! - excess);
    excess -= widths[i]! - width;
    widths[i] = width;
  }
  return lines.map(line =>
    line
      .map((text, i) => pad(truncate(text, widths[i]!), widths[i]!, columns[i]!.align))
      .join('  ')
      .trimEnd(),
  );
}

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
// East Asian scripts, their full-width forms, and emoji take two columns.
const wide =
  /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|[\u3000-\u303f\uff01-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|\ufe0f/u;

/** How many columns of a terminal a text takes; marks that combine with the letter before them take none. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += wide.test(segment) ? 2 : 1;
  return width;
}

function truncate(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = '';
  for (const { segment } of segmenter.segment(text)) {
    if (displayWidth(kept + segment) > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

function pad(text: string, width: number, align: Column['align']): string {
  const spaces = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return align === 'left' ? text + spaces : spaces + text;
}
