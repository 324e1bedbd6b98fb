import { visible } from '../system/visible.js';

/** A column of a table on a terminal: see `Column` of table.ts. */
export interface TextColumn {
  head: string;
  align: 'left' | 'right';
  shrinks?: boolean | undefined;
  leavesAs?: number | undefined;
  repeats?: boolean | undefined;
}

const gap = '  ';

/**
 * Lay out a table with two spaces between columns and the heads as its first line. Where it is too wide, columns that shrink give way; where
 * that is not enough, columns leave; and where even that is not enough, all columns are there, in blocks below each other.
 *
 * @param rows (rows) x (columns)
 * @param width in columns of the terminal; a column that is wider by itself has its width all the same
 * @returns lines without trailing blanks; blocks are parted by an empty line
 */
export function layOut(columns: readonly TextColumn[], rows: readonly (readonly string[])[], width: number): string[] {
  const lines = linesOf(columns, rows);
  const widths = widthsOf(columns, lines);
  const draw = (shown: readonly number[], widths: readonly number[]) =>
    lines.map(line =>
      shown
        .map(i => pad(truncate(line[i]!, widths[i]!), widths[i]!, columns[i]!.align))
        .join(gap)
        .trimEnd(),
    );
  const fit = fitting(columns, widths, width);
  if (fit !== null) return draw(fit, shrink(columns, fit, widths, width));
  const most = Math.max(16, Math.floor(width / 3));
  const capped = columns.map(({ head, shrinks }, i) =>
    shrinks ? Math.min(widths[i]!, Math.max(most, displayWidth(head))) : widths[i]!,
  );
  return blocks(columns, capped, width).flatMap((shown, block) => [...(block > 0 ? [''] : []), ...draw(shown, capped)]);
}

/** Columns that leave where `layOut` lays out the same. -> their indices */
export function leaving(columns: readonly TextColumn[], rows: readonly (readonly string[])[], width: number): number[] {
  const fit = fitting(columns, widthsOf(columns, linesOf(columns, rows)), width);
  return fit === null ? [] : [...columns.keys()].filter(i => !fit.includes(i));
}

function linesOf(columns: readonly TextColumn[], rows: readonly (readonly string[])[]): string[][] {
  return [columns.map(({ head }) => head), ...rows].map(line => line.map(visible));
}

function widthsOf(columns: readonly TextColumn[], lines: readonly (readonly string[])[]): number[] {
  return columns.map((_, i) => Math.max(...lines.map(line => displayWidth(line[i]!))));
}

/** As many columns as fit beside each other; null where not even those fit that may not leave. */
function fitting(columns: readonly TextColumn[], widths: readonly number[], width: number): number[] | null {
  return narrower(columns).find(shown => widthOf(shown, shrink(columns, shown, widths, width)) <= width) ?? null;
}

/** All columns, then fewer and fewer of those that may leave. */
function narrower(columns: readonly TextColumn[]): number[][] {
  const steps = [...new Set(columns.flatMap(({ leavesAs }) => leavesAs ?? []))].sort((a, b) => a - b);
  return [0, ...steps].map(step => [...columns.keys()].filter(i => (columns[i]!.leavesAs ?? step + 1) > step));
}

/** Widths of which those that shrink have given what is too much, one after the other, none further than its head. */
function shrink(
  columns: readonly TextColumn[],
  shown: readonly number[],
  widths: readonly number[],
  width: number,
): number[] {
  const shrunk = [...widths];
  for (const i of shown) {
    const excess = widthOf(shown, shrunk) - width;
    if (columns[i]!.shrinks && excess > 0) shrunk[i] = Math.max(displayWidth(columns[i]!.head), shrunk[i]! - excess);
  }
  return shrunk;
}

function widthOf(shown: readonly number[], widths: readonly number[]): number {
  return shown.reduce((sum, i) => sum + widths[i]!, gap.length * Math.max(0, shown.length - 1));
}

/** Which columns stand in each block: those that repeat and as many more as fit, at least one. */
function blocks(columns: readonly TextColumn[], widths: readonly number[], width: number): number[][] {
  const all = [...columns.keys()];
  const marked = all.filter(i => columns[i]!.repeats);
  const first = marked.length > 0 ? marked : all.slice(0, 1);
  const found: number[][] = [];
  for (const i of all.filter(i => !first.includes(i))) {
    const block = found.at(-1);
    if (block === undefined || widthOf([...block, i], widths) > width) found.push([...first, i]);
    else block.push(i);
  }
  return found.length > 0 ? found : [first];
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

function pad(text: string, width: number, align: TextColumn['align']): string {
  const spaces = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return align === 'left' ? text + spaces : spaces + text;
}
