import { takeRows } from '../batching/batches.js';
import type { Corpora } from '../config/corpora.js';
import type { Config } from '../config/schema.js';
import { openSplit, type SourceFile, type SplitSource } from '../data/corpus.js';
import type { ResplitCounts } from '../data/resplit.js';
import { indexed } from '../data/row-index.js';
import { limitSteps, type Part, type RowSet, selectRows } from '../data/row-sets.js';
import type { SplitName } from '../data/splits.js';
import { PanxError } from '../errors.js';
import { haveSameTags, type SchemeFit, schemeFit } from '../evaluation/scheme-fit.js';
import { checkLabels } from '../evaluation/score.js';
import { keptFolder } from '../system/cache.js';
import { formatCount } from '../system/console.js';
import { encodeSplit, encodingText } from '../tokenization/encode.js';
import { asSegments, concatRows, type EncodedRows, relabelled } from '../tokenization/rows.js';
import type { TokenizerFile } from '../tokenization/tokenizer.js';
import {
  type CorpusContents,
  checkOneTagSet,
  contentsIn,
  filesInside,
  rowSetsOf,
  type SplitContents,
  splitsOf,
} from './inputs.js';

/** An encoded split of one language. */
export interface EncodedSplit {
  lang: string;
  split: SplitName;
  rows: EncodedRows;
  labelNames: readonly string[];
  files: SourceFile[];
}

/** Encoded rows of one language that are scored. */
export interface ScoredRows {
  lang: string;
  /** As logs and tables call them: a split, or the part of a re-split. */
  split: SplitName | Part;
  rows: EncodedRows;
}

/** Everything that one run reads of the corpus. */
export interface RunData {
  train: EncodedRows;
  /** (languages) the sets that it is made of, one after the other; what they have lost. */
  training: {
    lang: string;
    split: string;
    rows: Pick<EncodedRows, 'rows' | 'truncatedRows' | 'truncatedWords' | 'emptyWords'>;
  }[];
  /** (languages) how many rows of each training visits, which are segments where rows were split. */
  trainRows: number[];
  /** How many rows a re-split leaves where; null without one. */
  resplit: ResplitCounts | null;
  /** Scored after every epoch; none without evaluation. */
  validation: ScoredRows[];
  /** Scored at the end; none without evaluation. */
  test: ScoredRows[];
  labelNames: readonly string[];
  files: SourceFile[];
  /** What its splits hold. */
  contentOf: CorpusContents;
}

/** Where rows come from, and how they are encoded. */
export interface CorpusSource {
  dataDir: string;
  /** Released once all is encoded. */
  tokenizer: Pick<TokenizerFile, 'sha256' | 'load' | 'release'>;
  config: Config;
  onProgress?: (text: string) => void;
}

/**
 * Read, encode and select the rows of a run: training rows of all its languages one after the other, and the splits to score.
 *
 * @throws PanxError where the languages' tag sets differ or no training row has a word to learn, and for everything that loading and
 *   encoding throw.
 */
export async function loadRunData(source: CorpusSource): Promise<RunData> {
  const { config, dataDir } = source;
  const sources = (await openSplits(dataDir, splitsOf(config), config.corpora)).map(split => indexed(split));
  const all = inOneOrder(await encodeSplits(source, sources));
  const { labelNames } = all[0]!;
  const contents = new Map<string, SplitContents>();
  for (const split of sources) {
    contents.set(keyOf(split), { index: await split.index(), files: filesInside(dataDir, split.files) });
  }
  const encoded = new Map(all.map(split => [keyOf(split), split]));
  const contentOf = contentsIn(contents);
  const sets = rowSetsOf(config, (lang, split) => contentOf(lang, split).index);
  const rowsOf = ({ lang, split, part, steps }: RowSet): ScoredRows => {
    const { rows } = encoded.get(`${lang}/${split}`)!;
    const taken = steps.length === 0 ? rows : takeRows(rows, selectRows(rows.rows, steps));
    return { lang, split: part ?? split, rows: taken };
  };
  const training = sets.training.map(rowsOf);
  const train = concatRows(training.map(({ rows }) => rows));
  if (!train.labelIds.some(label => label >= 0)) throw nothingToLearn(train, config);
  return {
    train,
    training: training.map(({ lang, split, rows: { rows, truncatedRows, truncatedWords, emptyWords } }) => {
      return { lang, split, rows: { rows, truncatedRows, truncatedWords, emptyWords } };
    }),
    trainRows: training.map(({ rows }) => asSegments(rows).rows),
    resplit: sets.resplit,
    validation: sets.validation.map(rowsOf),
    test: sets.test.map(rowsOf),
    labelNames,
    files: all.flatMap(({ files }) => files),
    contentOf,
  };
}

