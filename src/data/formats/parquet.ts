import { createHash } from 'node:crypto';
import type { Data, Schema, Table, Vector } from 'apache-arrow';
import { excerpt, messageOf, PanxError } from '../../errors.js';
import { formatCount } from '../../system/console.js';
import { memoryFault } from '../../system/faults.js';
import { readGiven, refuseEmpty, textAtBegin } from '../../system/stand-in.js';
import { isText, wrongByte } from '../../system/text.js';
import { arrow } from '../arrow.js';
import { concatColumns, type WordColumns } from '../columns.js';
import type { Reading } from '../corpus.js';
import { declaredLabels, someLabels } from '../labels.js';
import { panxLabels } from './panx.js';
import { DecodingEnded, withParquetDecoder } from './parquet-decoder.js';
import { hideStringMarks } from './parquet-footer.js';
import {
  budgetOf,
  checkWords,
  columnNames,
  footerWithinLimits,
  largestFile,
  type Place,
  slicesOf,
} from './parquet-limits.js';
import { descriptionIn, hideArrowSchema } from './parquet-schema.js';

/** One parquet file of a split, read and checked. */
export interface Shard {
  path: string;
  /** SHA-256 of the file's bytes, in hexadecimal. */
  sha256: string;
  labelNames: readonly string[];
  columns: WordColumns;
  /** How a file of a named corpus was read. */
  reading?: Reading;
}

/**
 * Read the columns `tokens` (a list of strings) and `ner_tags` (a list of integers of any width) of a parquet file.
 *
 * @throws PanxError naming the file and, for what is wrong inside it, the first such row (counted from 0 in the file),
 *   what was found and what was expected: unreadable, damaged, a column missing or of the wrong type, a null, as many
 *   tokens as tags not given, a tag id without a name, more than a file of its size holds (docs/limits.md)
 */
export async function readShard(path: string): Promise<Shard> {
  const { bytes, sha256 } = await readBytes(path);
  const { labelNames, parts } = await decodeParquet(path, bytes, columnNames, (schema, slices, description) => {
    checkNames(path, schema);
    const labelNames = declaredLabels(description, path) ?? panxLabels;
    return { labelNames, parts: slices((place, table) => columnsOf(place, table, labelNames)) };
  });
  return { path, sha256, labelNames, columns: concatColumns(parts) };
}

