import { open } from 'node:fs/promises';
import { PanxError } from '../../errors.js';
import { formatCount } from '../../system/console.js';
import type { WordColumns } from '../columns.js';
import { type Footer, footerBytes, type RowGroup, readFooter } from './parquet-footer.js';

/**
 * What a parquet file may hold, by its size: a few hundred bytes can say that they are of a billion words, and decode to them. PAN-X's files hold
 * 0.2 words and 1 byte of text for each of their bytes, and 0.2 million words at most.
 */

/** Bytes of a file at most; PAN-X's largest takes 1 million. It lies in memory as a whole, and once more while it is decoded. */
export const largestFile = 256 << 20;

/** Words, and rows without any, whatever the file's size; beyond that, so many for each byte of it. */
const wordsAlways = 1 << 21;
const wordsPerByte = 1;
const wordsAtMost = 100_000_000;

/** Rows likewise: until it is encoded one takes 100 bytes, as many as eight words. PAN-X has one for 50 bytes. */
const rowsAlways = 1 << 21;
const rowsPerByte = 1 / 4;

/** Bytes of text likewise; they are counted in 32 bits. As much of it fits into the memory of the decoder (parquet-decoder.ts), in which it lies twice. */
const textAlways = 64 << 20;
const textPerByte = 32;
const textAtMost = 2 ** 30;

/** PAN-X's footers take 6,000: a row group of three columns takes 500, and datasets makes one of each 1,000 rows. */
const largestFooter = 16 << 20;
const mostColumns = 1000;
const mostRowGroups = 20_000;
/** PAN-X's columns have 3; the decoder ends at some 70, of any column of the file. */
const mostLevels = 50;

export const longestRow = 100_000;
const longestWord = 65_536;

/** The columns that are read. */
export const columnNames = ['tokens', 'ner_tags'] as const;

/** Words that are decoded at once, and twice as many at most: two million rows of a word each are too much for its memory. */
const wordsAtOnce = 1 << 19;

/** Where rows come from, for sentences: the file, and the number there of the first of them. */
export interface Place {
  path: string;
  firstRow: number;
}

/**
 * The footer of a parquet file, where what it says that the file holds is within the limits.
 *
 * @param columns names of those that are to be decoded
 * @throws PanxError where it is not, Error with the reason where there is no sound footer
 */
export function footerWithinLimits(
  path: string,
  bytes: Buffer,
  columns: readonly string[],
  fileBytes = bytes.length,
): Footer {
  const length = footerBytes(bytes);
  if (length > largestFooter) {
    throw new PanxError(
      `${path} has a footer of ${formatCount(length)} bytes; expected at most ${formatCount(largestFooter)}.`,
      { hint: 'Write the file again without what its metadata holds beside the names of the tags.' },
    );
  }
  const footer = readFooter(bytes, columns);
  checkCounts(path, footer, fileBytes);
  return footer;
}

/**
 * Look at the footer of a file that is not read yet: what it already says to be too much need not wait for an engine, or a hash.
 *
 * @param path of a file of `fileBytes`; one that is damaged is left to its reader
 * @throws PanxError as `footerWithinLimits` does
 */
export async function checkFooter(path: string, fileBytes: number, columns: readonly string[]): Promise<void> {
  const file = await open(path, 'r');
  try {
    const last = async (bytes: number) => {
      const length = Math.min(bytes, fileBytes);
      return (await file.read(Buffer.alloc(length), 0, length, fileBytes - length)).buffer;
    };
    const length = footerBytes(Buffer.concat([Buffer.alloc(4), await last(8)]));
    footerWithinLimits(path, await last(Math.min(length, largestFooter) + 12), columns, fileBytes);
  } catch (error) {
    if (error instanceof PanxError) throw error;
  } finally {
    await file.close();
  }
}

function checkCounts(path: string, { rows, rowGroups }: Footer, fileBytes: number): void {
  const columns = rowGroups.reduce((largest, group) => Math.max(largest, group.columns), 0);
  if (columns > mostColumns || rowGroups.length > mostRowGroups) {
    throw new PanxError(
      `${path} has ${formatCount(columns)} columns in ${formatCount(rowGroups.length)} row groups; expected at most ${formatCount(mostColumns)} in ${formatCount(mostRowGroups)}.`,
      { hint: 'Write it again with the columns tokens and ner_tags, and some thousand rows in a row group.' },
    );
  }
  const levels = rowGroups.reduce((largest, group) => Math.max(largest, group.levels), 0);
  if (levels > mostLevels) {
    throw new PanxError(`${path} has a column of ${formatCount(levels)} levels; expected at most ${mostLevels}.`, {
      hint: 'Write it again with the columns tokens and ner_tags alone.',
    });
  }
  const crowded = rowGroups.find(group => group.values > group.rows * longestRow);
  if (crowded !== undefined) {
    throw new PanxError(
      `${path} says that it holds ${formatCount(crowded.values)} words in ${formatCount(crowded.rows)} rows; expected at most ${formatCount(longestRow)} a row.`,
      { hint: rowsHint },
    );
  }
  const most = mostWords(fileBytes);
  const words = rowGroups.reduce((sum, group) => sum + group.values, 0);
  const textBytes = rowGroups.reduce((sum, group) => sum + group.uncompressedBytes, 0);
  const counted = rowGroups.reduce((sum, group) => sum + group.rows, 0);
  const mostOfRows = mostRows(fileBytes);
  if (Math.max(rows, counted) > mostOfRows) {
    throw tooMuch(path, fileBytes, `${formatCount(Math.max(rows, counted))} rows`, mostOfRows);
  }
  if (words > most) throw tooMuch(path, fileBytes, `${formatCount(words)} words (or rows without any)`, most);
  if (textBytes > mostText(fileBytes)) {
    throw tooMuch(path, fileBytes, `${formatCount(textBytes)} bytes of columns`, mostText(fileBytes));
  }
}

