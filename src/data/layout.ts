import { codePoint, visible } from '../system/visible.js';

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
      .map(column => pad(row[column]!, widths[column]!, right(column)))
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

function pad(text: string, width: number, right: boolean): string {
  const blanks = ' '.repeat(width - displayWidth(text));
  return right ? blanks + text : text + blanks;
}

/** Columns of the terminal that a text takes: none for combining marks and invisible characters, two for wide ones. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += invisible.test(character) ? 0 : wide.test(character) ? 2 : 1;
  return width;
}

/**
 * A token as it can be shown: quotes for an empty one, code points for one that would not be seen at all, and otherwise as `visible` has it.
 */
export function showToken(token: string): string {
  if (token === '') return '""';
  const unseen = displayWidth(token) === 0 || token.trim() === '';
  return unseen ? token.replace(/./gsu, codePoint) : visible(token);
}

const invisible = /[\p{Mn}\p{Me}\p{Cf}\p{Cc}]/u;
/** East Asian Wide and Fullwidth (Unicode TR 11), by script and block, and emoji. */
const wide =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u;