function keyOf({ lang, split }: Pick<EncodedSplit, 'lang' | 'split'>): string {
  return `${lang}/${split}`;
}

/** All rows empty, or of nothing but words without subwords: a loss over no label is 0, and would look like the best one. */
function nothingToLearn({ rows, emptyWords }: EncodedRows, { training }: Config): PanxError {
  const found = emptyWords === 0 ? 'no word' : `no word with a subword (of ${formatCount(emptyWords)})`;
  return new PanxError(
    `The training rows of ${training.langs.join(', ')} (${formatCount(rows)}) hold ${found}; expected at least one word with a label.`,
    { hint: 'Fetch the data again, choose other languages with --lang, or take more rows with --size.' },
  );
}

/**
 * Splits, encoded. Where one was encoded before, neither its files nor the tokenizer are parsed: their checksums find the tokens.
 *
 * @throws PanxError for everything that loading and encoding throw.
 */
export async function loadSplits(
  source: CorpusSource,
  splits: readonly (readonly [lang: string, split: SplitName])[],
): Promise<EncodedSplit[]> {
  return await encodeSplits(source, await openSplits(source.dataDir, splits, source.config.corpora));
}

/** All of them before any is encoded: a language that is not there should show at once. */
async function openSplits(
  dataDir: string,
  splits: readonly (readonly [lang: string, split: SplitName])[],
  corpora: Corpora,
): Promise<SplitSource[]> {
  const sources: SplitSource[] = [];
  for (const [lang, split] of splits) sources.push(await openSplit(dataDir, lang, split, corpora));
  return sources;
}

async function encodeSplits(
  { tokenizer, config, onProgress }: CorpusSource,
  sources: readonly SplitSource[],
): Promise<EncodedSplit[]> {
  const cacheDir = keptFolder('tokens');
  const encoded = [];
  // One after the other, so that one file at a time is in memory.
  for (const source of sources) {
    const tokens = await encodeSplit(source, tokenizer, {
      ...config.tokenization,
      cacheDir,
      onProgress: progress => onProgress?.(encodingText(progress)),
    });
    encoded.push({ ...source, ...tokens });
  }
  await tokenizer.release(); // Before parts are joined, which takes as much memory again as they do.
  return encoded.map(({ lang, split, files, labelNames, parts }) => ({
    ...{ lang, split, files, labelNames },
    rows: concatRows(parts),
  }));
}

/** Splits with the label ids of the first: tags are known by their names. @throws PanxError where one has other tags */
function inOneOrder(splits: readonly EncodedSplit[]): EncodedSplit[] {
  const { labelNames } = splits[0]!;
  return checkOneTagSet(splits).map((ids, i) => ({
    ...splits[i]!,
    rows: relabelled(splits[i]!.rows, ids),
    labelNames,
  }));
}

/**
 * A split with the label ids of a model.
 *
 * @param folder of the model, for sentences
 * @returns also the model's id of each label of the split; null where they are the same
 * @throws PanxError where the model has other labels
 */
export function fitLabels(
  split: Pick<EncodedSplit, 'rows' | 'labelNames'>,
  labels: readonly string[],
  folder: string,
): { rows: EncodedRows; ids: Int32Array | null } {
  const ids = checkLabels(labels, split.labelNames, folder);
  return { rows: relabelled(split.rows, ids), ids };
}

/** The first rows of a split; null leaves all. */
export function firstRows(split: EncodedSplit, limit: number | null): EncodedSplit {
  const steps = limitSteps(limit, split.rows.rows);
  return steps.length === 0 ? split : { ...split, rows: takeRows(split.rows, selectRows(split.rows.rows, steps)) };
}

/**
 * The rows of a split as a model is scored on them.
 *
 * @param folder of the model, for sentences
 * @returns also how its predictions are scored where the data marks the same types otherwise; null where the rows have the label ids of the model
 * @throws PanxError where the model has labels of other types
 */
export function rowsForModel(
  split: Pick<EncodedSplit, 'rows' | 'labelNames'>,
  labels: readonly string[],
  folder: string,
): { rows: EncodedRows; fit: SchemeFit | null } {
  const fit = haveSameTags(labels, split.labelNames) ? null : schemeFit(labels, split.labelNames);
  return { fit, rows: fit === null ? fitLabels(split, labels, folder).rows : split.rows };
}

/**
 * The data of a run with the label ids of a model.
 *
 * @param ids the model's id of each label of the data; null where they are the same
 */
export function withLabelsOf(data: RunData, labels: readonly string[], ids: Int32Array | null): RunData {
  if (ids === null) return data;
  const relabel = (scored: ScoredRows) => ({ ...scored, rows: relabelled(scored.rows, ids) });
  return {
    ...data,
    train: relabelled(data.train, ids),
    validation: data.validation.map(relabel),
    test: data.test.map(relabel),
    labelNames: labels,
  };
}
