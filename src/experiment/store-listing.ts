import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { PanxError } from '../errors.js';
import { isBegun, isDone, type RunDirectory, runDirectory } from '../run/directory.js';
import { lockedBy } from '../run/lock.js';
import { type StoreDirectory, scoringDirectory } from '../run/store-directory.js';
import { isCurrent } from './identity.js';
import { type NotedStudy, notedStudies } from './noted-studies.js';
import { readEnvironment, readIdentity } from './records.js';
import { readScores } from './scoring.js';
import { registeredRun } from './store.js';
import { bytesOf, contentsOf, type StoreEntry, type Stranger } from './store-contents.js';
import { stagesOf } from './study-progress.js';

/** A study, as a list of them shows it. */
export interface ListedStudy {
  name: string;
  folder: string | null;
  stages: number;
  done: number;
  failed: number;
  /** When its stages.json was written. */
  writtenAt: string | null;
  /** Why nothing can be told of it; null where it can. */
  fault: string | null;
}

/** `gone`: registered, and not there. */
export type ListedState = 'done' | 'running' | 'unfinished' | 'damaged' | 'gone';

/** A stage in a store or registered there, or a scoring that is damaged. */
export interface ListedStage {
  key: string;
  what: 'stage' | 'stage again' | 'scoring';
  name: string | null;
  trainedOn: string[];
  /** Name of the stage that it starts from; null starts from the base model. */
  startsFrom: string | null;
  trainedAt: string | null;
  state: ListedState;
  /** Who is training it, in words. */
  by: string | null;
  /** What is damaged, in a sentence. */
  fault: string | null;
  hasWeights: boolean;
  bytes: number;
  /** F1 by the names of the rows. */
  f1: Record<string, number>;
  /** Names of the studies that use it. */
  studies: string[];
  /** Folder of a run outside of the store; null lies in the store. */
  folder: string | null;
}

export interface StoreListing {
  studies: ListedStudy[];
  stages: ListedStage[];
  strangers: Stranger[];
  /** Bytes of all that is in the store. */
  bytes: number;
}

/** What a store holds, sorted by time. What is damaged is said to be. */
export async function listStore(store: StoreDirectory): Promise<StoreListing> {
  const noted = await notedStudies(store);
  const { entries, strangers } = await contentsOf(store);
  const studies: ListedStudy[] = [];
  for (const study of noted) studies.push(await listedStudy(store, study));
  const scorings = await scoringsIn(entries);
  const stages: ListedStage[] = [];
  for (const entry of entries) {
    const run = await runOf(store, entry);
    if (run === undefined) continue;
    const stage = await listedStage(entry, run);
    for (const { of, rows, f1 } of scorings.sound) if (of === stage.key) stage.f1[rows] = f1;
    stages.push({ ...stage, studies: usersOf(noted, stage.key) });
  }
  for (const damaged of scorings.damaged) stages.push({ ...damaged, studies: usersOf(noted, damaged.key) });
  return {
    studies: studies.sort((a, b) => byTime(a.writtenAt, b.writtenAt)),
    stages: stages.sort((a, b) => byTime(a.trainedAt, b.trainedAt)),
    strangers,
    bytes: await bytesOf(store.root),
  };
}

/** Oldest first, then what has no time. */
function byTime(a: string | null, b: string | null): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return a < b ? -1 : Number(a > b);
}

async function listedStudy(store: StoreDirectory, { name, folder, record, fault }: NotedStudy): Promise<ListedStudy> {
  const written = folder === null ? null : await stat(folder.stages).catch(() => null);
  const stages = record === null ? [] : await stagesOf(store, record);
  return {
    name,
    folder: folder?.root ?? null,
    stages: stages.length,
    done: stages.filter(({ kind }) => kind === 'done').length,
    failed: stages.filter(({ kind }) => kind === 'failed').length,
    writtenAt: written?.mtime.toISOString() ?? null,
    fault,
  };
}

/** The run that an entry is of; null where a registration does not say which, undefined where the entry is of none. */
async function runOf(store: StoreDirectory, { kind, path, key }: StoreEntry): Promise<RunDirectory | null | undefined> {
  if (kind === 'stage' || kind === 'stage again') return runDirectory(path);
  return kind === 'registration' ? await registeredRun(store, key) : undefined;
}

async function listedStage({ kind, path, key }: StoreEntry, run: RunDirectory | null): Promise<ListedStage> {
  const isOutside = kind === 'registration';
  const stage: ListedStage = {
    ...blank(key),
    what: kind === 'stage again' ? 'stage again' : 'stage',
    folder: isOutside ? (run?.root ?? null) : null,
  };
  if (run === null) return { ...stage, state: 'damaged', fault: `${path} does not say where a run lies.` };
  if (!existsSync(run.root)) return { ...stage, state: 'gone' };
  stage.hasWeights = existsSync(run.checkpoint);
  stage.bytes = await bytesOf(run.root);
  stage.by = await lockedBy(run.lock);
  stage.state = stage.by !== null ? 'running' : isDone(run) ? 'done' : 'unfinished';
  if (!isBegun(run))
    return stage.state === 'done' ? { ...stage, state: 'damaged', fault: `${run.identity} is not there.` } : stage;
  try {
    const identity = await readIdentity(run);
    // In a folder outside there may be another run by now.
    if (identity.key !== key && isOutside) return { ...stage, state: 'gone', hasWeights: false, bytes: 0 };
    stage.name = identity.id;
    stage.startsFrom = 'stage' in identity.start ? identity.start.stage : null;
    if (isCurrent(identity)) stage.trainedOn = identity.rows.training.map(({ name }) => name);
    if (identity.key !== key) throw new PanxError(`${path} holds another stage than its name says.`);
    if (existsSync(run.environment)) stage.trainedAt = (await readEnvironment(run)).sessions.at(-1)?.startedAt ?? null;
    return stage;
  } catch (error) {
    if (!(error instanceof PanxError)) throw error;
    return { ...stage, state: 'damaged', fault: error.message };
  }
}

function blank(key: string): ListedStage {
  return {
    ...{ key, what: 'stage', name: null, trainedOn: [], startsFrom: null, trainedAt: null, state: 'done', by: null },
    ...{ fault: null, hasWeights: false, bytes: 0, f1: {}, studies: [], folder: null },
  };
}

interface Scorings {
  sound: { of: string; rows: string; f1: number }[];
  damaged: ListedStage[];
}

async function scoringsIn(entries: readonly StoreEntry[]): Promise<Scorings> {
  const scorings: Scorings = { sound: [], damaged: [] };
  for (const { kind, path, key } of entries) {
    if (kind !== 'scoring') continue;
    try {
      const { stage, rows, scores } = await readScores(scoringDirectory(path));
      scorings.sound.push({ of: stage, rows: rows.name, f1: scores.f1 });
    } catch (error) {
      if (!(error instanceof PanxError)) throw error;
      const damage = { state: 'damaged', fault: error.message } as const;
      scorings.damaged.push({ ...blank(key), what: 'scoring', ...damage, bytes: await bytesOf(path) });
    }
  }
  return { ...scorings, sound: scorings.sound.sort((a, b) => (a.rows < b.rows ? -1 : 1)) };
}

/** Names of the studies that have a stage or a scoring of a key. */
function usersOf(noted: readonly NotedStudy[], key: string): string[] {
  const uses = ({ record }: NotedStudy) =>
    Object.values(record?.stages ?? {}).some(stage => stage.key === key || Object.values(stage.scorings).includes(key));
  return noted.filter(uses).map(({ name }) => name);
}