export const rowsHint = 'Split the rows into sentences: a model sees some hundred words of a row.';

/** Counts what was decoded. `take` throws a PanxError where that is more than the file's size allows, whatever its footer says. */
export function budgetOf(path: string, fileBytes: number): { take(part: WordColumns): void } {
  let words = 0;
  let rows = 0;
  let textBytes = 0;
  return {
    take(part) {
      words += part.tagIds.length;
      rows += part.rows;
      textBytes += part.text.length;
      const most = mostWords(fileBytes);
      const mostOfRows = mostRows(fileBytes);
      if (words > most) throw tooMuch(path, fileBytes, `more than ${formatCount(most)} words`, most);
      if (rows > mostOfRows) throw tooMuch(path, fileBytes, `more than ${formatCount(mostOfRows)} rows`, mostOfRows);
      if (textBytes > mostText(fileBytes)) {
        throw tooMuch(path, fileBytes, `${formatCount(textBytes)} bytes of text or more`, mostText(fileBytes));
      }
    },
  };
}

/** @throws PanxError naming the first row with too many words, or the first word that is too long. */
export function checkWords({ path, firstRow }: Place, offsets: Int32Array, textOffsets: Int32Array): void {
  for (let row = 0; row + 1 < offsets.length; row++) {
    const [from, to] = [offsets[row]!, offsets[row + 1]!];
    if (to - from > longestRow) {
      throw new PanxError(
        `${path}, row ${firstRow + row}: found ${formatCount(to - from)} words; expected at most ${formatCount(longestRow)}.`,
        { hint: rowsHint },
      );
    }
    for (let word = from; word < to; word++) {
      const bytes = textOffsets[word + 1]! - textOffsets[word]!;
      if (bytes <= longestWord) continue;
      throw new PanxError(
        `${path}, row ${firstRow + row}: word ${word - from} takes ${formatCount(bytes)} bytes; expected at most ${formatCount(longestWord)}.`,
        { hint: 'Split the text into words.' },
      );
    }
  }
}

/** What parquet-wasm reads at once. */
export interface Slice {
  rowGroups?: number[];
  offset?: number;
  limit?: number;
}

/** A file in parts of some million words: its row groups, several together or one in several parts; all of a small file. */
export function slicesOf({ rowGroups }: Footer): Slice[] {
  const words = rowGroups.reduce((sum, group) => sum + group.values, 0);
  if (words <= 2 * wordsAtOnce) return [{}];
  const slices: Slice[] = [];
  let together: number[] = [];
  let wordsTogether = 0;
  const close = () => {
    if (together.length > 0) slices.push({ rowGroups: together });
    together = [];
    wordsTogether = 0;
  };
  for (const [index, group] of rowGroups.entries()) {
    if (wordsTogether + group.values > wordsAtOnce) close();
    if (group.values > 2 * wordsAtOnce) slices.push(...partsOf(index, group));
    else {
      together.push(index);
      wordsTogether += group.values;
    }
  }
  close();
  return slices;
}

/** A large row group in parts of as many rows each. */
function partsOf(index: number, { rows, values }: RowGroup): Slice[] {
  const limit = Math.max(1, Math.floor((rows * wordsAtOnce) / values));
  return Array.from({ length: Math.ceil(rows / limit) }, (_, part) => ({
    rowGroups: [index],
    offset: part * limit,
    limit,
  }));
}

function mostWords(fileBytes: number): number {
  return Math.min(wordsAtMost, Math.max(wordsAlways, wordsPerByte * fileBytes));
}

function mostRows(fileBytes: number): number {
  return Math.max(rowsAlways, Math.floor(rowsPerByte * fileBytes));
}

function mostText(fileBytes: number): number {
  return Math.min(textAtMost, Math.max(textAlways, textPerByte * fileBytes));
}

function tooMuch(path: string, fileBytes: number, found: string, most: number): PanxError {
  return new PanxError(
    `${path} takes ${formatCount(fileBytes)} bytes and says that it holds ${found}; expected at most ${formatCount(most)}.`,
    { hint: 'It is damaged, or made to fill the memory; rows that are meant are read from several smaller files.' },
  );
}
