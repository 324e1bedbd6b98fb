import { relative } from 'node:path';
import type { Corpora } from '../config/corpora.js';
import type { Config } from '../config/schema.js';
import { openSplit, type SourceFile } from '../data/corpus.js';
import { idsAmong, sameLabels, someLabels } from '../data/labels.js';
import { namedFiles } from '../data/named-files.js';
import type { ResplitCounts } from '../data/resplit.js';
import { indexed, type RowIndex } from '../data/row-index.js';
import { type NamedRows, nameRows, type RowSet, selectRows } from '../data/row-sets.js';
import { shardPaths } from '../data/shards.js';
import type { SplitName } from '../data/splits.js';
import { PanxError } from '../errors.js';
import type { Checksums } from '../system/checksums.js';
import { listeningOf } from './listening.js';
import { endSplitOf, scoredSet, trainingSetsOf } from './row-settings.js';

/** A split by its content. */
export interface SplitContents {
  index: RowIndex;
  /** SHA-256 of its files: see `filesInside`. */
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
  corpora: Corpora = {},
): Promise<CorpusContents> {
  const contents = new Map<string, SplitContents>();
  for (const [lang, split] of splits) {
    const source = indexed(await openSplit(dataDir, lang, split, corpora));
    contents.set(`${lang}/${split}`, { index: await source.index(), files: filesInside(dataDir, source.files) });
  }
  // Hours may lie between the first training and what is scored after it.
  checkOneTagSet(splits.map(([lang, split]) => ({ lang, split, ...contents.get(`${lang}/${split}`)!.index })));
  return contentsIn(contents);
}

/** A split, and the names of its tags in the order of their ids. */
interface TaggedSplit {
  lang: string;
  split: SplitName;
  labelNames: readonly string[];
}

/**
 * Check that splits have one set of tags; its order may differ.
 *
 * @returns for each split the ids that its tags have in the first; null where they are the same
 * @throws PanxError naming the first split that has other tags, and both sets
 */
export function checkOneTagSet(splits: readonly TaggedSplit[]): (Int32Array | null)[] {
  return splits.map(({ lang, split, labelNames }) => {
    const first = splits[0]!;
    if (sameLabels(labelNames, first.labelNames)) return null;
    const ids = idsAmong(labelNames, first.labelNames);
    if (ids !== null) return ids;
    throw new PanxError(
      `${lang} ${split} is tagged with ${someLabels(labelNames)}; ${first.lang} ${first.split} with ${someLabels(first.labelNames)}.`,
      { hint: 'Train and score on corpora with one set of tags.' },
    );
  });
}

/** Contents by `<lang>/<split>` as a function that must find them. */
export function contentsIn(contents: ReadonlyMap<string, SplitContents>): CorpusContents {
  return (lang, split) => {
    const found = contents.get(`${lang}/${split}`);
    if (found === undefined) throw new Error(`the contents of ${lang} ${split} are not known`);
    return found;
  };
}

/** Checksums of data files, by `PAN-X.<lang>/<file name>`, or, of a named corpus, `<name>=<lang>/<split>/<file name>`. */
export function filesInside(dataDir: string, files: readonly SourceFile[]): Checksums {
  const nameOf = ({ path, name }: SourceFile) => name ?? relative(dataDir, path).replaceAll('\\', '/');
  return Object.fromEntries(files.map(file => [nameOf(file), file.sha256]));
}

/** Look whether all splits that a training by itself reads are there. @throws PanxError where one is not */
export async function findSplits(config: Config, dataDir: string): Promise<void> {
  for (const [lang, split] of splitsOf(config)) {
    if (lang.includes('=')) await namedFiles(config.corpora, lang, split);
    else await shardPaths(dataDir, lang, split);
  }
}

/** The splits that a training by itself reads: to train on, to score after each epoch, and to score at the end. */
export function splitsOf(config: Config): [lang: string, split: SplitName][] {
  const { training } = config;
  const of = (langs: readonly string[], split: SplitName) => langs.map((lang): [string, SplitName] => [lang, split]);
  return [
    ...of(training.langs, 'train'),
    // What a re-split holds out is of the train splits.
    ...(training.resplit ? [] : of(epochScoredLangs(config), 'validation')),
    ...of(langsAtEnd(config), endSplitOf(config)),
  ];
}

/** The languages that are scored after each epoch. What training listens to is, whatever else is. */
export function epochScoredLangs(config: Config): string[] {
  const { training, evaluation } = config;
  const asked = evaluation.enabled && evaluation.eachEpoch ? training.langs : [];
  return [...new Set([...asked, ...(listeningOf(config)?.splits ?? []).map(({ lang }) => lang)])];
}

/** The languages that are scored at the end. */
export function langsAtEnd({ training, evaluation }: Config): string[] {
  if (!evaluation.enabled || !evaluation.atEnd) return [];
  return evaluation.langs.length > 0 ? evaluation.langs : training.langs;
}

/** The same rows by name and content. */
export function namedRowsOf(
  config: Config,
  contentOf: CorpusContents,
): Record<'training' | 'validation' | 'test', NamedRows[]> {
  const sets = rowSetsOf(config, (lang, split) => contentOf(lang, split).index);
  const named = (of: readonly RowSet[]) => of.map(set => nameRows(set, contentOf(set.lang, set.split).index));
  return { training: named(sets.training), validation: named(sets.validation), test: named(sets.test) };
}

/** The rows that a configuration trains on, scores after each epoch, and scores at the end. */
export interface RunRows extends Record<'training' | 'validation' | 'test', RowSet[]> {
  /** How many rows a re-split leaves where; null without one. */
  resplit: ResplitCounts | null;
}

/** @param indexOf of a split: its rows, and the words of each. @throws PanxError as `trainingSetsOf` does */
export function rowSetsOf(
  config: Config,
  indexOf: (lang: string, split: SplitName) => Pick<RowIndex, 'rows' | 'lengths'>,
): RunRows {
  const { training, held, resplit } = trainingSetsOf(config, indexOf);
  const scored = (langs: readonly string[], split: SplitName): RowSet[] =>
    langs.map(lang => scoredSet(config, lang, split, indexOf(lang, split).rows));
  const afterEpochs = epochScoredLangs(config);
  return {
    training,
    validation:
      resplit === null ? scored(afterEpochs, 'validation') : held.filter(({ lang }) => afterEpochs.includes(lang)),
    test: scored(langsAtEnd(config), endSplitOf(config)),
    resplit,
  };
}

/** How many rows of each language a configuration trains on. @throws PanxError as `trainingSetsOf` does */
export function trainingRowCounts(config: Config, contentOf: CorpusContents): number[] {
  const { training } = trainingSetsOf(config, (lang, split) => contentOf(lang, split).index);
  return training.map(({ lang, steps }) => selectRows(contentOf(lang, 'train').index.rows, steps).length);
}
