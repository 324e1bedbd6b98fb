import type { Config } from '../config/schema.js';
import { isDone, type RunDirectory } from '../run/directory.js';
import type { StudyDirectory } from '../run/store-directory.js';
import { protocolOf } from './protocols/protocol.js';
import type { Stage } from './protocols/stage.js';
import { readSavedConfig } from './records.js';
import { metricOf, readResult } from './results.js';
import { checkScoring } from './scoring.js';
import { registeredRun } from './store.js';
import { type RecordedStage, readStudy, type StudyRecord, storeOf } from './study-folder.js';
import { plannedRow, type SweepRow, type SweepTable } from './table.js';

/** The runs of a study's stages that are done, wherever they lie. */
export async function runsOfStudy(folder: StudyDirectory): Promise<RunDirectory[]> {
  const record = await readStudy(folder);
  const runs = await Promise.all(Object.values(record.stages).map(stage => runOf(folder, record, stage)));
  return runs.filter(run => run !== null);
}

/** The table that the scores in the store make. */
export async function tableOf(folder: StudyDirectory): Promise<SweepTable> {
  const record = await readStudy(folder);
  const config = await readSavedConfig(folder.config);
  const rows: SweepRow[] = [];
  for (const stage of await stagesOf(folder, record)) rows.push(await rowOf(folder, record, config, stage));
  const { source, target, protocol } = config.study;
  return {
    source,
    target,
    protocol,
    metric: metricOf(config),
    model: config.model,
    rows,
  };
}

async function rowOf(folder: StudyDirectory, record: StudyRecord, config: Config, stage: Stage): Promise<SweepRow> {
  const row = plannedRow(stage, protocolOf(config).scoredLangs(config));
  const recorded = record.stages[stage.id];
  const run = recorded === undefined ? null : await runOf(folder, record, recorded);
  if (recorded === undefined || run === null) return row;
  let { durationMs } = await readResult(run);
  const f1: SweepRow['f1'] = {};
  for (const [rows, key] of Object.entries(recorded.scorings)) {
    const { scores, durationMs: scoringMs } = await checkScoring((await storeOf(folder, record)).scoring(key));
    f1[rows.split('/')[0]!] = scores.f1;
    durationMs += scoringMs;
  }
  return { ...row, f1, durationMs, status: 'done' };
}

/** The stages that the settings of a study ask for. */
export async function stagesOf(folder: StudyDirectory, { stages }: StudyRecord): Promise<Stage[]> {
  const config = await readSavedConfig(folder.config);
  const { source, target, sizes } = config.study;
  const most = sizes.at(-1)!;
  // The stages of whole splits say how many rows these have.
  const rows = Object.values(stages)
    .filter(({ startsFrom }) => startsFrom === null)
    .map(stage => stage.rows);
  const [ofTarget = most, ofSource = most] = rows;
  return protocolOf(config).stages(config, { [target]: ofTarget, [source]: ofSource });
}

/** The run of a stage, in the store or elsewhere; null where it is not done. */
export async function runOf(
  folder: StudyDirectory,
  record: StudyRecord,
  { key }: RecordedStage,
): Promise<RunDirectory | null> {
  const store = await storeOf(folder, record);
  if (isDone(store.stage(key))) return store.stage(key);
  const registered = await registeredRun(store, key);
  return registered !== null && isDone(registered) ? registered : null;
}
