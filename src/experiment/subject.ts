import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import type { Config } from '../config/schema.js';
import { listed, nearest, PanxError } from '../errors.js';
import { isDone, type RunDirectory, runDirectory, type SweepDirectory, sweepDirectory } from '../run/directory.js';
import {
  type ScoringDirectory,
  type StoreDirectory,
  type StudyDirectory,
  scoringDirectory,
  storeDirectory,
} from '../run/store-directory.js';
import { findStudy } from './noted-studies.js';
import { isStored } from './places.js';
import { readIdentity, readRunConfig } from './records.js';
import { storeToSearch } from './store-contents.js';
import { readStudy, type StudyRecord, storeOf } from './study-folder.js';
import { runOf } from './study-on-disk.js';
import { withStore } from './study-store.js';
import { stagesOf as stagesOfSweep } from './sweep-on-disk.js';

/** Something whose results a command looks at, by the name that was typed for it. */
export interface Subject {
  /** How tables call it. */
  name: string;
  /** One, or several that differ in their seeds alone. */
  trainings: SubjectTraining[];
}

/** A training, a scoring by itself, or a file of predictions. */
export type SubjectTraining = TrainedSubject | ScoringSubject | FileSubject;

export interface TrainedSubject {
  kind: 'run';
  name: string;
  run: RunDirectory;
  config: Config;
  /** Key of the training. */
  key: string;
  /** The store that has its scorings; null where there is none. */
  store: StoreDirectory | null;
  /** Keys of the scorings that its study asked for, by the names of their rows; none where it was named by its folder. */
  scorings: Readonly<Record<string, string>>;
  /** Whether it was named as a stage of a study. */
  isOfStudy?: boolean;
}

export interface ScoringSubject {
  kind: 'scoring';
  name: string;
  place: ScoringDirectory;
}

export interface FileSubject {
  kind: 'file';
  name: string;
  path: string;
}

/**
 * What was typed: a run's folder, a scoring's folder in a store, a file of predictions, or STUDY/STAGE, where STUDY is a study or a sweep, and
 * STAGE one of its stages, or the name of one without its seeds: then all seeds are meant. A study of one row needs no STAGE.
 *
 * @param storeFolder where scorings are looked for; undefined: PANX_STORE, else results/store
 * @throws PanxError naming what there is, exit code 2
 */
export async function findSubject(typed: string, storeFolder?: string): Promise<Subject> {
  if ((await isFile(typed)) && !/\.ya?ml$/i.test(typed)) {
    return single({ kind: 'file', name: basename(typed), path: typed });
  }
  if (existsSync(runDirectory(typed).identity)) return single(await runSubject(runDirectory(typed), storeFolder));
  const place = scoringDirectory(typed); // Behind runs: a report of panx evaluate may lie in one, as scores.json.
  if (existsSync(place.scores)) return single({ kind: 'scoring', name: basename(typed).slice(0, 8), place });
  const { folder, stage, stages, open } = await studyOrSweep(typed, storeFolder);
  const rows = rowsOf(stages);
  const wanted = stage ?? (rows.size === 1 ? [...rows.keys()][0]! : null);
  if (wanted === null) throw stageWanted(folder, rows);
  const ids = stages.includes(wanted) ? [wanted] : rows.get(wanted);
  if (ids === undefined) throw noSuchStage(folder, wanted, rows, stages);
  const trainings: SubjectTraining[] = [];
  for (const id of ids) trainings.push(await open(id));
  return { name: `${basename(folder)}/${wanted}`, trainings };
}

/** Whether a regular file is there. @throws PanxError where a pipe, a socket or a device is, which could be read once only, exit code 2 */
export async function isFile(typed: string): Promise<boolean> {
  const found = await stat(typed).catch(() => null);
  if (found === null || found.isDirectory()) return false;
  if (found.isFile()) return true;
  throw new PanxError(`${typed} is a pipe, a socket or a device; expected a regular file.`, {
    hint: 'Write what comes from it to a file first, and give that.',
    exitCode: 2,
  });
}

/** A study or a sweep, and the stage behind its name. */
interface Opened {
  folder: string;
  stage: string | null;
  stages: string[];
  open(id: string): Promise<TrainedSubject>;
}

async function studyOrSweep(typed: string, storeFolder: string | undefined): Promise<Opened> {
  for (const [folder, stage] of [[typed, null] as const, [dirname(typed), basename(typed)] as const]) {
    const sweep = sweepDirectory(folder);
    if (!existsSync(join(folder, 'sweep.json'))) continue;
    const stages = (await stagesOfSweep(sweep)).map(({ id }) => id);
    return { folder, stage, stages, open: id => sweepStageSubject(sweep, id, storeFolder) };
  }
  const [study, stage] = await studyAndStage(typed, storeFolder);
  const record = await readStudy(study);
  const open = (id: string) => stageSubject(study, record, id, storeFolder);
  return { folder: study.root, stage, stages: Object.keys(record.stages), open };
}

