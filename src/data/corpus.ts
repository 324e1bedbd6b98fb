import type { Table } from 'apache-arrow';
import { PanxError } from '../errors.js';
import type { SplitName } from '../hub/wanted.js';
import { reasonOf, sha256OfFile } from '../run/files.js';
import { columnsOfTable, concatColumns, tableFromColumns, type WordColumns } from './columns.js';
import { readShard } from './parquet.js';
import { shardPaths } from './shards.js';

export { type SplitName, splitNames } from '../hub/wanted.js';
export { availableLangs } from './shards.js';

export interface SourceFile {
  path: string;
  /** SHA-256 of the file's bytes, in hexadecimal. */
  sha256: string;
}

/** One split of one language, whole and checked: every row has as many tags as tokens, every tag id has a name. */
export interface Split {
  lang: string;
  split: SplitName;
  /** The tag names, in the order of their ids. */
  labelNames: readonly string[];
  rows: number;
  files: SourceFile[];
  /** tokens List<Utf8>, ner_tags List<Int64>; one record batch, so `splitColumns` gives its flat arrays. */
  table: Table;
}

/**
 * Read a split of PAN-X: the files `PAN-X.<lang>/<split>-*.parquet` of `dataDir`, one after the other by name.
 *
 * @throws PanxError naming file, row, found and expected, for everything that `shardPaths` and `readShard` check, for a
 *   split without rows and for files that disagree about the tag names
 */
export async function loadSplit(dataDir: string, lang: string, split: SplitName): Promise<Split> {
  const shards = await Promise.all((await shardPaths(dataDir, lang, split)).map(readShard));
  const { labelNames, path: firstPath } = shards[0]!;
  for (const shard of shards) {
    if (shard.labelNames.join(' ') !== labelNames.join(' ')) {
      throw new PanxError(
        `${shard.path} names its tags ${shard.labelNames.join(' ')}; expected ${labelNames.join(' ')}, as in ${firstPath}.`,
        { hint: 'Keep the files of one download and remove the others.' },
      );
    }
  }
  const columns = concatColumns(shards.map(shard => shard.columns));
  if (columns.rows === 0) {
    throw new PanxError(
      `${shards.map(shard => shard.path).join(', ')}: the ${split} split of ${lang} has no rows; expected at least one.`,
      { hint: 'Fetch the file again.' },
    );
  }
  return {
    lang,
    split,
    labelNames,
    rows: columns.rows,
    files: shards.map(({ path, sha256 }) => ({ path, sha256 })),
    table: tableFromColumns(columns),
  };
}

/** The files of a split with their checksums, without parsing them. @throws PanxError as `shardPaths` does, and where one cannot be read */
export async function splitFiles(dataDir: string, lang: string, split: SplitName): Promise<SourceFile[]> {
  const hashed = async (path: string): Promise<SourceFile> => {
    const sha256 = await sha256OfFile(path).catch((error: unknown) => {
      throw new PanxError(`${path} cannot be read: ${reasonOf(error)}.`, { cause: error });
    });
    return { path, sha256 };
  };
  return await Promise.all((await shardPaths(dataDir, lang, split)).map(hashed));
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
