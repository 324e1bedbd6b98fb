import { writeFileSync } from 'node:fs';
import {
  Bool,
  Field,
  Float64,
  Int8,
  Int32,
  Int64,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableToIPC,
  Utf8,
} from 'apache-arrow';
import * as parquet from 'parquet-wasm';
import { type ColumnToWrite, panx, tags, words, writeParquet } from '../data/formats/parquet-fixture.js';
import type { Verdict } from './case.js';

/** Parquet files that are whole, and are not what a corpus should be. */
export interface OddParquet {
  name: string;
  verdict: Verdict;
  write(path: string): void;
  /** It is large when it is read, though small as a file. */
  bomb?: true;
}

const row = [
  ['Ada', 1],
  ['lives', 0],
  ['in', 0],
  ['London', 5],
] as const;

function odd(name: string, verdict: Verdict, columns: Record<string, ColumnToWrite>, huggingface?: string): OddParquet {
  return {
    name,
    verdict,
    write: path => void writeParquet(path, columns, huggingface === undefined ? {} : { huggingface }),
  };
}

const fine = panx([row, row, row]);
const long = Array.from({ length: 100_000 }, () => ['a', 0] as const);
const labels = (value: unknown) => JSON.stringify({ info: { features: { ner_tags: { feature: { names: value } } } } });

export const oddParquets: readonly OddParquet[] = [
  odd('sound rows', 'fine', fine),
  odd('a row without words', 'either', panx([row, [], row])),
  odd('no row', 'either', panx([])),
  odd('nothing but empty rows', 'either', panx([[], [], []])),
  odd('a null row', 'refuse', { tokens: words([['a'], null]), ner_tags: tags([[0n], [0n]]) }),
  odd('a null word', 'refuse', { tokens: words([['a', null]]), ner_tags: tags([[0n, 0n]]) }),
  odd('a null tag', 'refuse', { tokens: words([['a', 'b']]), ner_tags: tags([[0n, null]]) }),
  odd('fewer tags than words', 'refuse', { tokens: words([['a', 'b']]), ner_tags: tags([[0n]]) }),
  odd('a tag 7', 'refuse', panx([[['a', 7]]])),
  odd('a tag -1', 'refuse', panx([[['a', -1]]])),
  odd('a tag of 10^15', 'refuse', panx([[['a', 1e15]]])),
  odd('no column ner_tags', 'refuse', { tokens: words([['a']]) }),
  odd('no column tokens', 'refuse', { ner_tags: tags([[0n]]) }),
  odd('tags of text', 'refuse', { tokens: words([['a']]), ner_tags: words([['O']]) }),
  odd('tags of floats', 'refuse', { tokens: words([['a']]), ner_tags: tags([[0.5]], new Float64()) }),
  odd('tags of booleans', 'refuse', { tokens: words([['a']]), ner_tags: tags([[true]], new Bool()) }),
  odd('words of numbers', 'refuse', { tokens: tags([[1n]]), ner_tags: tags([[0n]]) }),
  odd('tags of int8', 'fine', { tokens: words([['a']]), ner_tags: tags([[1]], new Int8()) }),
  odd('tags of int32', 'fine', { tokens: words([['a']]), ner_tags: tags([[1]], new Int32()) }),
  odd(
    'an empty word',
    'either',
    panx([
      [
        ['', 1],
        ['a', 0],
      ],
    ]),
  ),
  odd(
    'words of white space',
    'either',
    panx([
      [
        [' ', 1],
        ['\n', 0],
        ['\t', 0],
      ],
    ]),
  ),
  odd(
    'control characters in words',
    'either',
    panx([
      [
        ['\u001b[31mred', 1],
        ['\u0000', 0],
        ['\u202e', 0],
        ['=cmd()', 0],
      ],
    ]),
  ),
  odd('a lone surrogate', 'either', panx([[['\ud800', 1]]])),
  odd('a word of a million letters', 'either', panx([[['a'.repeat(1_000_000), 1]]])),
  odd('a row of 100,000 words', 'either', panx([long])),
  odd('labels that are no list', 'refuse', fine, labels(5)),
  odd('labels null', 'either', fine, labels(null)),
  odd('no label', 'refuse', fine, labels([])),
  odd('a label twice', 'refuse', fine, labels(['O', 'B-PER', 'I-PER', 'B-ORG', 'I-ORG', 'B-LOC', 'B-LOC'])),
  odd('a label null', 'refuse', fine, labels(['O', null, 'I-PER', 'B-ORG', 'I-ORG', 'B-LOC', 'I-LOC'])),
  odd('labels of another corpus', 'either', fine, labels(['O', 'B-X', 'I-X', 'B-Y', 'I-Y', 'B-Z', 'I-Z'])),
  odd(
    'labels with control characters',
    'either',
    fine,
    labels(['O', 'B-\u001b[31m', 'I-\n', 'B-ORG', 'I-ORG', '|', '=1+1']),
  ),
  odd('metadata that is no JSON', 'either', fine, '{'),
  odd('metadata null', 'either', fine, 'null'),
  odd('metadata of 200,000 levels', 'either', fine, '['.repeat(200_000)),
  { name: 'a row of 10 million words', verdict: 'either', bomb: true, write: path => writeBomb(path, 1, 10_000_000) },
  { name: '20 million empty rows', verdict: 'either', bomb: true, write: path => writeBomb(path, 20_000_000, 0) },
  { name: '2 million rows of 5 words', verdict: 'either', bomb: true, write: path => writeBomb(path, 2_000_000, 5) },
];

/** Equal rows of equal words, a few hundred bytes in a file. */
function writeBomb(path: string, rows: number, wordsOfRow: number): void {
  const count = rows * wordsOfRow;
  const offsets = Int32Array.from({ length: rows + 1 }, (_, i) => i * wordsOfRow);
  const text = makeData({
    type: new Utf8(),
    length: count,
    nullCount: 0,
    valueOffsets: Int32Array.from({ length: count + 1 }, (_, i) => i),
    data: Buffer.alloc(count, 'a'),
  });
  const ids = makeData({ type: new Int64(), length: count, nullCount: 0, data: new BigInt64Array(count) });
  const lists = [text, ids].map(child => {
    const type = new List(new Field('item', child.type, true));
    return makeData({ type, length: rows, nullCount: 0, valueOffsets: offsets, child } as never);
  });
  const schema = new Schema([new Field('tokens', lists[0]!.type, true), new Field('ner_tags', lists[1]!.type, true)]);
  const batch = new RecordBatch(
    schema,
    makeData({ type: new Struct(schema.fields), length: rows, nullCount: 0, children: lists as never }),
  );
  const ipc = tableToIPC(new Table(schema, [batch]), 'stream');
  const properties = new parquet.WriterPropertiesBuilder().setCompression(parquet.Compression.ZSTD).build();
  writeFileSync(path, parquet.writeParquet(parquet.Table.fromIPCStream(ipc), properties));
}
