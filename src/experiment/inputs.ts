import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { checkTokenizerFiles } from '../checkpoint/folder.js';
import { checkWeights } from '../checkpoint/safetensors.js';
import type { Config } from '../config/schema.js';
import { openSplit, type SourceFile } from '../data/corpus.js';
import { indexed, type RowIndex } from '../data/row-index.js';
import { limitSteps, type NamedRows, nameRows, type RowSet, subsetSteps } from '../data/row-sets.js';
import { shardPaths } from '../data/shards.js';
import type { SplitName } from '../data/splits.js';
import { PanxError } from '../errors.js';
import { isPartOfModel } from '../run/model-files.js';
import { checksumsInBackground } from '../system/background-hash.js';
import type { Checksums } from '../system/checksums.js';
import { reasonOf } from '../system/files.js';

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

/** Checksums of the files of a checkpoint folder that make the model: weights, config and tokenizer. */
export async function checkpointFiles(folder: string): Promise<Checksums> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    throw new PanxError(`The checkpoint folder ${folder} cannot be read: ${reasonOf(error)}.`, { cause: error });
  }
  const parts = names.filter(isPartOfModel).sort();
  for (const name of parts) await refuseOther(join(folder, name));
  return await checksumsInBackground(folder, parts);
}

/** A device or a pipe under the name of a file might be read without end. */
async function refuseOther(path: string): Promise<void> {
  const found = await stat(path).catch((error: unknown) => {
    throw new PanxError(`${path} cannot be read: ${reasonOf(error)}.`, { cause: error });
  });
  if (!found.isFile()) throw new PanxError(`${path} cannot be read: it is no file.`);
}

/** A split by its content. */
export interface SplitContents {
  index: RowIndex;
  /** SHA-256 of its files, by `PAN-X.<lang>/<file name>`. */
  files: Checksums;
}

/** Splits by their contents. */
export type CorpusContents = (lang: string, split: string) => SplitContents;

/**
 * Find out what splits hold. What was never read before is read, which checks it.
 *
 * @throws PanxError as `openSplit` and its `shards` do
 */
export async function readCorpus(
  dataDir: string,
  splits: readonly (readonly [lang: string, split: SplitName])[],
): Promise<CorpusContents> {
  const contents = new Map<string, SplitContents>();
  for (const [lang, split] of splits) {
    const source = indexed(await openSplit(dataDir, lang, split));
    contents.set(`${lang}/${split}`, { index: await source.index(), files: filesInside(dataDir, source.files) });
  }
  return contentsIn(contents);
}

/** Contents by `<lang>/<split>` as a function that must find them. */
export function contentsIn(contents: ReadonlyMap<string, SplitContents>): CorpusContents {
  return (lang, split) => {
    const found = contents.get(`${lang}/${split}`);
    if (found === undefined) throw new Error(`the contents of ${lang} ${split} are not known`);
    return found;
  };
}

/** Checksums of data files, by `PAN-X.<lang>/<file name>`. */
export function filesInside(dataDir: string, files: readonly SourceFile[]): Checksums {
  return Object.fromEntries(files.map(({ path, sha256 }) => [relative(dataDir, path).replaceAll('\\', '/'), sha256]));
}

/** Look whether all splits that a training by itself reads are there. @throws PanxError where one is not */
export async function findSplits(config: Config, dataDir: string): Promise<void> {
  for (const [lang, split] of splitsOf(config)) await shardPaths(dataDir, lang, split);
}

/** The splits that a training by itself reads: to train on, to score after each epoch, and to score at the end. */
export function splitsOf(config: Config): [lang: string, split: SplitName][] {
  const { training, validation, test } = rowSetsOf(config, () => Number.POSITIVE_INFINITY);
  return [...training, ...validation, ...test].map(({ lang, split }) => [lang, split]);
}

/** The same rows by name and content. */
export function namedRowsOf(
  config: Config,
  contentOf: CorpusContents,
): Record<'training' | 'validation' | 'test', NamedRows[]> {
  const sets = rowSetsOf(config, (lang, split) => contentOf(lang, split).index.rows);
  const named = (of: readonly RowSet[]) => of.map(set => nameRows(set, contentOf(set.lang, set.split).index));
  return { training: named(sets.training), validation: named(sets.validation), test: named(sets.test) };
}

/** The rows that a configuration trains on, scores after each epoch, and scores at the end. @param rowsOf how many a split has */
export function rowSetsOf(
  { training, evaluation }: Config,
  rowsOf: (lang: string, split: SplitName) => number,
): Record<'training' | 'validation' | 'test', RowSet[]> {
  const scored = (langs: readonly string[], split: SplitName): RowSet[] =>
    langs.map(lang => ({ lang, split, steps: limitSteps(evaluation.limit, rowsOf(lang, split)) }));
  const testLangs = evaluation.langs.length > 0 ? evaluation.langs : training.langs;
  return {
    training: training.langs.map(lang => ({
      lang,
      split: 'train',
      steps: subsetSteps({ ...training, size: sizeOf(training, lang) }),
    })),
    validation: evaluation.enabled && evaluation.eachEpoch ? scored(training.langs, 'validation') : [],
    test: evaluation.enabled && evaluation.atEnd ? scored(testLangs, 'test') : [],
  };
}

/** The rows that are taken of a language's train split; null takes all. */
export function sizeOf({ size, sizes }: Pick<Config['training'], 'size' | 'sizes'>, lang: string): number | null {
  return sizes[lang] ?? size;
}
