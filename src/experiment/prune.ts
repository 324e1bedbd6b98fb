import type { StoreDirectory } from '../run/store-directory.js';
import { withLock } from '../system/waiting-lock.js';
import { studiesIn } from './study-folder.js';
import { neededWeights, statesOf } from './study-state.js';
import { dropWeights } from './train-stored.js';

/**
 * Let the weights of some stages go that no study in the store needs any more. A stage that lies in the folder of a panx train or a panx
 * sweep is left alone.
 *
 * @param keys of the stages of a study that may have become free
 */
export async function pruneWeights(store: StoreDirectory, keys: readonly string[]): Promise<void> {
  // Who notes a study holds the same lock: what one process lets go, no other has just found.
  await withWeightsLock(store, async () => {
    const needed = new Set<string>();
    for (const { record } of await studiesIn(store)) {
      for (const key of neededWeights(await statesOf(store, record))) needed.add(key);
    }
    for (const key of keys) if (!needed.has(key)) await dropWeights(store.stage(key));
  });
}

/** Hold the lock under which weights are let go, and studies noted. */
export async function withWeightsLock<T>(store: StoreDirectory, action: () => Promise<T>): Promise<T> {
  return await withLock(store.lock('weights'), () => {}, action);
}
