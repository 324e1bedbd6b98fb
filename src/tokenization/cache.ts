import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Data, RecordBatch, Table } from 'apache-arrow';
import { arrow } from '../data/arrow.js';
import type { SplitSource } from '../data/corpus.js';
import { codeOf, messageOf } from '../errors.js';
import { notice } from '../system/console.js';
import { reasonOf, writeFileAtomic } from '../system/files.js';
import { removeOrphans } from '../system/temporary.js';
import { countLosses } from './losses.js';
import { type EncodedRows, type EncodeOptions, lossesOf, segmentLengths, segmentsFrom } from './rows.js';

/** Changes whenever the same inputs would give other tokens or another file. */
const formatVersion = 3;
const { version: engineVersion } = createRequire(import.meta.url)('tokenizers/package.json') as { version: string };

/** The tokens of a split, and the tag names that its files declare, so that who has them need not parse those. */
export interface EncodedParts {
  /** Its rows in parts, one after the other; at least one. */
  parts: readonly EncodedRows[];
  labelNames: readonly string[];
}

/** The cache file of a split: its name is the hash of all that determines the tokens. */
export function tokenCachePath(
  cacheDir: string,
  split: Pick<SplitSource, 'lang' | 'split' | 'files' | 'reading'>,
  tokenizer: { sha256: string },
  { maxLength, emptyWords, longRows }: EncodeOptions,
): string {
  const inputs = {
    formatVersion,
    engineVersion,
    tokenizer: tokenizer.sha256,
    data: split.files.map(file => file.sha256),
    reading: split.reading, // Of `data` there is none, and JSON leaves it out.
    maxLength,
    emptyWords,
    ...(longRows === 'split' ? { longRows } : {}), // What older versions left is found again.
  };
  const key = createHash('sha256').update(JSON.stringify(inputs)).digest('hex');
  return join(cacheDir, `${split.lang}-${split.split}-${key.slice(0, 32)}.arrow`);
}

/**
 * Read tokens back: an Arrow stream whose arrays are used where they lie, without a copy.
 *
 * @returns undefined where there is no such file, and where it is damaged, which is said, and the file removed
 */
export async function readTokenCache(path: string): Promise<EncodedParts | undefined> {
  try {
    return fromTable(arrow.tableFromIPC(checked(await readFile(path))));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    notice(`The token cache ${path} cannot be used (${reasonOf(error)}); encoding again.`);
    await rm(path, { force: true }).catch(() => {});
    return undefined;
  }
}

/** Write tokens, atomically. Where that fails the run goes on without a cache, and says so. */
export async function writeTokenCache(path: string, tokens: EncodedParts): Promise<void> {
  await removeOrphans(dirname(path));
  await writeFileAtomic(path, withChecksum(arrow.RecordBatchStreamWriter.writeAll(toTable(tokens)))).catch(
    (error: unknown) => {
      notice(`The tokens are not kept for the next run: ${messageOf(error)}`);
    },
  );
}

/** The pieces of a stream, and its SHA-256. They are views of the table's arrays, which take as much memory as all of it. */
async function* withChecksum(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  for await (const piece of stream) {
    hash.update(piece);
    yield piece;
  }
  yield hash.digest();
}

/**
 * The Arrow stream of a cache file, whose last 32 bytes are the stream's SHA-256 (an Arrow reader stops before them).
 * It is checked before Arrow sees a byte: a damaged length can keep Arrow's reader busy for ever.
 */