/** The bytes of a parquet file and their SHA-256, in hexadecimal. @throws PanxError where it cannot be read, or is too large */
export async function readBytes(path: string): Promise<{ bytes: Buffer; sha256: string }> {
  const bytes = await readGiven(path, largestFile);
  refuseEmpty(path, bytes);
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** A column by its name, and what it is to hold. */
export interface Column {
  name: string;
  holds: 'words' | 'ids' | 'tags';
}

const tokensColumn: Column = { name: 'tokens', holds: 'words' };
const tagsColumn: Column = { name: 'ner_tags', holds: 'ids' };
const expectedTypes: Record<Column['holds'], string> = {
  words: 'a list of strings',
  ids: 'a list of integers',
  tags: 'a list of strings',
};
const rowHint = 'Repair that row, or fetch the file again.';
const utf8Hint =
  'Write the file again with its text in UTF-8 (decode Latin-1 as that first), or fetch it again, where it is damaged.';

/** The parts of a file, one after the other, each as what `read` makes of it. */
type Slices = <Part extends WordColumns>(read: (place: Place, table: Table) => Part) => Part[];

/**
 * Decode a file part by part, so that what is decoded and not yet in flat arrays stays small; most files are one part.
 *
 * @param bytes of which the footer is changed
 * @param columns those that are read, or what says which they are once the columns of the file are known
 * @param work is given what the file says of itself (its schema, and Hugging Face's description), and reads its parts
 * @throws PanxError where it is damaged, or holds more than a file of its size
 */
export async function decodeParquet<Result>(
  path: string,
  bytes: Buffer,
  columns: Columns,
  work: (schema: Schema, slices: Slices, description: string | undefined) => Result,
): Promise<Result> {
  const description = await descriptionIn(bytes);
  hideArrowSchema(bytes);
  const decode = () => decodeParts(path, bytes, columns, (schema, slices) => work(schema, slices, description));
  return await decode().catch((error: unknown) => {
    if (!(error instanceof NotUtf8)) throw error;
    // As bytes the text is decoded, and `textOf` finds the row.
    hideStringMarks(bytes);
    return decode();
  });
}

type Columns = readonly string[] | ((schema: Schema) => readonly string[]);

/** A file with text that is not UTF-8, of which the decoder says no more. */
class NotUtf8 extends PanxError {}

async function decodeParts<Result>(
  path: string,
  bytes: Buffer,
  columns: Columns,
  work: (schema: Schema, slices: Slices) => Result,
): Promise<Result> {
  const footerFor = (names: readonly string[]) => orReason(() => footerWithinLimits(path, bytes, names));
  try {
    let footer = footerFor(typeof columns === 'function' ? [] : columns);
    return await withParquetDecoder(bytes.length, ({ readParquet, readSchema }) => {
      const { schema } = arrow.tableFromIPC(readSchema(bytes).intoIPCStream());
      const chosen = [...(typeof columns === 'function' ? columns(schema) : columns)];
      if (typeof columns === 'function') footer = footerFor(chosen);
      return work(schema, read => {
        // Where the file is damaged, the decoder's reason is the better one.
        if (footer instanceof Error) throw footer;
        const budget = budgetOf(path, bytes.length);
        const parts = [];
        let rows = 0;
        for (const slice of slicesOf(footer)) {
          const table = arrow.tableFromIPC(readParquet(bytes, { columns: chosen, ...slice }).intoIPCStream());
          const part = read({ path, firstRow: rows }, table);
          budget.take(part);
          parts.push(part);
          rows += part.rows;
        }
        if (rows !== footer.rows) throw new Error(`it holds ${rows} rows, and its footer says ${footer.rows}`);
        return parts;
      });
    });
  } catch (error) {
    if (error instanceof PanxError) throw error;
    if (error instanceof DecodingEnded) {
      const tooMuch = `decodes to more than fits into ${error.memory}`;
      throw new PanxError(
        `${path} (${formatCount(bytes.length)} bytes) ${error.isFull ? tooMuch : `is damaged, or ${tooMuch}`}.`,
        {
          hint: error.isFull
            ? 'No corpus is packed that tightly. If it is one, write its rows as several files.'
            : 'Fetch it again; if it is whole, split its text into words, and write its rows as several files.',
          cause: error,
        },
      );
    }
    const fault = memoryFault(error);
    if (fault !== null) throw fault;
    if (/non UTF-8/i.test(messageOf(error))) {
      throw new NotUtf8(`${path} holds text that is not UTF-8; expected text in UTF-8.`, {
        hint: utf8Hint,
        cause: error,
      });
    }
    const text = textAtBegin(bytes);
    const why = text === null ? messageOf(error).replace(/\.$/, '') : `it begins with the text ${text}`;
    throw new PanxError(`${path} is not a whole parquet file (${bytes.length} bytes): ${why}.`, {
      hint: 'It is damaged or cut short: fetch it again.',
      cause: error,
    });
  }
}

function orReason<Result>(work: () => Result): Result | Error {
  try {
    return work();
  } catch (error) {
    if (error instanceof Error && !(error instanceof PanxError)) return error;
    throw error;
  }
}

function checkNames(path: string, schema: Schema): void {
  const names = schema.fields.map(field => field.name);
  for (const name of columnNames) {
    const columns = names.filter(one => one === name).length;
    if (columns > 1) {
      throw new PanxError(`${path} has ${columns} columns named "${name}"; expected one.`, {
        hint: 'Write it again with the one that is meant.',
      });
    }
    if (columns === 1) continue;
    const found = names.slice(0, 20).map(one => excerpt(one));
    const more = names.length > 20 ? ` and ${formatCount(names.length - 20)} more` : '';
    throw new PanxError(
      `${path} has no column "${name}": found ${found.join(', ') || 'no columns'}${more}; expected "tokens" (${expectedTypes.words}) and "ner_tags" (${expectedTypes.ids}).`,
      { hint: 'Is it a PAN-X file? Its columns are tokens, ner_tags and langs.' },
    );
  }
}

/** The parts of a file's rows. */
function columnsOf(place: Place, table: Table, labelNames: readonly string[]): WordColumns {
  const tokens = flatten(place, table, tokensColumn);
  const tags = flatten(place, table, tagsColumn);
  checkLengths(place, tokens.offsets, tags.offsets);
  const tagIds = tagIdsOf(place, tags, labelNames);
  const { textOffsets, text } = textOf(place, tokens, tokensColumn);
  return { rows: table.numRows, offsets: tokens.offsets, tagIds, textOffsets, text };
}

/** A list column as the offsets of its rows and the pieces that hold its values one after the other. */
export interface FlatList {
  offsets: Int32Array;
  pieces: { values: Data; from: number; to: number }[];
}

/** @throws PanxError where the column is of another type, or holds a null */
export function flatten(place: Place, table: Table, which: Column): FlatList {
  const column = table.getChild(which.name) as Vector;
  checkType(place.path, column, which);
  const offsets = new Int32Array(table.numRows + 1);
  const pieces: FlatList['pieces'] = [];
  let row = 0;
  let end = 0;
  for (const chunk of column.data) {
    // A file without rows still has a batch, whose arrays are not there.
    if (chunk.length === 0) continue;
    checkNoNullRows(place, chunk, which, row);
    const first = Number(chunk.valueOffsets[0] ?? 0);
    for (let i = 1; i <= chunk.length; i++) offsets[row + i] = end + Number(chunk.valueOffsets[i]) - first;
    const length = Number(chunk.valueOffsets[chunk.length] ?? 0) - first;
    const values = chunk.children[0]!;
    pieces.push({ values, from: first, to: first + length });
    row += chunk.length;
    end += length;
  }
  checkNoNullValues(place, { offsets, pieces }, which);
  return { offsets, pieces };
}

function checkType(path: string, column: Vector, { name, holds }: Column): void {
  const type: unknown = column.type;
  const element: unknown = arrow.DataType.isList(type) ? type.children[0]?.type : undefined;
  const fits =
    holds !== 'ids'
      ? arrow.DataType.isUtf8(element) || arrow.DataType.isBinary(element) // not marked as text, as some programs write it
      : arrow.DataType.isInt(element);
  if (!fits) {
    throw new PanxError(`${path}: column "${name}" is ${String(type)}; expected ${expectedTypes[holds]}.`, {
      hint: 'Write it as tokens: list<string>, ner_tags: list<int64>.',
    });
  }
}

function checkNoNullRows({ path, firstRow }: Place, chunk: Data, { name, holds }: Column, first: number): void {
  if (chunk.nullCount === 0) return;
  for (let i = 0; i < chunk.length; i++) {
    if (chunk.getValid(i)) continue;
    throw new PanxError(`${path}, row ${firstRow + first + i}: "${name}" is null; expected ${expectedTypes[holds]}.`, {
      hint: rowHint,
    });
  }
}

function checkNoNullValues({ path, firstRow }: Place, column: FlatList, { name, holds }: Column): void {
  let position = 0;
  for (const { values, from, to } of column.pieces) {
    if (values.nullCount > 0) {
      for (let i = from; i < to; i++) {
        if (values.getValid(i)) continue;
        const { row, word } = locate(column.offsets, position + i - from);
        const expected = holds === 'ids' ? 'an integer' : 'a string';
        throw new PanxError(
          `${path}, row ${firstRow + row}: word ${word} of "${name}" is null; expected ${expected}.`,
          {
            hint: rowHint,
          },
        );
      }
    }
    position += to - from;
  }
}

export function checkLengths({ path, firstRow }: Place, tokenOffsets: Int32Array, tagOffsets: Int32Array): void {
  for (let row = 0; row + 1 < tokenOffsets.length; row++) {
    const tokens = tokenOffsets[row + 1]! - tokenOffsets[row]!;
    const tags = tagOffsets[row + 1]! - tagOffsets[row]!;
    if (tokens !== tags) {
      throw new PanxError(
        `${path}, row ${firstRow + row}: found ${tokens} tokens and ${tags} tags; expected one tag a token.`,
        {
          hint: rowHint,
        },
      );
    }
  }
}

/** (words) tag ids, each checked to be the number of a label. */
export function tagIdsOf({ path, firstRow }: Place, column: FlatList, labelNames: readonly string[]): Int32Array {
  const tagIds = new Int32Array(column.offsets.at(-1)!);
  let position = 0;
  for (const { values, from, to } of column.pieces) {
    const source = values.values as Int32Array | BigInt64Array;
    for (let i = from; i < to; i++) {
      const id = Number(source[i]);
      if (id < 0 || id >= labelNames.length) {
        const { row, word } = locate(column.offsets, position);
        throw new PanxError(
          `${path}, row ${firstRow + row}: word ${word} has tag id ${source[i]}; expected 0 to ${labelNames.length - 1} (${someLabels(labelNames)}).`,
          { hint: rowHint },
        );
      }
      tagIds[position++] = id;
    }
  }
  return tagIds;
}

/** The values of a list column one after the other, each checked to be UTF-8. */
export function textOf(place: Place, column: FlatList, which: Column): { textOffsets: Int32Array; text: Uint8Array } {
  const textOffsets = new Int32Array(column.offsets.at(-1)! + 1);
  const spans = column.pieces.map(({ values, from, to }) => {
    const offsets = values.valueOffsets as Int32Array | BigInt64Array;
    return { values, offsets, from, to, first: Number(offsets[from] ?? 0), last: Number(offsets[to] ?? 0) };
  });
  const text = new Uint8Array(spans.reduce((sum, { first, last }) => sum + last - first, 0));
  let word = 0;
  let byte = 0;
  for (const { values, offsets, from, to, first, last } of spans) {
    for (let i = from + 1; i <= to; i++) textOffsets[++word] = byte + Number(offsets[i]) - first;
    text.set((values.values as Uint8Array).subarray(first, last), byte);
    byte += last - first;
  }
  checkUtf8(place, column.offsets, textOffsets, text, which);
  checkWords(place, column.offsets, textOffsets);
  return { textOffsets, text };
}

/**
 * Where all text together is UTF-8 and each value begins with a character, each value is UTF-8. A zero byte beside others comes from UTF-16 in a column
 * of bytes; U+0000 alone is a word like any other control character.
 */
function checkUtf8(
  { path, firstRow }: Place,
  offsets: Int32Array,
  textOffsets: Int32Array,
  text: Uint8Array,
  { name }: Column,
): void {
  const begins = (offset: number) => offset === text.length || (text[offset]! & 0xc0) !== 0x80;
  if (isText(Buffer.from(text.buffer, text.byteOffset, text.length)) && textOffsets.every(begins)) return;
  for (let position = 0; position + 1 < textOffsets.length; position++) {
    const value = Buffer.from(text.subarray(textOffsets[position], textOffsets[position + 1]));
    if (isText(value) || value.equals(zeroByte)) continue;
    const { row, word } = locate(offsets, position);
    const at = wrongByte(value);
    const found = value[at] === 0 ? ' is 0' : `, 0x${value[at]!.toString(16).toUpperCase()}, is not UTF-8`;
    const place = `byte ${at + 1} of word ${word} of "${name}"`;
    throw new PanxError(`${path}, row ${firstRow + row}: ${place}${found}; expected text in UTF-8.`, {
      hint: utf8Hint,
    });
  }
}

const zeroByte = Buffer.from([0]);

/** The row, and the word within it, of a value of a list column: the last row that starts at or before it. */
export function locate(offsets: Int32Array, position: number): { row: number; word: number } {
  const after = offsets.findIndex(offset => offset > position);
  return { row: after - 1, word: position - offsets[after - 1]! };
}
