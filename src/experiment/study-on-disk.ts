import { join } from 'node:path';
import type { Config } from '../config/schema.js';
import type { RunDirectory } from '../run/directory.js';
import type { StudyDirectory } from '../run/store-directory.js';
import type { Stage, StageSegments, TrainRows } from './protocols/stage.js';
import { readSavedConfig } from './records.js';
import { openScoring } from './scoring.js';
import { type RecordedStage, readStudy, type StudyRecord, storeOf } from './study-folder.js';
import { planStudy, scoredLangs, splitsOfStudy } from './study-plan.js';
import { countScores, trainingOf } from './study-row.js';
import { runInStore } from './study-store.js';
import { makeTable, plannedTraining, type SweepTable, type Training } from './table.js';
import { asCountedBy } from './table-on-disk.js';

/** The runs of a study's stages that are done, wherever they lie. */
export async function runsOfStudy(folder: StudyDirectory): Promise<RunDirectory[]> {
  const record = await readStudy(folder);
  const runs = await Promise.all(Object.values(record.stages).map(stage => runOf(folder, record, stage)));
  return runs.filter(run => run !== null);
}

/** The table that the scores in the store make. @param given of `withStore`, where the store may have been moved */
export async function tableOf(folder: StudyDirectory, given?: StudyRecord): Promise<SweepTable> {
  const record = given ?? (await readStudy(folder));
  const config = await readSavedConfig(folder.config);
  const trainRows = trainRowsOf(record, config);
  const { rows, stages } = planStudy(config, trainRows, segmentsOf(record));
  const trainings = new Map<string, Training>();
  for (const stage of stages) trainings.set(stage.id, await trainingIn(folder, record, config, stage));
  const table = makeTable(config, rows, trainRows, trainings);
  return await asCountedBy(join(folder.root, 'table.json'), table);
}

async function trainingIn(
  folder: StudyDirectory,
  record: StudyRecord,
  config: Config,
  stage: Stage,
): Promise<Training> {
  const named = { id: stage.id, seed: stage.config.seed, dataSeed: null };
  const status = isKnown(record, stage) ? 'not run' : 'not supported';
  const planned = plannedTraining(named, scoredLangs(config), status);
  const recorded = record.stages[stage.id];
  const run = recorded === undefined ? null : await runOf(folder, record, recorded);
  if (recorded === undefined || run === null) return planned;
  let scoringMs = 0;
  const scores: Training['scores'] = {};
  for (const [rows, key] of Object.entries(recorded.scorings)) {
    const place = (await storeOf(folder, record)).scoring(key);
    const { durationMs } = await openScoring(place);
    scores[rows.split('/')[0]!] = await countScores(place, config.study.metrics.mode);
    scoringMs += durationMs;
  }
  return await trainingOf({ ...planned, scores }, stage, run, scoringMs);
}

/** The stages that the settings of a study ask for. */
export async function stagesOf(folder: StudyDirectory, record: StudyRecord): Promise<Stage[]> {
  const config = await readSavedConfig(folder.config);
  return planStudy(config, trainRowsOf(record, config), segmentsOf(record)).stages.filter(stage =>
    isKnown(record, stage),
  );
}

/** Whether panx knows the model of a stage. */
function isKnown({ notSupported = {} }: StudyRecord, { config }: Stage): boolean {
  return !Object.hasOwn(notSupported, config.model);
}

function segmentsOf({ stages }: StudyRecord): StageSegments {
  const split = Object.entries(stages).flatMap(([id, { segments }]) =>
    segments === undefined ? [] : [[id, segments]],
  );
  return Object.fromEntries(split);
}

function trainRowsOf({ stages, trainRows }: StudyRecord, config: Config): TrainRows {
  const { source, target, sizes } = config.study;
  const most = sizes.at(-1)!;
  // Of a study of panx 0.3 and older the stages of whole splits say how many rows these have.
  const rows = Object.values(stages)
    .filter(({ startsFrom }) => startsFrom === null)
    .map(stage => stage.rows);
  const [ofTarget = most, ofSource = most] = rows;
  const told: TrainRows = trainRows ?? { [target]: ofTarget, [source]: ofSource };
  const trained = splitsOfStudy(config).flatMap(([lang, split]) => (split === 'train' ? [lang] : []));
  return { ...told, ...Object.fromEntries(trained.map(lang => [lang, told[lang] ?? most])) };
}

/** The run of a stage, in the store or elsewhere; null where it is not done. */
export async function runOf(
  folder: StudyDirectory,
  record: StudyRecord,
  stage: RecordedStage,
): Promise<RunDirectory | null> {
  return await runInStore(await storeOf(folder, record), stage);
}
