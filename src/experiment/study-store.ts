import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { PanxError } from '../errors.js';
import { isDone, type RunDirectory } from '../run/directory.js';
import type { StoreDirectory, StudyDirectory } from '../run/store-directory.js';
import { overlap, pathFrom } from '../system/place.js';
import { registeredRun } from './store.js';
import { storeToSearch } from './store-contents.js';
import { type RecordedStage, type StudyRecord, storeOf } from './study-folder.js';

/**
 * The record of a study with its store as it lies now: the one that has most of these stages, of --store, of stages.json, and of PANX_STORE or
 * results/store, in this order.
 *
 * @param storeFolder of --store
 * @throws PanxError where none has one of them and the store of stages.json is not there, exit code 2
 */
export async function withStore(
  study: StudyDirectory,
  record: StudyRecord,
  storeFolder: string | undefined,
  ids: readonly string[] = Object.keys(record.stages),
): Promise<StudyRecord> {
  const { best, recorded } = await bestStore(study, record, storeFolder, ids);
  return best === recorded ? record : { ...record, store: await pathFrom(study.root, best.root) };
}

/**
 * The same for a command that asks for this study alone, so that a store that is not taken has no effect on it.
 *
 * @throws PanxError as `withStore` does, and where --store is given and another store has more of the stages, exit code 2
 */
export async function withOwnStore(
  study: StudyDirectory,
  record: StudyRecord,
  storeFolder: string | undefined,
): Promise<StudyRecord> {
  const { best, recorded, most } = await bestStore(study, record, storeFolder, Object.keys(record.stages));
  if (best !== recorded) return { ...record, store: await pathFrom(study.root, best.root) };
  if (storeFolder === undefined || most === 0 || (await overlap(recorded.root, storeFolder)) === 'is') return record;
  throw new PanxError(`--store is ${storeFolder}, and the stages of ${basename(study.root)} are in ${recorded.root}.`, {
    hint: 'Leave --store out: the study says where its store is.',
    exitCode: 2,
  });
}

async function bestStore(
  study: StudyDirectory,
  record: StudyRecord,
  storeFolder: string | undefined,
  ids: readonly string[],
): Promise<{ best: StoreDirectory; recorded: StoreDirectory; most: number }> {
  const recorded = await storeOf(study, record);
  const searched = await storeToSearch(storeFolder);
  const stores = storeFolder === undefined ? [recorded, searched] : [searched, recorded];
  let [best, most]: [StoreDirectory, number] = [recorded, 0];
  for (const store of stores) {
    if (store === null) continue;
    const runs = await Promise.all(ids.map(id => runInStore(store, record.stages[id]!)));
    const count = runs.filter(run => run !== null).length;
    if (count > most) [best, most] = [store, count];
  }
  if (most === 0 && !existsSync(recorded.root)) {
    if (storeFolder === undefined || searched === null) throw storeGone(study, recorded);
    best = searched; // Nothing is done there yet.
  }
  return { best, recorded, most };
}

/** The run of a stage, in a store or registered there; null where it is not done. */
export async function runInStore(store: StoreDirectory, { key }: RecordedStage): Promise<RunDirectory | null> {
  if (isDone(store.stage(key))) return store.stage(key);
  const registered = await registeredRun(store, key);
  return registered !== null && isDone(registered) ? registered : null;
}

function storeGone(study: StudyDirectory, { root }: StoreDirectory): PanxError {
  return new PanxError(`The store of ${basename(study.root)} is not there: ${study.stages} says that it is ${root}.`, {
    hint: 'If it was moved, say where it lies now: --store FOLDER, or PANX_STORE. panx run makes it anew.',
    exitCode: 2,
  });
}
