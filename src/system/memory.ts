import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Collect garbage now (some 30 ms). For what is large outside of JavaScript's heap, of which the collector knows nothing: it would leave it for
 * as long as the heap itself has room.
 */
export async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  // Native code lets go of its part in a task after the collection.
  await new Promise(resolve => setImmediate(resolve));
}
