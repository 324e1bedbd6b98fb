import { relative } from 'node:path';
import { checkTokenizerFiles } from '../checkpoint/folder.js';
import { checkWeights } from '../checkpoint/safetensors.js';
import type { Config } from '../config/schema.js';
import { openSplit } from '../data/corpus.js';
import { shardPaths } from '../data/shards.js';
import { type SplitName, splitNames } from '../data/splits.js';
import { type Checksums, checksumsOf } from '../system/checksums.js';
import { checkpointFiles } from './identity.js';

/**
 * Checksums of the files of the checkpoint that training starts from, all of whose weights are looked at meanwhile: those that the data does
 * not use go into what is trained, too.
 *
 * @throws PanxError where a weight is not a finite number, or the folder cannot be read
 */
export async function readStart(folder: string): Promise<Checksums> {
  await checkTokenizerFiles(folder);
  const [sums] = await Promise.all([checkpointFiles(folder), checkWeights(folder)]);
  return sums;
}

/**
 * Read every split of the languages, which checks it: a damaged file is found before hours of training.
 *
 * @returns the rows of each train split, and the SHA-256 of each file by its path inside `dataDir`.
 * @throws PanxError as `openSplit` and its `shards` do
 */
export async function readCorpus(
  dataDir: string,
  langs: readonly string[],
): Promise<{ trainRows: Record<string, number>; hashes: Checksums }> {
  const trainRows: Record<string, number> = {};
  const hashes: Checksums = {};
  for (const lang of langs) {
    for (const name of splitNames) {
      const { files, shards } = await openSplit(dataDir, lang, name);
      let rows = 0;
      for await (const { columns } of shards()) rows += columns.rows;
      if (name === 'train') trainRows[lang] = rows;
      for (const { path, sha256 } of files) hashes[inside(dataDir, path)] = sha256;
    }
  }
  return { trainRows, hashes };
}

/**
 * Checksums of the data files that a training by itself reads, by `PAN-X.<lang>/<file name>`; the files are not parsed.
 *
 * @throws PanxError where a language or a split is not there
 */
export async function dataFiles(config: Config, dataDir: string): Promise<Checksums> {
  const paths: string[] = [];
  for (const [lang, split] of splitsOf(config)) paths.push(...(await shardPaths(dataDir, lang, split)));
  return await checksumsOf(dataDir, [...new Set(paths.map(path => inside(dataDir, path)))]);
}

/** The splits that a training by itself reads: to train on, to score after each epoch, and to score at the end. */
export function splitsOf({ training, evaluation }: Config): [lang: string, split: SplitName][] {
  const each = (langs: readonly string[], split: SplitName) => langs.map((lang): [string, SplitName] => [lang, split]);
  const testLangs = evaluation.langs.length > 0 ? evaluation.langs : training.langs;
  return [
    ...each(training.langs, 'train'),
    ...(evaluation.enabled && evaluation.eachEpoch ? each(training.langs, 'validation') : []),
    ...(evaluation.enabled ? each(testLangs, 'test') : []),
  ];
}

function inside(dataDir: string, path: string): string {
  return relative(dataDir, path).replaceAll('\\', '/');
}
