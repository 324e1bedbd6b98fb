import type { Config } from '../config/schema.js';
import { takeColumns } from '../data/columns.js';
import { loadSplit, openSplit, splitColumns } from '../data/corpus.js';
import { indexed, type RowIndex } from '../data/row-index.js';
import { nameRows, type RowSet, selectRows } from '../data/row-sets.js';
import type { SplitName } from '../data/splits.js';
import { type RowStatistics, rowStatistics } from '../data/statistics.js';
import { PanxError } from '../errors.js';
import type { StudyDirectory } from '../run/store-directory.js';
import { isCurrent } from './identity.js';
import { rowSetsOf, splitsOf } from './inputs.js';
import { readEnvironment, readIdentity, readSavedConfig } from './records.js';
import { endSplitOf, scoredSet } from './row-settings.js';
import { readScores } from './scoring.js';
import { readStudy, type StudyRecord, storeOf } from './study-folder.js';
import { runOf, stagesOf } from './study-on-disk.js';
import { scoredLangs } from './study-plan.js';

/** The rows that a study trained on, or scored, counted. */
export interface DataSets {
  sets: DataSet[];
  /** What could not be counted, and why: a sentence each. */
  missing: string[];
}

export interface DataSet {
  /** As records call it: tr/train:250, en/train:fit, tr/test. */
  name: string;
  lang: string;
  statistics: RowStatistics;
}

/**
 * Count the rows of a study's stages that are done, each set once. Of subsets by several data seeds it is the first that counts. Its data are
 * read again: rows that are not those of the study's records are not counted.
 *
 * @param data where the data lies, if it was moved
 * @param given of `withStore`, where the store may have been moved
 */
export async function dataSetsOf(folder: StudyDirectory, data?: string, given?: StudyRecord): Promise<DataSets> {
  const record = given ?? (await readStudy(folder));
  const { rows: recorded, dataDir } = await recordedRows(folder, record);
  if (dataDir === null) return { sets: [], missing: ['No stage is done, so no record says which rows it took.'] };
  const config = await readSavedConfig(folder.config);
  const reader = splitReader(data ?? dataDir, config);
  const missing: string[] = [];
  const wanted = new Map<string, RowSet>();
  const changed = new Set<string>();
  for (const stage of await stagesOf(folder, record)) {
    for (const set of await setsOf(stage.config, scoredLangs(config), reader, missing)) {
      const { name, sha256 } = nameRows(set, reader.indexOf(set.lang, set.split));
      const known = recorded.get(name);
      if (known?.has(sha256) && !wanted.has(name)) wanted.set(name, set);
      else if (known !== undefined && !known.has(sha256)) changed.add(name);
    }
  }
  for (const name of changed) {
    if (!wanted.has(name)) missing.push(`The rows of ${name} are not those that the study read: the data was changed.`);
  }
  const sets: DataSet[] = [];
  for (const [name, set] of wanted) sets.push({ name, lang: set.lang, statistics: await reader.count(set) });
  return { sets, missing: [...new Set(missing)] };
}

/** The rows of stages and scorings, by their names: SHA-256 of what was read; and the folder that it was read from. */
async function recordedRows(
  folder: StudyDirectory,
  record: StudyRecord,
): Promise<{ rows: Map<string, Set<string>>; dataDir: string | null }> {
  const rows = new Map<string, Set<string>>();
  const store = await storeOf(folder, record);
  let dataDir: string | null = null;
  const add = ({ name, sha256 }: { name: string; sha256: string }) =>
    rows.set(name, (rows.get(name) ?? new Set()).add(sha256));
  for (const stage of Object.values(record.stages)) {
    const run = await runOf(folder, record, stage);
    if (run === null) continue;
    const identity = await readIdentity(run);
    // panx 0.2 and older recorded files, and no rows.
    if (isCurrent(identity)) [...identity.rows.training, ...identity.rows.validation].forEach(add);
    dataDir ??= (await readEnvironment(run)).data.folder;
    for (const key of Object.values(stage.scorings)) add((await readScores(store.scoring(key))).rows);
  }
  return { rows, dataDir };
}

/** What a stage trains on, scores after each epoch, and is scored on at the end, as far as the data is there. */
async function setsOf(
  config: Config,
  langs: readonly string[],
  { open, indexOf }: SplitReader,
  missing: string[],
): Promise<RowSet[]> {
  const found: RowSet[] = [];
  const or = async (sets: () => Promise<RowSet[]>) => {
    try {
      found.push(...(await sets()));
    } catch (error) {
      if (!(error instanceof PanxError)) throw error;
      missing.push(error.message);
    }
  };
  await or(async () => {
    const own = { ...config, evaluation: { ...config.evaluation, atEnd: false } };
    for (const [lang, split] of splitsOf(own)) await open(lang, split);
    const { training, validation } = rowSetsOf(own, indexOf);
    return [...training, ...validation];
  });
  for (const lang of langs) {
    await or(async () => {
      const split = endSplitOf(config);
      await open(lang, split);
      return [scoredSet(config, lang, split, indexOf(lang, split).rows)];
    });
  }
  return found;
}

interface SplitReader {
  /** @throws PanxError where it is not there, or cannot be read */
  open(lang: string, split: SplitName): Promise<void>;
  /** Of a split that is open. */
  indexOf(lang: string, split: SplitName): RowIndex;
  count(set: RowSet): Promise<RowStatistics>;
}

/** Splits are parsed one at a time: the last one stays. */
function splitReader(dataDir: string, { corpora }: Config): SplitReader {
  const indexes = new Map<string, RowIndex>();
  let last: { name: string; split: Awaited<ReturnType<typeof loadSplit>> } | null = null;
  return {
    async open(lang, split) {
      const name = `${lang}/${split}`;
      if (!indexes.has(name)) indexes.set(name, await indexed(await openSplit(dataDir, lang, split, corpora)).index());
    },
    indexOf: (lang, split) => indexes.get(`${lang}/${split}`)!,
    async count({ lang, split, steps }) {
      const name = `${lang}/${split}`;
      if (last?.name !== name) last = { name, split: await loadSplit(dataDir, lang, split, corpora) };
      const columns = splitColumns(last.split);
      return rowStatistics(takeColumns(columns, selectRows(columns.rows, steps)), last.split.labelNames);
    },
  };
}