function checked(bytes: Buffer): Buffer {
  const stream = bytes.subarray(0, -32);
  if (!sha256(stream).equals(bytes.subarray(-32))) throw new Error('it is damaged: its checksum differs');
  return stream;
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

const subwordArrays = ['inputIds', 'labelIds', 'wordIds'] as const;
const labelNamesKey = 'labelNames';
const lossArrays = ['cutSubwords', 'cutWords', 'emptyWords'] as const;
const segmentLengthsName = 'segmentLengths';

/**
 * A record batch for each part: subwords List<Struct<inputIds, labelIds, wordIds>>, and per row what was lost; where rows were split, the
 * lengths of their segments, List<Int32>; the tag names as metadata.
 */
function toTable({ parts, labelNames }: EncodedParts): Table {
  const field = (name: string) => new arrow.Field(name, new arrow.Int32(), false);
  const struct = new arrow.Struct(subwordArrays.map(field));
  const list = new arrow.List(new arrow.Field('item', struct, false));
  const isSplit = parts.some(({ segments }) => segments !== undefined);
  const lengthsList = new arrow.List(field('item'));
  const schema = new arrow.Schema(
    [
      new arrow.Field('subwords', list, false),
      ...lossArrays.map(field),
      ...(isSplit ? [new arrow.Field(segmentLengthsName, lengthsList, false)] : []),
    ],
    new Map([[labelNamesKey, JSON.stringify(labelNames)]]),
  );
  const int32 = (values: Int32Array) =>
    arrow.makeData({ type: new arrow.Int32(), length: values.length, nullCount: 0, data: values });
  const batchOf = (part: EncodedRows): RecordBatch => {
    const losses = lossesOf(part);
    const { rows, offsets, inputIds } = part;
    const children = subwordArrays.map(name => int32(part[name]));
    const child = arrow.makeData({ type: struct, length: inputIds.length, nullCount: 0, children });
    const subwords = arrow.makeData({ type: list, length: rows, nullCount: 0, valueOffsets: offsets, child });
    const columns: Data[] = [subwords, ...lossArrays.map(name => int32(losses[name]))];
    if (isSplit) {
      const lengths = segmentLengths(part);
      const valueOffsets = part.segments?.ofRow ?? Int32Array.from({ length: rows + 1 }, (_, row) => row);
      const child = int32(Int32Array.from(lengths.flatMap(ofRow => [...ofRow])));
      columns.push(arrow.makeData({ type: lengthsList, length: rows, nullCount: 0, valueOffsets, child }));
    }
    const type = new arrow.Struct(schema.fields);
    return new arrow.RecordBatch(schema, arrow.makeData({ type, length: rows, nullCount: 0, children: columns }));
  };
  return new arrow.Table(schema, parts.map(batchOf));
}

/** @throws Error where the table is not of that form */
function fromTable(table: Table): EncodedParts {
  const labelNames = table.schema.metadata.get(labelNamesKey);
  if (labelNames === undefined) throw new Error('it does not name the tags');
  if (table.batches.length === 0) throw new Error('it holds no rows');
  return { parts: table.batches.map(partOf), labelNames: JSON.parse(labelNames) as string[] };
}

function partOf(batch: RecordBatch): EncodedRows {
  const column = (name: string): Data => {
    const data = batch.getChild(name)?.data[0];
    if (data === undefined) throw new Error(`it has no column ${name}`);
    return data;
  };
  // In a stream every buffer is padded to 8 bytes: a view of its own length leaves the padding out.
  const int32 = (data: Data | undefined): Int32Array => {
    if (!(data?.values instanceof Int32Array)) throw new Error('a column is missing or not of 32-bit integers');
    return data.values.subarray(0, data.length);
  };
  const subwords = column('subwords');
  const [inputIds, labelIds, wordIds] = subwordArrays.map((_, i) => int32(subwords.children[0]?.children[i]));
  const [cutSubwords, cutWords, emptyWords] = lossArrays.map(name => int32(column(name)));
  const losses = { cutSubwords: cutSubwords!, cutWords: cutWords!, emptyWords: emptyWords! };
  return {
    rows: batch.numRows,
    offsets: (subwords.valueOffsets as Int32Array).subarray(0, batch.numRows + 1),
    inputIds: inputIds!,
    labelIds: labelIds!,
    wordIds: wordIds!,
    ...countLosses(losses),
    losses,
    ...(batch.getChild(segmentLengthsName) === null ? {} : segmentsOf(column(segmentLengthsName), int32)),
  };
}

function segmentsOf(column: Data, int32: (data: Data | undefined) => Int32Array): Pick<EncodedRows, 'segments'> {
  const lengths = int32(column.children[0]);
  const ofRow = (column.valueOffsets as Int32Array).subarray(0, column.length + 1);
  return segmentsFrom(Array.from({ length: column.length }, (_, row) => lengths.subarray(ofRow[row], ofRow[row + 1])));
}
