import { rename } from 'node:fs/promises';
import { codeOf } from '../errors.js';
import { temporaryNeighbour } from './temporary.js';

/** How an abandoned lock is taken away. */
export interface Takeover {
  /** Whether what lies there now is still what was found abandoned. */
  isSame(aside: string): Promise<boolean>;
  /** Put back what another process has taken meanwhile. @returns whether nothing is left of it at `aside` */
  putBack(aside: string): Promise<boolean>;
  remove(aside: string): Promise<void>;
}

/**
 * Take an abandoned lock away: it is renamed, looked at again and only then removed, so that one that another process has taken meanwhile
 * is put back. Nothing happens where it is gone already.
 */
export async function takeAway(path: string, { isSame, putBack, remove }: Takeover): Promise<void> {
  const aside = temporaryNeighbour(path);
  try {
    await rename(path, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  if ((await isSame(aside)) || !(await putBack(aside))) await remove(aside);
}
