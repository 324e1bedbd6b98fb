import { existsSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/schema.js';
import { listed, PanxError } from '../errors.js';
import { isDone, type RunDirectory, runDirectory, type SweepDirectory, sweepDirectory } from '../run/directory.js';
import {
  type ScoringDirectory,
  type StudyDirectory,
  scoringDirectory,
  studyDirectory,
} from '../run/store-directory.js';
import { reasonOf } from '../system/files.js';
import { readCurve } from './epoch-curve.js';
import type { Stage, TrainRows } from './protocols/stage.js';
import { readMetrics, readSavedConfig } from './records.js';
import { metricOf, readResult } from './results.js';
import { runsOfStudy } from './study-on-disk.js';
import { type PlannedRow, planStudy, type StudyPlan, scoredLangs, splitsOfStudy } from './study-plan.js';
import { doneTraining, makeTable, plannedTraining, type SweepTable, type Training } from './table.js';
import { asCountedBy, readToldTable, type ToldTable } from './table-on-disk.js';

/** What there is to verify in a folder: a run, a scoring of the store, or a sweep or a study with the runs of its stages. */
export type Found =
  | { run: RunDirectory }
  | { sweep: SweepDirectory; stages: RunDirectory[] }
  | { study: StudyDirectory; stages: RunDirectory[] }
  | { scoring: ScoringDirectory };

/**
 * Find out what a folder holds. A run or a sweep of which a file is gone is recognised by the others.
 *
 * @throws PanxError where it holds none
 */
export async function findRuns(folder: string): Promise<Found> {
  const names = await namesIn(folder);
  const { identity, metrics, events, environment } = runDirectory(folder);
  const scoring = scoringDirectory(folder);
  // A report of panx evaluate may lie in a run's folder under the name that a scoring has its scores by.
  const isScoring = !existsSync(identity) && [scoring.predictions, scoring.scores].some(path => existsSync(path));
  if (isScoring) return { scoring };
  if ([identity, metrics, events, environment].some(path => existsSync(path))) return { run: runDirectory(folder) };
  const study = studyDirectory(folder);
  if (existsSync(study.stages)) return { study, stages: await runsOfStudy(study) };
  const sweep = sweepDirectory(folder);
  const stages = names.filter(isStageName);
  if (stages.length > 0 || existsSync(join(folder, 'sweep.json'))) {
    const asked = await stagesOf(sweep).catch(() => null);
    const order = (a: string, b: string) => a.localeCompare(b, 'en', { numeric: true });
    return { sweep, stages: (asked?.map(({ id }) => id) ?? stages.sort(order)).map(id => sweep.stage(id)) };
  }
  const inside = names.filter(name => existsSync(runDirectory(join(folder, name)).identity));
  throw new PanxError(`${folder} holds no run: neither identity.json nor stages of a sweep or a study are there.`, {
    hint:
      inside.length === 0
        ? 'Give the folder that panx train, panx sweep or panx run wrote (--out).'
        : `Give the folder of one run; in this one are ${listed(inside, 10)}.`,
  });
}

/**
 * The table that the stages on disk and the settings of the sweep make.
 *
 * @param original the sweep that this one repeats: what of the table no stage says, its sweep.json does
 * @throws PanxError where one of their files is none
 */
export async function tableOf(sweep: SweepDirectory, original = sweep): Promise<SweepTable> {
  const config = await readSavedConfig(sweep.config);
  const told = await readToldTable(tableFile(original));
  const { rows, stages, trainRows } = await planOf(sweep, told);
  const trainings = new Map<string, Training>();
  const metrics = new Set<string>();
  for (const stage of stages) {
    const run = sweep.stage(stage.id);
    const planned = plannedTraining({ id: stage.id, seed: stage.config.seed, dataSeed: null }, scoredLangs(config));
    if (isDone(run)) {
      const result = await readResult(run);
      metrics.add(result.metrics.metric ?? metricOf(config));
      trainings.set(stage.id, doneTraining(planned, stage, result, await readCurve(run, stage.config)));
    } else {
      // Whether it failed, nothing else says.
      const failed = told?.failed.includes(stage.id) ?? false;
      trainings.set(stage.id, failed ? { ...planned, status: 'failed' } : planned);
    }
  }
  const table = makeTable(config, withToldSteps(rows, told), trainRows, trainings);
  return await asCountedBy(tableFile(original), { ...table, metric: [...metrics][0] ?? table.metric });
}

/** Into how many segments the rows of a stage are split, the stage says when it is done. Until then sweep.json does, by its steps. */
function withToldSteps(rows: readonly PlannedRow[], told: ToldTable | null): PlannedRow[] {
  return rows.map((row, i) => {
    const isSplit = row.stage.config.tokenization.longRows === 'split';
    const steps = isSplit && told?.rows.length === rows.length ? told.rows[i]!.steps : null;
    return steps === null ? row : { ...row, stage: { ...row.stage, steps } };
  });
}

/** sweep.json: where a stage is not done, it alone says how that came, and how many rows it was to have. */
function tableFile(sweep: SweepDirectory): string {
  return join(sweep.root, 'sweep.json');
}

/** The stages that the settings of a sweep ask for. @throws PanxError where they are none, or ask for what cannot be */
export async function stagesOf(sweep: SweepDirectory): Promise<Stage[]> {
  return (await planOf(sweep, await readToldTable(tableFile(sweep)))).stages;
}

async function planOf(sweep: SweepDirectory, told: ToldTable | null): Promise<StudyPlan & { trainRows: TrainRows }> {
  const config = await readSavedConfig(sweep.config);
  const { sizes } = config.study;
  if (sizes.length > mostSizes) {
    throw new PanxError(
      `${sweep.config} asks for ${sizes.length} sizes; a sweep of at most ${mostSizes} can be verified.`,
    );
  }
  const trainRows = await trainRowsOf(sweep, config, told);
  try {
    return { ...planStudy(config, trainRows), trainRows };
  } catch (error) {
    throw error instanceof PanxError ? new PanxError(`${sweep.config}: ${error.message}`, { cause: error }) : error;
  }
}

/** How many rows the train splits have: the stages of whole splits say it, else sweep.json. */
async function trainRowsOf(sweep: SweepDirectory, config: Config, told: ToldTable | null): Promise<TrainRows> {
  const { source, target, sizes } = config.study;
  const phases: Record<string, string> = { [target]: '1', [source]: '2' };
  const rows: Record<string, number> = { ...told?.trainRows };
  for (const [lang, split] of splitsOfStudy(config)) {
    if (split !== 'train') continue;
    const phase = phases[lang];
    const run = phase === undefined ? null : sweep.stage(`phase-${phase}-${lang}`);
    if (run !== null && isDone(run)) rows[lang] = (await readMetrics(run)).rows;
    else {
      const row = phase === undefined ? undefined : told?.rows.find(one => one.phase === phase);
      rows[lang] = told?.trainRows?.[lang] ?? row?.samples ?? sizes.at(-1)!;
    }
  }
  return rows;
}

/** Each is looked at; nobody trains so many. */
const mostSizes = 1000;

export function isStageName(name: string): boolean {
  return /^(phase-\d|on-[A-Za-z\d])[\w.=-]*$/.test(name);
}

export async function namesIn(folder: string): Promise<string[]> {
  try {
    if (!statSync(folder).isDirectory())
      throw new PanxError(`${folder} is not a folder; expected that of a run, a sweep, a study or a scoring.`);
    return await readdir(folder);
  } catch (error) {
    if (error instanceof PanxError) throw error;
    throw new PanxError(`${folder === '' ? '""' : folder} cannot be read: ${reasonOf(error)}.`, {
      hint: 'Give the folder that panx train, panx sweep or panx run wrote (--out).',
      cause: error,
    });
  }
}
