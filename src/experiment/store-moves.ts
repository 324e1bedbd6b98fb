import { existsSync } from 'node:fs';
import { lstat, mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf } from '../errors.js';
import { isDone, type RunDirectory } from '../run/directory.js';
import { runLayout } from '../run/layouts.js';
import type { StoreDirectory } from '../run/store-directory.js';
import { cannotWrite } from '../system/files.js';
import { removeAbandonedNeighbours, removeMade } from '../system/made.js';
import { temporaryNeighbour } from '../system/temporary.js';
import { withWeightsLock } from './weights-lock.js';

/**
 * Move a folder of the store away, so that what was in it is made anew. Whoever does holds the weights' lock: another process may have done
 * so, and made it anew.
 *
 * @returns where it is now
 */
export async function setAside(store: StoreDirectory, key: string, folder: string): Promise<string> {
  for (let number = 1; ; number++) {
    const place = store.setAside(key, number);
    if ((await lstat(place).catch(() => null)) !== null) continue;
    await mkdir(dirname(place), { recursive: true });
    await rename(folder, place);
    return place;
  }
}

/**
 * Put a stage that was trained once more in the place of the one before, which lacks its weights, or scores; unless another process has done
 * so.
 *
 * @param check throws where it may not
 */
export async function replaceByAgain(
  store: StoreDirectory,
  key: string,
  check: (again: RunDirectory) => Promise<void> = async () => {},
): Promise<void> {
  await withWeightsLock(store, async () => {
    const again = store.again(key);
    if (!isDone(again)) return;
    await check(again);
    const there = store.stage(key).root;
    const old = temporaryNeighbour(there);
    await rename(there, old).catch((error: unknown) => {
      if (codeOf(error) !== 'ENOENT') throw cannotWrite(there, error);
    });
    await rename(again.root, there);
    await removeMade(old, runLayout);
    if (existsSync(old)) await setAside(store, key, old); // Files that panx did not make.
  });
}

/** What a killed process left undone of `replaceByAgain`. */
export async function finishReplacing(store: StoreDirectory, key: string): Promise<void> {
  const { root } = store.stage(key);
  if (!existsSync(root) && isDone(store.again(key))) await replaceByAgain(store, key);
  await removeAbandonedNeighbours(root, runLayout);
}
