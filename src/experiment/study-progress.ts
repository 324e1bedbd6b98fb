import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { PanxError } from '../errors.js';
import { isBegun, isDone, type RunDirectory, runDirectory } from '../run/directory.js';
import { eventsIn } from '../run/events.js';
import { lockedBy } from '../run/lock.js';
import type { StoreDirectory, StudyDirectory } from '../run/store-directory.js';
import { findState } from '../training/state.js';
import { measuredPace, stageMs } from './estimate.js';
import { readSavedConfig } from './records.js';
import { scoringMs } from './scoring.js';
import { registeredRun } from './store.js';
import type { RecordedStage, StudyRecord } from './study-folder.js';
import { neededWeights, type StageState, statesOf } from './study-state.js';

/** How far a stage is: `trained` is still to be scored; `not run` cannot be, since one that it needs failed. */
export type StageKind = 'done' | 'running' | 'trained' | 'interrupted' | 'waiting' | 'failed' | 'not run';

export interface StageProgress {
  name: string;
  key: string;
  kind: StageKind;
  /** Steps that are logged, or of an interrupted training saved, of those that there will be. */
  steps: number;
  of: number;
  /** Who is training it, in words; null where nobody is. */
  by: string | null;
  /** The stage that it waits for, or that failed; null where it waits for none. */
  because: string | null;
  /** Why it failed, in a sentence. */
  failure: string | null;
  /** Names of the rows that it is still to be scored on. */
  toScore: string[];
  /** Whether it was trained, and its weights are not there any more and are needed: it will be trained again. */
  again: boolean;
}

/** How far the stages of a study are, in their order. */
export async function stagesOf(store: StoreDirectory, record: StudyRecord): Promise<StageProgress[]> {
  const states = await statesOf(store, record);
  const needed = neededWeights(states);
  const stages: StageProgress[] = [];
  for (const state of states) {
    const start = stages.find(({ name }) => name === state.stage.startsFrom);
    const again = state.trained && !state.hasWeights && needed.has(state.stage.key);
    stages.push(await progressOf(store, state, start, again));
  }
  return stages;
}

async function progressOf(
  store: StoreDirectory,
  state: StageState,
  start: StageProgress | undefined,
  again: boolean,
): Promise<StageProgress> {
  const { name, stage, unscored: toScore, busy: by, failure } = state;
  const common = { name, key: stage.key, of: stage.steps, toScore, by, failure: null, because: null, again };
  const isLost = start?.kind === 'failed' || start?.kind === 'not run';
  if (by !== null) return { ...common, kind: 'running', steps: await stepsLogged(await workedOn(store, stage)) };
  if (failure !== null) return { ...common, kind: 'failed', steps: 0, failure: failure.sentence };
  if (state.trained && !again) {
    return { ...common, kind: toScore.length === 0 ? 'done' : 'trained', steps: stage.steps };
  }
  if (isLost)
    return { ...common, kind: 'not run', steps: 0, because: start.kind === 'failed' ? start.name : start.because };
  const begun = await unfinished(store, stage);
  if (begun !== null) return { ...common, kind: 'interrupted', steps: await stepsSaved(begun, stage.steps) };
  return {
    ...common,
    kind: 'waiting',
    steps: 0,
    because: start === undefined || start.kind === 'done' ? null : start.name,
  };
}

/** Where a stage is trained, or may be. */
async function runsOf(store: StoreDirectory, { key }: RecordedStage): Promise<RunDirectory[]> {
  const registered = await registeredRun(store, key);
  return [store.stage(key), store.again(key), ...(registered === null ? [] : [registered])];
}

async function workedOn(store: StoreDirectory, stage: RecordedStage): Promise<RunDirectory> {
  const runs = await runsOf(store, stage);
  for (const run of runs) if ((await lockedBy(run.lock)) !== null) return run;
  return runs[0]!;
}

async function unfinished(store: StoreDirectory, stage: RecordedStage): Promise<RunDirectory | null> {
  return (await runsOf(store, stage)).find(run => isBegun(run) && !isDone(run)) ?? null;
}

/** The step that an interrupted training goes on from; 0 where no state was saved: it begins again. */
async function stepsSaved({ state, checkpoint }: RunDirectory, of = 0): Promise<number> {
  if (existsSync(checkpoint)) return of;
  const folder = await findState(state).catch(() => null);
  return folder === null ? 0 : Number(basename(folder).replace('step-', ''));
}

/** The last step in a run's log; a damaged or torn line, and all after it, does not count. */
async function stepsLogged({ events }: RunDirectory): Promise<number> {
  let steps = 0;
  try {
    for await (const { value } of eventsIn(events)) if (value.event === 'step') steps = value.step;
  } catch (error) {
    if (!(error instanceof PanxError)) throw error;
  }
  return steps;
}

/**
 * How long the rest of a study takes one stage after the other, by the pace of its stages; what failed is not counted.
 *
 * @returns null where nothing has run, or nothing says how its stages are trained
 */
export async function msLeft(
  folder: StudyDirectory,
  store: StoreDirectory,
  record: StudyRecord,
  stages: readonly StageProgress[],
): Promise<number | null> {
  const left = stages.filter(({ kind }) => !['done', 'failed', 'not run'].includes(kind));
  if (left.length === 0) return 0;
  const recorded = Object.values(record.stages);
  const runs = (await Promise.all(recorded.map(stage => runsOf(store, stage)))).flat();
  const pace = await measuredPace([...new Set(runs.map(({ root }) => root))].map(runDirectory));
  const config = await readSavedConfig(folder.config).catch(() => null);
  if (pace === null || config === null) return null;
  const keys = recorded.flatMap(({ scorings }) => Object.values(scorings));
  const scoring = (await meanScoringMs(store, keys)) ?? 0;
  return left.reduce((sum, { name, kind, again, steps, of, toScore }) => {
    const scoringLeft = toScore.length * scoring;
    if (kind === 'trained' && !again) return sum + scoringLeft;
    const { rows, segments = rows } = record.stages[name]!;
    const whole = stageMs({ config, samples: rows, segments, steps: of }, pace.msPerRow) + (pace.scoringMs ?? 0);
    return sum + whole * Math.max(0, 1 - steps / of) + scoringLeft;
  }, 0);
}

/** What scoring on one set of rows took; null where nothing was scored yet. */
export async function meanScoringMs(store: StoreDirectory, keys: readonly string[]): Promise<number | null> {
  const times = await Promise.all(keys.map(key => scoringMs(store.scoring(key))));
  const known = times.filter(ms => ms !== null);
  return known.length === 0 ? null : known.reduce((sum, ms) => sum + ms, 0) / known.length;
}
