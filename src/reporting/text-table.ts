import { cutToWidth, displayWidth, padToWidth } from '../system/display-width.js';
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
        .map(i => padToWidth(cutToWidth(line[i]!, widths[i]!), widths[i]!, columns[i]!.align))
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
