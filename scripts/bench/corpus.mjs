/** Shortened, repeated and joined corpora: PAN-X folders made of the first rows of others. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Table as ArrowTable, tableFromIPC, tableToIPC, vectorFromArray } from 'apache-arrow';
import { readParquet, Table, writeParquet } from 'parquet-wasm';
import { shardPaths } from '../../dist/data/shards.js';

/**
 * Write the first rows of a split into one parquet file; null takes all.
 *
 * @returns how many rows there are in it
 */
export async function cutSplit(data, lang, split, rows, path) {
  const cut = await firstRows(data, lang, split, rows);
  write(cut, path);
  return cut.numRows;
}

/** A corpus of a train split whose rows are each made of several: its first `rows * each` rows, `each` of them one after the other. */
export async function joinedCorpus(data, lang, rows, each, folder) {
  const source = await firstRows(data, lang, 'train', rows * each);
  if (source.numRows < rows * each) {
    throw new Error(`PAN-X ${lang} has ${source.numRows} rows to train on, but ${rows * each} were asked for.`);
  }
  const columns = source.schema.fields.map(({ name, type }) => {
    const lists = [...source.getChild(name)].map(list => [...list]);
    const joined = Array.from({ length: rows }, (_, row) => lists.slice(row * each, (row + 1) * each).flat());
    return [name, vectorFromArray(joined, type)];
  });
  const batches = new ArrowTable(Object.fromEntries(columns)).batches;
  write(new ArrowTable(source.schema, batches), join(folder, `PAN-X.${lang}`, 'train-00000-of-00001.parquet'));
  return folder;
}

async function firstRows(data, lang, split, rows) {
  const tables = (await shardPaths(data, lang, split)).map(file =>
    tableFromIPC(readParquet(readFileSync(file)).intoIPCStream()),
  );
  const whole = tables[0].concat(...tables.slice(1));
  return whole.slice(0, rows ?? whole.numRows);
}

function write(table, path) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, writeParquet(Table.fromIPCStream(tableToIPC(table, 'stream'))));
}

/** A corpus of some languages whose splits are cut: `rows` takes train, validation and test to their numbers of rows. */
export async function cutCorpus(data, langs, rows, folder) {
  for (const lang of langs) {
    for (const [split, count] of Object.entries(rows)) {
      await cutSplit(data, lang, split, count, join(folder, `PAN-X.${lang}`, `${split}-00000-of-00001.parquet`));
    }
  }
  return folder;
}

/**
 * A train split of any size out of several languages in equal parts, each one's rows taken again from the first when they run out:
 * one mixture whatever the size, so that only the size differs.
 *
 * @returns how many rows there are in it
 */
export async function mixedCorpus(data, langs, rows, lang, folder) {
  const parts = [];
  for (const [i, source] of langs.entries()) {
    let left = Math.floor((rows * (i + 1)) / langs.length) - Math.floor((rows * i) / langs.length);
    while (left > 0) {
      const path = join(folder, `PAN-X.${lang}`, `part-${parts.length}`);
      const written = await cutSplit(data, source, 'train', left, path);
      parts.push(path);
      left -= written;
    }
  }
  for (const [i, path] of parts.entries()) {
    const number = n => String(n).padStart(5, '0');
    renameSync(path, join(path, '..', `train-${number(i)}-of-${number(parts.length)}.parquet`));
  }
  return folder;
}
