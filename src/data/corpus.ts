import type { Table } from 'apache-arrow';
import type { Corpora, TagScheme } from '../config/corpora.js';
import { PanxError } from '../errors.js';
import { reasonOf, sha256OfFile } from '../system/files.js';
import { columnsOfTable, concatColumns, tableFromColumns, type WordColumns } from './columns.js';
import { readShard, type Shard } from './formats/parquet.js';
import { sameLabels, someLabels } from './labels.js';
import { openNamedSplit } from './named-corpus.js';
import { shardPaths } from './shards.js';
import type { SplitName } from './splits.js';

export interface SourceFile {
  path: string;
  /** What records call a file of a named corpus: `conll=de/test/deu.testb`; absent of one of `data`, whose path inside that folder it is. */
  name?: string;
  /** SHA-256 of the file's bytes, in hexadecimal. */
  sha256: string;
}

/** A split that was found and hashed, and is parsed file by file, so that a large one need never be in memory whole. */
export interface SplitSource {
  lang: string;
  split: SplitName;
  /** One after the other by name. */
  files: SourceFile[];
  /** SHA-256 of all that determines, beside its files, what a named corpus reads in them. */
  reading?: string;
  /**
   * Its files in turn, each read when it is asked for, with the tag names of the first.
   *
   * @throws PanxError for everything that `readShard` checks, for files that disagree about the tag names or are not those that were
   *   hashed, and, after the last, for a split without rows
   */
  shards(): AsyncIterable<Shard>;
}

/** What was made of the files of a named corpus. */
export interface Reading {
  /** The scheme of its tags, which were converted to IOB2. */
  scheme: TagScheme;
  /** Tags that have another name than in the file. */
  changedTags: number;
  /** Lines -DOCSTART-, which were dropped. */
  documentMarks: number;
  /** Lines for several words, or for none of the text (CoNLL-U), which were dropped. */
  otherLines: number;
}

/** One split of one language, whole and checked: every row has as many tags as tokens, every tag id has a name. */
export interface Split {
  lang: string;
  split: SplitName;
  /** The tag names, in the order of their ids. */
  labelNames: readonly string[];
  rows: number;
  files: SourceFile[];
  /** How the files of a named corpus were read. */
  reading?: Reading;
  /** tokens List<Utf8>, ner_tags List<Int64>; one record batch, so `splitColumns` gives its flat arrays. */
  table: Table;
}

/**
 * Find a split: the files `PAN-X.<lang>/<split>-*.parquet` of the folder of `data`, or, of a language `name=lang`, those of that corpus.
 *
 * @throws PanxError as `shardPaths` and `openNamedSplit` do, and where a file cannot be read
 */
export async function openSplit(
  dataDir: string,
  lang: string,
  split: SplitName,
  corpora: Corpora = {},
): Promise<SplitSource> {
  if (lang.includes('=')) return await openNamedSplit(corpora, lang, split);
  const hashed = async (path: string): Promise<SourceFile> => {
    const sha256 = await sha256OfFile(path).catch((error: unknown) => {
      throw new PanxError(`${path} cannot be read: ${reasonOf(error)}.`, { cause: error });
    });
    return { path, sha256 };
  };
  const files: SourceFile[] = [];
  // One after the other: thousands of files cannot be open together, and hashing keeps one thread busy anyway.
  for (const path of await shardPaths(dataDir, lang, split)) files.push(await hashed(path));
  return { lang, split, files, shards: () => readShards(lang, split, files) };
}

async function* readShards(lang: string, split: SplitName, files: readonly SourceFile[]): AsyncGenerator<Shard> {
  let rows = 0;
  let labels: { names: readonly string[]; path: string } | undefined;
  for (const { path, sha256 } of files) {
    const shard = await readShard(path);
    if (shard.sha256 !== sha256) {
      throw new PanxError(`${path} was changed while it was read.`, { hint: 'Start again once it is whole.' });
    }
    labels ??= { names: shard.labelNames, path };
    if (!sameLabels(shard.labelNames, labels.names)) {
      throw new PanxError(
        `${path} names its tags ${someLabels(shard.labelNames)}; expected ${someLabels(labels.names)}, as in ${labels.path}.`,
        { hint: 'Keep the files of one download and remove the others.' },
      );
    }
    rows += shard.columns.rows;
    yield shard;
  }
  if (rows > 0) return;
  throw new PanxError(
    `${files.map(({ path }) => path).join(', ')}: the ${split} split of ${lang} has no rows; expected at least one.`,
    { hint: 'Fetch the file again.' },
  );
}

/** Read a split whole. @throws PanxError as `openSplit` and its `shards` do */
export async function loadSplit(
  dataDir: string,
  lang: string,
  split: SplitName,
  corpora: Corpora = {},
): Promise<Split> {
  const { files, shards } = await openSplit(dataDir, lang, split, corpora);
  const read: Shard[] = [];
  for await (const shard of shards()) read.push(shard);
  const columns = concatColumns(read.map(shard => shard.columns));
  const readings = read.flatMap(({ reading }) => reading ?? []);
  return {
    ...{ lang, split, labelNames: read[0]!.labelNames, rows: columns.rows, files },
    ...(readings.length === 0 ? {} : { reading: sumOfReadings(readings) }),
    table: tableFromColumns(columns),
  };
}

/** How several files of a corpus were read. */
function sumOfReadings(readings: readonly Reading[]): Reading {
  const sum = (of: (reading: Reading) => number) => readings.reduce((total, reading) => total + of(reading), 0);
  return {
    scheme: readings[0]!.scheme,
    changedTags: sum(({ changedTags }) => changedTags),
    documentMarks: sum(({ documentMarks }) => documentMarks),
    otherLines: sum(({ otherLines }) => otherLines),
  };
}

/** The flat arrays behind a split's table. */
export function splitColumns(split: Split): WordColumns {
  return columnsOfTable(split.table);
}

/** The words of rows [from, to) as strings, one array a row. */
export function readWords(columns: WordColumns, from: number, to: number): string[][] {
  const text = Buffer.from(columns.text.buffer, columns.text.byteOffset, columns.text.byteLength);
  const rows: string[][] = [];
  for (let row = from; row < to; row++) {
    const words: string[] = [];
    for (let w = columns.offsets[row]!; w < columns.offsets[row + 1]!; w++) {
      words.push(text.toString('utf8', columns.textOffsets[w]!, columns.textOffsets[w + 1]!));
    }
    rows.push(words);
  }
  return rows;
}

/** One example. @throws PanxError where the split has no such row. */
export function readExample(split: Split, row: number): { tokens: string[]; tagIds: number[] } {
  if (!Number.isInteger(row) || row < 0 || row >= split.rows) {
    throw new PanxError(
      `The ${split.split} split of ${split.lang} has no row ${row}; its ${split.rows} rows are numbered 0 to ${split.rows - 1}.`,
    );
  }
  const tokens = split.table.getChild('tokens')!.get(row) as Iterable<string>;
  const tagIds = split.table.getChild('ner_tags')!.get(row) as Iterable<bigint>;
  return { tokens: [...tokens], tagIds: Array.from(tagIds, Number) };
}
