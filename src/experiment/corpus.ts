import { join } from 'node:path';
import { takeRows } from '../batching/batches.js';
import type { Config } from '../config/schema.js';
import { loadSplit, type SourceFile, type SplitName, splitFiles } from '../data/corpus.js';
import { selectRows } from '../data/subsets.js';
import { PanxError } from '../errors.js';
import { panxCacheDir } from '../run/cache.js';
import { collectGarbage } from '../run/memory.js';
import { readTokenCache, tokenCachePath } from '../tokenization/cache.js';
import { encodeSplit } from '../tokenization/encode.js';
import { concatRows, type EncodedRows } from '../tokenization/rows.js';
import type { TokenizerFile } from '../tokenization/tokenizer.js';

/** An encoded split of one language. */
export interface EncodedSplit {
  lang: string;
  split: SplitName;
  rows: EncodedRows;
  labelNames: readonly string[];
  files: SourceFile[];
}

/** Everything that one run reads of the corpus. */
export interface RunData {
  train: EncodedRows;
  /** Scored after every epoch; none without evaluation. */
  validation: EncodedSplit[];
  /** Scored at the end; none without evaluation. */
  test: EncodedSplit[];
  labelNames: readonly string[];
  files: SourceFile[];
}

/** Where rows come from, and how they are encoded. */
export interface CorpusSource {
  dataDir: string;
  tokenizer: Pick<TokenizerFile, 'sha256' | 'load'>;
  config: Config;
  onProgress?: (text: string) => void;
}

/**
 * Read, encode and select the rows of a run: training rows of all its languages one after the other, and the splits to score.
 *
 * @throws PanxError where the languages' tag sets differ, and for everything that loading and encoding throw.
 */
export async function loadRunData(source: CorpusSource): Promise<RunData> {
  const { training, evaluation } = source.config;
  const train = await Promise.all(training.langs.map(lang => loadEncoded(source, lang, 'train')));
  const scored = (lang: string, split: SplitName) =>
    loadEncoded(source, lang, split).then(encoded => limited(encoded, evaluation.limit));
  const eachEpoch = evaluation.enabled && evaluation.eachEpoch;
  const validation = eachEpoch ? await Promise.all(training.langs.map(lang => scored(lang, 'validation'))) : [];
  const testLangs = evaluation.langs.length > 0 ? evaluation.langs : training.langs;
  const test = evaluation.enabled ? await Promise.all(testLangs.map(lang => scored(lang, 'test'))) : [];
  const all = [...train, ...validation, ...test];
  const labelNames = commonLabels(all);
  return {
    train: concatRows(train.map(({ rows }) => takeRows(rows, selectRows(rows.rows, training)))),
    validation,
    test,
    labelNames,
    files: all.flatMap(({ files }) => files),
  };
}

/** One split, encoded. Where it was encoded before, neither its files nor the tokenizer are parsed: their checksums find the tokens. */
export async function loadEncoded(source: CorpusSource, lang: string, split: SplitName): Promise<EncodedSplit> {
  const { tokenization } = source.config;
  const cacheDir = join(panxCacheDir(), 'tokens');
  const files = await splitFiles(source.dataDir, lang, split);
  const cached = await readTokenCache(
    tokenCachePath(cacheDir, { lang, split, files }, source.tokenizer, tokenization),
    null,
  );
  if (cached !== undefined) return { lang, split, files, ...cached };
  const loaded = await loadSplit(source.dataDir, lang, split);
  const tokenizer = source.tokenizer.load();
  await collectGarbage(); // What parsing both has left, before the tokenizer's engine starts.
  const rows = await encodeSplit(loaded, tokenizer, {
    ...tokenization,
    cacheDir,
    onProgress: (done, of) => source.onProgress?.(`tokenize ${lang} ${split}: ${done} of ${of} rows`),
  });
  const { labelNames } = loaded;
  // The split as it was read and the pieces of its rows: as much again as the rows themselves, several times over.
  await collectGarbage();
  return { lang, split, rows, labelNames, files };
}

function limited(encoded: EncodedSplit, limit: number | null): EncodedSplit {
  if (limit === null || limit >= encoded.rows.rows) return encoded;
  const head = Int32Array.from({ length: limit }, (_, row) => row);
  return { ...encoded, rows: takeRows(encoded.rows, head) };
}

function commonLabels(splits: readonly EncodedSplit[]): readonly string[] {
  const [first, ...rest] = splits;
  const other = rest.find(({ labelNames }) => labelNames.join(' ') !== first!.labelNames.join(' '));
  if (other !== undefined) {
    throw new PanxError(
      `${other.lang} ${other.split} is tagged with ${other.labelNames.join(' ')}; ${first!.lang} ${first!.split} with ${first!.labelNames.join(' ')}.`,
      { hint: 'Train and score on corpora with one set of tags.' },
    );
  }
  return first!.labelNames;
}
