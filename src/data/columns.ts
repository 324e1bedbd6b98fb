import type { Data, Int64, List, Table, Utf8 } from 'apache-arrow';
import { arrow } from './arrow.js';

/**
 * The words and tags of a split as flat arrays, the form in which everything that counts or encodes walks over them.
 * Row i holds the words [offsets[i], offsets[i+1]); word w is the UTF-8 text [textOffsets[w], textOffsets[w+1]).
 */
export interface WordColumns {
  rows: number;
  /** (rows + 1), from 0. */
  offsets: Int32Array;
  /** (words) */
  tagIds: Int32Array;
  /** (words + 1), from 0. */
  textOffsets: Int32Array;
  /** UTF-8 of all words, one after the other. */
  text: Uint8Array;
}

/** The Arrow table of these columns, one record batch: tokens List<Utf8>, ner_tags List<Int64>. Texts are not copied. */
export function tableFromColumns(columns: WordColumns): Table {
  const words = columns.tagIds.length;
  // Arrow's integers are little-endian: a tag id, never negative, is the lower half of its 64 bits.
  const tagIds = new BigInt64Array(words);
  const lower = new Int32Array(tagIds.buffer);
  for (let w = 0; w < words; w++) lower[2 * w] = columns.tagIds[w]!;
  const tokens = list(
    columns,
    arrow.makeData({
      type: new arrow.Utf8(),
      length: words,
      nullCount: 0,
      valueOffsets: columns.textOffsets,
      data: columns.text,
    }),
  );
  const tags = list(columns, arrow.makeData({ type: new arrow.Int64(), length: words, nullCount: 0, data: tagIds }));
  const schema = new arrow.Schema([
    new arrow.Field('tokens', tokens.type, false),
    new arrow.Field('ner_tags', tags.type, false),
  ]);
  const data = arrow.makeData({
    type: new arrow.Struct(schema.fields),
    length: columns.rows,
    nullCount: 0,
    children: [tokens, tags],
  });
  return new arrow.Table(schema, [new arrow.RecordBatch(schema, data)]);
}

/**
 * The flat arrays behind a table that `tableFromColumns` made. Only the tag ids are copied (to 32 bits).
 *
 * @throws Error where the table is not of that form: one record batch, List<Utf8> and List<Int64>
 */
export function columnsOfTable(table: Table): WordColumns {
  const tokens = table.getChild('tokens')?.data ?? [];
  const tags = table.getChild('ner_tags')?.data ?? [];
  const words = tokens[0]?.children[0];
  const ids = tags[0]?.children[0];
  if (
    tokens.length !== 1 ||
    tags.length !== 1 ||
    !(words?.type instanceof arrow.Utf8) ||
    !(ids?.type instanceof arrow.Int64)
  ) {
    throw new Error('columnsOfTable takes a table of one record batch: tokens List<Utf8>, ner_tags List<Int64>');
  }
  const { buffer, byteOffset, length } = ids.values as BigInt64Array;
  const lower = new Int32Array(buffer, byteOffset, 2 * length);
  return {
    rows: table.numRows,
    offsets: tokens[0]!.valueOffsets as Int32Array,
    tagIds: new Int32Array(length).map((_, w) => lower[2 * w]!),
    textOffsets: words.valueOffsets as Int32Array,
    text: words.values as Uint8Array,
  };
}

/** Rows [from, to) of columns. Texts are not copied. */
export function sliceColumns(columns: WordColumns, from: number, to: number): WordColumns {
  const [first, end] = [columns.offsets[from]!, columns.offsets[to]!];
  const [start, stop] = [columns.textOffsets[first]!, columns.textOffsets[end]!];
  return {
    rows: to - from,
    offsets: columns.offsets.slice(from, to + 1).map(offset => offset - first),
    tagIds: columns.tagIds.subarray(first, end),
    textOffsets: columns.textOffsets.slice(first, end + 1).map(offset => offset - start),
    text: columns.text.subarray(start, stop),
  };
}

/** Some rows of columns, in the order given. @param chosen (n) row numbers */
export function takeColumns(columns: WordColumns, chosen: Int32Array): WordColumns {
  const { offsets, tagIds, textOffsets, text } = columns;
  const rows = chosen.length;
  const taken = new Int32Array(rows + 1);
  let bytes = 0;
  chosen.forEach((row, i) => {
    taken[i + 1] = taken[i]! + offsets[row + 1]! - offsets[row]!;
    bytes += textOffsets[offsets[row + 1]!]! - textOffsets[offsets[row]!]!;
  });
  const words = taken[rows]!;
  const whole: WordColumns = {
    rows,
    offsets: taken,
    tagIds: new Int32Array(words),
    textOffsets: new Int32Array(words + 1),
    text: new Uint8Array(bytes),
  };
  chosen.forEach((row, i) => {
    const [from, to, at] = [offsets[row]!, offsets[row + 1]!, taken[i]!];
    const [start, byte] = [textOffsets[from]!, whole.textOffsets[at]!];
    whole.tagIds.set(tagIds.subarray(from, to), at);
    whole.text.set(text.subarray(start, textOffsets[to]!), byte);
    for (let w = from; w < to; w++) whole.textOffsets[at + w - from + 1] = textOffsets[w + 1]! - start + byte;
  });
  return whole;
}

/** The columns of several files one after the other, as one. */
export function concatColumns(parts: readonly WordColumns[]): WordColumns {
  if (parts.length === 1) return parts[0]!;
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const words = parts.reduce((sum, part) => sum + part.tagIds.length, 0);
  const bytes = parts.reduce((sum, part) => sum + part.text.length, 0);
  const whole: WordColumns = {
    rows,
    offsets: new Int32Array(rows + 1),
    tagIds: new Int32Array(words),
    textOffsets: new Int32Array(words + 1),
    text: new Uint8Array(bytes),
  };
  let row = 0;
  let word = 0;
  let byte = 0;
  for (const part of parts) {
    for (let i = 1; i <= part.rows; i++) whole.offsets[row + i] = word + part.offsets[i]!;
    for (let w = 1; w <= part.tagIds.length; w++) whole.textOffsets[word + w] = byte + part.textOffsets[w]!;
    whole.tagIds.set(part.tagIds, word);
    whole.text.set(part.text, byte);
    row += part.rows;
    word += part.tagIds.length;
    byte += part.text.length;
  }
  return whole;
}

function list<T extends Utf8 | Int64>(columns: WordColumns, child: Data<T>): Data<List<T>> {
  const type = new arrow.List<T>(new arrow.Field('item', child.type, false));
  return arrow.makeData({ type, length: columns.rows, nullCount: 0, valueOffsets: columns.offsets, child });
}
