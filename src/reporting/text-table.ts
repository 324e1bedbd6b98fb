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

/**
 * Rows of cells with their columns aligned, for the terminal. Where the columns do not fit into `width`, the table goes on
 * in further blocks below, each beginning with the `fixed` first columns again.
 *
 * @param rows of cells, all of the same length
 * @param options.right columns aligned to the right (numbers)
 * @returns lines without trailing blanks; blocks are parted by an empty line
 */
export function layOut(
  rows: readonly (readonly string[])[],
  options: { width: number; fixed: number; right?: (column: number) => boolean },
): string[] {
  const { width, fixed, right = () => false } = options;
  const shown = rows.map(row => row.map(visible));
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...shown.map(row => displayWidth(row[column]!))));
  const line = (row: readonly string[], columns: number[]) =>
    columns
      .map(column => pad(row[column]!, widths[column]!, right(column) ? 'right' : 'left'))
      .join(gap)
      .trimEnd();
  return blocks(widths, width, fixed).flatMap((columns, block) => [
    ...(block > 0 ? [''] : []),
    ...shown.map(row => line(row, columns)),
  ]);
}

const gap = '  ';

/** Which columns stand in each block: the fixed ones and as many more as fit, at least one. */
function blocks(widths: number[], width: number, fixed: number): number[][] {
  const head = widths.slice(0, fixed).map((_, column) => column);
  const headWidth = head.reduce((sum, column) => sum + widths[column]! + gap.length, 0);
  const found: number[][] = [];
  let used = Number.POSITIVE_INFINITY;
  for (let column = fixed; column < widths.length; column++) {
    if (used + widths[column]! > width) {
      found.push([...head]);
      used = headWidth;
    }
    found.at(-1)!.push(column);
    used += widths[column]! + gap.length;
  }
  return found.length > 0 ? found : [head];
}

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** East Asian Wide and Fullwidth (Unicode TR 11), by script and block, and emoji. */
const wide =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60\uffe0-\uffe6]|\ufe0f/u;
const invisible = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}]+$/u;

/** How many columns of a terminal a text takes: none for combining marks and invisible characters, two for wide ones. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += invisible.test(segment) ? 0 : wide.test(segment) ? 2 : 1;
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
