import { basename, dirname } from 'node:path';
import type { Corpora } from '../config/corpora.js';
import type { WordColumns } from '../data/columns.js';
import { openSplit, readWords } from '../data/corpus.js';
import { readLabelNames } from '../data/label-names.js';
import { nameRows, selectRows } from '../data/row-sets.js';
import { PanxError } from '../errors.js';
import { isDone, type RunDirectory, runDirectory } from '../run/directory.js';
import { modelFile } from '../run/model-files.js';
import type { Environment } from './environment.js';
import { isCurrent, type StageIdentity } from './identity.js';
import { readCorpus } from './inputs.js';
import { neighbourOf, type Places, recordsOf } from './places.js';
import { readChecksums, readRunConfig } from './records.js';
import { trainingSetsOf } from './row-settings.js';

/** A row as it was trained on. Lists are (W). */
export interface TaggedRow {
  words: string[];
  tags: string[];
}

/** Rows of one split that a training has seen. */
interface SeenSplit {
  dataDir: string;
  lang: string;
  corpora: Corpora;
  /** Row numbers of its train split. */
  rows: Set<number>;
}

/**
 * The rows that a training has seen, of all stages from the pretrained model on, each once: in a curriculum the stages before it are of it.
 *
 * @param places where the data lies now
 * @throws PanxError where the data are not there, or are others than were trained on
 */
export async function* trainingRows(run: RunDirectory, places: Places): AsyncGenerator<TaggedRow> {
  const seen = new Map<string, SeenSplit>();
  for (const stage of await stagesUpTo(run, places)) await addStage(stage, seen);
  for (const { dataDir, lang, corpora, rows } of seen.values()) {
    let first = 0;
    for await (const { columns, labelNames } of (await openSplit(dataDir, lang, 'train', corpora)).shards()) {
      const { tags } = readLabelNames(labelNames);
      for (let row = 0; row < columns.rows; row++) {
        if (rows.has(first + row)) yield taggedRow(columns, tags, row);
      }
      first += columns.rows;
    }
  }
}

/** The languages whose train splits a training has seen, with the stages before it. @throws PanxError where the records of one are not there */
export async function trainedLangs(run: RunDirectory): Promise<Set<string>> {
  const stages = await stagesUpTo(run, {});
  const names = stages.flatMap(({ identity }) => identity.rows.training.map(({ name }) => name.split('/')[0]!));
  return new Set(names);
}

/** A stage of a curriculum, and where its data lie. */
interface PastStage {
  run: RunDirectory;
  identity: StageIdentity;
  dataDir: string;
}

/** A stage and those before it, itself first. */
async function stagesUpTo(run: RunDirectory, places: Places): Promise<PastStage[]> {
  const stages: PastStage[] = [];
  for (let next: RunDirectory | null = run; next !== null; ) {
    const { identity, dataDir, environment } = await recordsOf(next, places);
    if (!isCurrent(identity)) {
      throw new PanxError(`${next.root} was trained by panx 0.2 or older, which kept no row sets.`);
    }
    stages.push({ run: next, identity, dataDir });
    next = (await neighbourOf(next, identity)) ?? (await runOfStart(environment));
  }
  return stages;
}

async function addStage({ run, identity, dataDir }: PastStage, seen: Map<string, SeenSplit>): Promise<void> {
  const config = await readRunConfig(run);
  const langs = config.training.langs.map(lang => [lang, 'train'] as const);
  const contentOf = await readCorpus(dataDir, langs, config.corpora);
  const { training } = trainingSetsOf(config, (lang, split) => contentOf(lang, split).index);
  for (const [i, set] of training.entries()) {
    const { index } = contentOf(set.lang, set.split);
    const now = nameRows(set, index);
    if (now.sha256 !== identity.rows.training[i]?.sha256) {
      throw new PanxError(`${dataDir}: ${now.name} has other rows than ${run.root} was trained on.`);
    }
    const key = JSON.stringify([dataDir, set.lang]);
    const split = seen.get(key) ?? { dataDir, lang: set.lang, corpora: config.corpora, rows: new Set<number>() };
    for (const row of selectRows(index.rows, set.steps)) split.rows.add(row);
    seen.set(key, split);
  }
}

/** The run whose checkpoint was given with --model, where it still lies there as it was then. */
async function runOfStart({ startFrom }: Environment): Promise<RunDirectory | null> {
  const run = runDirectory(dirname(startFrom.folder));
  if (basename(startFrom.folder) !== 'checkpoint' || !isDone(run)) return null;
  const weights = startFrom.files[modelFile.weights];
  const sums = await readChecksums(run);
  return weights !== undefined && sums[`checkpoint/${modelFile.weights}`] === weights ? run : null;
}

/** @param tagsOfIds (T) as predictions have them */
function taggedRow(columns: WordColumns, tagsOfIds: readonly string[], row: number): TaggedRow {
  const [first, end] = [columns.offsets[row]!, columns.offsets[row + 1]!];
  return {
    words: readWords(columns, row, row + 1)[0]!,
    tags: Array.from(columns.tagIds.subarray(first, end), id => tagsOfIds[id]!),
  };
}
