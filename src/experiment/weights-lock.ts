import type { StoreDirectory } from '../run/store-directory.js';
import { withLock } from '../system/waiting-lock.js';

/** Hold the lock under which weights are let go, stages are replaced or set aside, and studies noted. */
export async function withWeightsLock<T>(store: StoreDirectory, action: () => Promise<T>): Promise<T> {
  return await withLock(store.lock('weights'), () => {}, action);
}
