import { existsSync } from 'node:fs';
import { isDone, type RunDirectory } from '../run/directory.js';
import { lockedBy } from '../run/lock.js';
import type { StoreDirectory } from '../run/store-directory.js';
import { type Failure, readFailure } from './failures.js';
import { registeredRun } from './store.js';
import type { RecordedStage, StudyRecord } from './study-folder.js';

/** How far a stage of a study is. Nothing is hashed: whoever takes a stage looks closer. */
export interface StageState {
  name: string;
  stage: RecordedStage;
  /** Where it was trained, or is; null where nothing is there. */
  run: RunDirectory | null;
  trained: boolean;
  hasWeights: boolean;
  /** Names of the rows that it is still to be scored on. */
  unscored: string[];
  /** Who is training it, in words; null where nobody is. */
  busy: string | null;
  /** Why it failed when it was last tried; null where it did not, or is done. */
  failure: Failure | null;
}

export async function statesOf(store: StoreDirectory, record: StudyRecord): Promise<StageState[]> {
  const states: StageState[] = [];
  for (const [name, stage] of Object.entries(record.stages)) states.push(await stateOf(store, name, stage));
  return states;
}

async function stateOf(store: StoreDirectory, name: string, stage: RecordedStage): Promise<StageState> {
  const { key } = stage;
  const registered = await registeredRun(store, key);
  const runs = [store.stage(key), store.again(key), ...(registered === null ? [] : [registered])];
  const run = runs.find(isDone) ?? runs.find(({ root }) => existsSync(root)) ?? null;
  const trained = run !== null && isDone(run);
  const unscored = Object.entries(stage.scorings)
    .filter(([, scoring]) => !existsSync(store.scoring(scoring).checksums))
    .map(([rows]) => rows);
  let busy: string | null = null;
  for (const { lock } of runs) busy ??= await lockedBy(lock);
  const isFinished = trained && unscored.length === 0;
  return {
    ...{ name, stage, run, trained, unscored, busy },
    hasWeights: runs.some(candidate => isDone(candidate) && existsSync(candidate.checkpoint)),
    failure: isFinished ? null : await readFailure(store, key),
  };
}

/** The keys of the stages whose weights a study still needs: to keep, to score, or for a stage that starts from them. */
export function neededWeights(states: readonly StageState[]): Set<string> {
  const needed = new Set<string>();
  const toTrain = new Set<string>();
  // From the last to the first: each comes after the one that it starts from.
  for (const { name, stage, unscored, trained, hasWeights } of states.toReversed()) {
    const isStartOfWork = states.some(other => other.stage.startsFrom === name && toTrain.has(other.name));
    const isNeeded = stage.keep || unscored.length > 0 || isStartOfWork;
    if (isNeeded) needed.add(stage.key);
    if (!trained || (isNeeded && !hasWeights)) toTrain.add(name);
  }
  return needed;
}
