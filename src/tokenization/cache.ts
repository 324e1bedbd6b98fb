import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import {
  type Data,
  Field,
  Int32,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableFromIPC,
  tableToIPC,
} from 'apache-arrow';
import type { Split } from '../data/corpus.js';
import { codeOf, messageOf } from '../errors.js';
import { notice } from '../run/console.js';
import { writeFileAtomic } from '../run/files.js';
import type { EncodedRows, EncodeOptions } from './encode.js';
import { countLosses, noLosses, type RowLosses } from './losses.js';
import type { SubwordTokenizer } from './tokenizer.js';

/** Changes whenever the same inputs would give other tokens or another file. */
const formatVersion = 1;
const { version: engineVersion } = createRequire(import.meta.url)('tokenizers/package.json') as { version: string };

/** The cache file of a split: its name is the hash of all that determines the tokens. */
export function tokenCachePath(
  cacheDir: string,
  split: Split,
  tokenizer: SubwordTokenizer,
  { maxLength, emptyWords }: EncodeOptions,
): string {
  const inputs = {
    formatVersion,
    engineVersion,
    tokenizer: tokenizer.sha256,
    data: split.files.map(file => file.sha256),
    maxLength,
    emptyWords,
  };
  const key = createHash('sha256').update(JSON.stringify(inputs)).digest('hex');
  return join(cacheDir, `${split.lang}-${split.split}-${key.slice(0, 32)}.arrow`);
}

/**
 * Read tokens back: an Arrow file whose arrays are used where they lie, without a copy.
 *
 * @returns undefined where there is no such file, and where it is damaged (which is said, and the file removed)
 */
export async function readTokenCache(path: string, rows: number): Promise<EncodedRows | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT')
      notice(`The token cache ${path} cannot be read (${messageOf(error)}); encoding again.`);
    return undefined;
  }
  try {
    const encoded = fromTable(tableFromIPC(bytes));
    if (encoded.rows !== rows) throw new Error(`it has ${encoded.rows} rows, not ${rows}`);
    return encoded;
  } catch (error) {
    notice(`The token cache ${path} is damaged (${messageOf(error)}); encoding again.`);
    await rm(path, { force: true }).catch(() => {});
    return undefined;
  }
}

/** Write tokens, atomically. Where that fails the run goes on without a cache, and says so. */
export async function writeTokenCache(path: string, encoded: EncodedRows): Promise<void> {
  await writeFileAtomic(path, tableToIPC(toTable(encoded), 'file')).catch((error: unknown) => {
    notice(`The tokens are not kept for the next run: ${messageOf(error)}`);
  });
}

const subwordArrays = ['inputIds', 'labelIds', 'wordIds'] as const;
const lossArrays = ['cutSubwords', 'cutWords', 'emptyWords'] as const;

/** One record batch: subwords List<Struct<inputIds, labelIds, wordIds>>, and per row what was lost. */
function toTable(encoded: EncodedRows): Table {
  const losses = encoded.losses ?? noLosses(encoded.rows);
  const int32 = (values: Int32Array) =>
    makeData({ type: new Int32(), length: values.length, nullCount: 0, data: values });
  const field = (name: string) => new Field(name, new Int32(), false);
  const struct = new Struct(subwordArrays.map(field));
  const child = makeData({
    type: struct,
    length: encoded.inputIds.length,
    nullCount: 0,
    children: subwordArrays.map(name => int32(encoded[name])),
  });
  const type = new List(new Field('item', struct, false));
  const subwords = makeData({ type, length: encoded.rows, nullCount: 0, valueOffsets: encoded.offsets, child });
  const schema = new Schema(
    [new Field('subwords', type, false), ...lossArrays.map(field)],
    new Map([['sha256', checksum(encoded, losses)]]),
  );
  const data = makeData({
    type: new Struct(schema.fields),
    length: encoded.rows,
    nullCount: 0,
    children: [subwords, ...lossArrays.map(name => int32(losses[name]))],
  });
  return new Table(schema, [new RecordBatch(schema, data)]);
}

/** @throws Error where the table is not of that form or its arrays are not those that were written */
function fromTable(table: Table): EncodedRows {
  const column = (name: string): Data => {
    const chunks = table.getChild(name)?.data ?? [];
    if (chunks.length !== 1) throw new Error(`column ${name} has ${chunks.length} parts, not 1`);
    return chunks[0]!;
  };
  const subwords = column('subwords');
  const [inputIds, labelIds, wordIds] = subwordArrays.map(
    (_, i) => subwords.children[0]?.children[i]?.values as Int32Array,
  );
  const [cutSubwords, cutWords, emptyWords] = lossArrays.map(name => column(name).values as Int32Array);
  const losses = { cutSubwords: cutSubwords!, cutWords: cutWords!, emptyWords: emptyWords! };
  const encoded: EncodedRows = {
    rows: table.numRows,
    offsets: subwords.valueOffsets as Int32Array,
    inputIds: inputIds!,
    labelIds: labelIds!,
    wordIds: wordIds!,
    ...countLosses(losses),
    losses,
  };
  if (table.schema.metadata.get('sha256') !== checksum(encoded, losses)) throw new Error('its checksum differs');
  return encoded;
}

function checksum(encoded: EncodedRows, losses: RowLosses): string {
  const hash = createHash('sha256');
  const arrays = [
    encoded.offsets,
    ...subwordArrays.map(name => encoded[name]),
    ...lossArrays.map(name => losses[name]),
  ];
  for (const array of arrays) hash.update(`${array.length} `).update(array);
  return hash.digest('hex');
}
