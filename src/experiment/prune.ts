import { modelLayout } from '../run/layouts.js';
import type { StoreDirectory } from '../run/store-directory.js';
import { removeAbandonedNeighbours } from '../system/made.js';
import { withLock } from '../system/waiting-lock.js';
import { notedStudies } from './noted-studies.js';
import { neededWeights, statesOf } from './study-state.js';
import { dropWeights } from './train-stored.js';

/**
 * Let the weights of some stages go that no study in the store needs any more. A stage that lies in the folder of a panx train or a panx
 * sweep is left alone.
 *
 * @param keys of the stages of a study that may have become free
 * @returns why no weights were let go, in a sentence: of a study that the store notes nobody can tell what it needs; else null
 */
export async function pruneWeights(store: StoreDirectory, keys: readonly string[]): Promise<string | null> {
  // Who notes a study holds the same lock: what one process lets go, no other has just found.
  return await withWeightsLock(store, async () => {
    for (const key of keys) await removeAbandonedNeighbours(store.stage(key).checkpoint, modelLayout);
    const studies = await notedStudies(store);
    const unknown = studies.find(({ record }) => record === null);
    if (unknown !== undefined)
      return `no weights are let go: ${unknown.fault} panx rm ${unknown.folder?.root ?? unknown.name} forgets it.`;
    const needed = new Set<string>();
    for (const { record } of studies) {
      for (const key of neededWeights(await statesOf(store, record!))) needed.add(key);
    }
    for (const key of keys) if (!needed.has(key)) await dropWeights(store.stage(key));
    return null;
  });
}

/** Hold the lock under which weights are let go, and studies noted. */
export async function withWeightsLock<T>(store: StoreDirectory, action: () => Promise<T>): Promise<T> {
  return await withLock(store.lock('weights'), () => {}, action);
}