function single(training: SubjectTraining): Subject {
  return { name: training.name, trainings: [training] };
}

/** What a folder of a run holds. @throws PanxError where its records cannot be read */
async function runSubject(run: RunDirectory, storeFolder?: string): Promise<TrainedSubject> {
  const { key, id } = await readIdentity(run);
  const own = isStored(run, key);
  const name = own ? id : relative('', run.root) || basename(run.root);
  const store = own ? storeDirectory(dirname(run.root)) : await storeToSearch(storeFolder);
  return { kind: 'run', name, run, config: await readRunConfig(run), key, store, scorings: {} };
}

/** A stage of a sweep. @throws PanxError where it is not trained yet */
export async function sweepStageSubject(
  sweep: SweepDirectory,
  id: string,
  storeFolder: string | undefined,
): Promise<TrainedSubject> {
  if (isDone(sweep.stage(id))) return await runSubject(sweep.stage(id), storeFolder);
  throw new PanxError(`${join(sweep.root, id)} is not trained yet.`, {
    hint: 'Type panx sweep as before: it goes on.',
  });
}

/** A stage of a study. @throws PanxError where it is not trained yet, and as `withStore` does */
export async function stageSubject(
  study: StudyDirectory,
  told: StudyRecord,
  id: string,
  storeFolder: string | undefined,
): Promise<TrainedSubject> {
  const record = await withStore(study, told, storeFolder, [id]);
  const recorded = record.stages[id]!;
  const run = await runOf(study, record, recorded);
  if (run === null) {
    throw new PanxError(`${basename(study.root)}/${id} is not trained yet.`, {
      hint: `panx status ${basename(study.root)} says how far the study is; panx run goes on with it.`,
    });
  }
  return {
    kind: 'run',
    name: `${basename(study.root)}/${id}`,
    run,
    config: await readRunConfig(run),
    key: recorded.key,
    store: await storeOf(study, record),
    scorings: recorded.scorings,
    isOfStudy: true,
  };
}

/** Stages that differ in their seeds alone, by the name that they have without them: the rows of a study's table. */
export function rowsOf(stages: readonly string[]): Map<string, string[]> {
  const rows = new Map<string, string[]>();
  for (const id of stages) {
    const name = withoutSeeds(id);
    rows.set(name, [...(rows.get(name) ?? []), id]);
  }
  return rows;
}

/** The name of a stage without its seeds. */
export function withoutSeeds(id: string): string {
  return id.replace(/(-seed-\d+)?(-data-\d+)?$/, '');
}

async function studyAndStage(
  typed: string,
  storeFolder: string | undefined,
): Promise<[study: StudyDirectory, stage: string | null]> {
  const store = await storeToSearch(storeFolder);
  const whole = await findStudy(typed, store).catch((error: unknown) => error);
  if (!(whole instanceof Error)) return [whole as StudyDirectory, null];
  const folder = dirname(typed);
  if (folder === '.' || !(whole instanceof PanxError)) throw notFound(typed, whole);
  const study = await findStudy(folder, store).catch(() => null);
  if (study === null) throw notFound(typed, whole);
  return [study, basename(typed)];
}

function notFound(typed: string, cause: unknown): PanxError {
  return new PanxError(`${typed} is no run, no stage of a study and no file of predictions.`, {
    hint: 'Give the folder that panx train wrote, STUDY/STAGE, such as results/en-tr-demo/phase-2-en, or a .jsonl.gz file.',
    exitCode: 2,
    cause,
  });
}

function stageWanted(folder: string, rows: ReadonlyMap<string, string[]>): PanxError {
  const names = [...rows.keys()];
  return new PanxError(`${folder} has ${names.length} stages; expected the name of one of them behind it.`, {
    hint: `Type ${join(folder, names[0] ?? 'STAGE')}. The stages are ${listed(names, 12)}.`,
    exitCode: 2,
  });
}

function noSuchStage(
  folder: string,
  wanted: string,
  rows: ReadonlyMap<string, string[]>,
  ids: readonly string[],
): PanxError {
  const names = [...rows.keys()];
  const suggestion = nearest(wanted, [...names, ...ids]);
  const meant = suggestion === undefined ? '.' : `; did you mean ${suggestion}?`;
  return new PanxError(`${folder} has no stage ${wanted}${meant}`, {
    hint: `Its stages are ${listed(names, 12)}.`,
    exitCode: 2,
  });
}
