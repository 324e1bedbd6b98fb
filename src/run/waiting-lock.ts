import { randomBytes } from 'node:crypto';
import { link, open, rename, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../errors.js';
import { makeFolder, readIfPresent } from './files.js';
import { isRunning } from './process.js';
import { temporaryNeighbour } from './temporary.js';

/**
 * Run `action` while holding the lock file `path`, so that of several processes only one does the work and the others
 * wait, then find it done. The lock of a process that is gone (its number unknown on this host, or no sign of life for
 * two minutes from whichever host) is taken over: nothing needs cleaning up after a kill.
 *
 * Unlike the lock of a run directory (lock.ts) this one is waited for, and may be broken from another host. It
 * saves work; what it guards must be right without it too, since some shared file systems lie about locks and a
 * process that was stopped for minutes goes on unaware. A transfer is: two would write the same bytes at the same places
 * of the same partial file, which is checked before use.
 *
 * @param onWaiting called about three times a second while another process holds the lock.
 */
export async function withLock<T>(path: string, onWaiting: () => void, action: () => Promise<T>): Promise<T> {
  makeFolder(dirname(path));
  const own = `${process.pid} ${hostname()} ${randomBytes(8).toString('hex')}\n`;
  while (!(await acquire(path, own))) {
    onWaiting();
    await sleep(pollMs);
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {}); // Fails where the lock was taken over and given back: nothing to keep alive.
  }, heartbeatMs);
  heartbeat.unref();
  try {
    return await action();
  } finally {
    clearInterval(heartbeat);
    if ((await readIfPresent(path)) === own) await rm(path, { force: true });
  }
}

const pollMs = 300;
const heartbeatMs = 10_000;
const staleMs = 120_000;

async function acquire(path: string, own: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    try {
      await file.writeFile(own);
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  const content = await readIfPresent(path);
  if (content === undefined || !(await isAbandoned(path, content))) return false;
  await breakLock(path, content);
  return await acquire(path, own);
}

async function isAbandoned(path: string, content: string): Promise<boolean> {
  const [pid, host] = content.trim().split(' ');
  if (host === hostname() && !isRunning(Number(pid))) return true;
  try {
    return Date.now() - (await stat(path)).mtimeMs > staleMs;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false; // Given back in between.
    throw error;
  }
}

/** Remove an abandoned lock, unless another process has done so and taken it meanwhile: that one is put back. */
async function breakLock(path: string, abandoned: string): Promise<void> {
  const aside = temporaryNeighbour(path);
  try {
    await rename(path, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  if ((await readIfPresent(aside)) !== abandoned) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
}
