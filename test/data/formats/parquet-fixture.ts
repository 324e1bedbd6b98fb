import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type DataType,
  Field,
  Int64,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableToIPC,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import * as parquet from 'parquet-wasm';

/** Where the real PAN-X files are, for tests that skip without them. */
export const sharedFolder = fileURLToPath(new URL('../../../../shared/', import.meta.url));

/** A column of a file to write: one value a row, and the Arrow type of each row. */
export interface ColumnToWrite {
  type: DataType;
  rows: readonly unknown[];
}

export const listOf = (element: DataType) => new List(new Field('item', element, true));
export const words = (rows: readonly unknown[], element: DataType = new Utf8()): ColumnToWrite => ({
  type: listOf(element),
  rows,
});
export const tags = (rows: readonly unknown[], element: DataType = new Int64()): ColumnToWrite => ({
  type: listOf(element),
  rows,
});

/** Write a parquet file; `batchRows` splits it into record batches. Returns its path. */
export function writeParquet(
  path: string,
  columns: Record<string, ColumnToWrite>,
  options: { huggingface?: string; batchRows?: number } = {},
): string {
  const names = Object.keys(columns);
  const rows = columns[names[0]!]!.rows.length;
  const schema = new Schema(
    names.map(name => new Field(name, columns[name]!.type, true)),
    options.huggingface === undefined ? undefined : new Map([['huggingface', options.huggingface]]),
  );
  const batchRows = options.batchRows ?? Math.max(rows, 1);
  const batches: RecordBatch[] = [];
  for (let from = 0; from < Math.max(rows, 1); from += batchRows) {
    const part = (name: string) => columns[name]!.rows.slice(from, from + batchRows);
    const children = names.map(name => vectorFromArray(part(name), columns[name]!.type).data[0]!);
    const length = part(names[0]!).length;
    batches.push(
      new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length, nullCount: 0, children })),
    );
  }
  const table = parquet.Table.fromIPCStream(tableToIPC(new Table(schema, batches), 'stream'));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, parquet.writeParquet(table));
  return path;
}

/** Rows of [token, tag id] pairs as the two columns of PAN-X. */
export function panx(rows: readonly (readonly (readonly [string, number])[])[]): Record<string, ColumnToWrite> {
  return {
    tokens: words(rows.map(row => row.map(([token]) => token))),
    ner_tags: tags(rows.map(row => row.map(([, tag]) => BigInt(tag)))),
  };
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'panx-test-'));
}
