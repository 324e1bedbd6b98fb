import { randomBytes } from 'node:crypto';
import { link, lstat, open, readdir, rm, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, PanxError } from '../errors.js';
import { cannotWrite, makeFolder } from './files.js';
import { isRunning } from './process.js';
import { readSmallFile } from './small-file.js';
import { takeAway } from './takeover.js';
import { isLeftover } from './temporary.js';

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
 * @throws PanxError where the lock cannot be written, or what lies in its place is no file.
 */
export async function withLock<T>(path: string, onWaiting: () => void, action: () => Promise<T>): Promise<T> {
  const own = `${process.pid} ${hostname()} ${randomBytes(8).toString('hex')}\n`;
  await take(path, own, onWaiting);
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {}); // Fails where the lock was taken over and given back: nothing to keep alive.
  }, heartbeatMs);
  heartbeat.unref();
  try {
    return await action();
  } finally {
    clearInterval(heartbeat);
    // A lock that cannot be given back any more goes stale; how the work ended is what to tell.
    await giveBack(path, own).catch(() => {});
  }
}

/** Remove the locks whose names end in `ending`, and the remains of broken ones, where the processes that made them are gone. */
export async function removeAbandonedLocks(folder: string, ending: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (isLeftover(name)) await rm(path, { force: true });
    else if (name.endsWith(ending)) {
      const found = await look(path);
      if (found !== undefined && isAbandoned(found)) await breakLock(path, found.content);
    }
  }
}

const pollMs = 300;
const heartbeatMs = 10_000;
const staleMs = 120_000;

async function take(path: string, own: string, onWaiting: () => void): Promise<void> {
  let watched: Found | undefined;
  let sinceMs = 0;
  try {
    makeFolder(dirname(path));
    while (!(await create(path, own))) {
      const found = await look(path);
      if (found === undefined) continue; // Given back in between.
      if (found.content !== watched?.content || found.mtimeMs !== watched.mtimeMs) {
        watched = found;
        sinceMs = Date.now();
      }
      // Another host's clock may be ahead: a time in the future is a sign of life only as long as it moves.
      if (isAbandoned(found) || Date.now() - sinceMs > staleMs) await breakLock(path, found.content);
      else {
        onWaiting();
        await sleep(pollMs);
      }
    }
  } catch (error) {
    throw error instanceof PanxError ? error : cannotWrite(path, error);
  }
}

async function create(path: string, own: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    try {
      await file.writeFile(own);
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

interface Found {
  /** What the lock says of its holder; empty where it may not be read, as another user's. */
  content: string;
  mtimeMs: number;
}

/** A lock as it is now; undefined where there is none. @throws PanxError for what no panx has put there. */
async function look(path: string): Promise<Found | undefined> {
  try {
    const found = await lstat(path);
    if (!found.isFile()) {
      throw new PanxError(
        `${path} is ${found.isDirectory() ? 'a folder' : 'no file'}, expected a lock file or nothing.`,
        {
          hint: 'Move it away, and type the command again.',
        },
      );
    }
    const content = await readSmallFile(path).catch((error: unknown) => {
      if (codeOf(error) === 'EACCES' || codeOf(error) === 'EPERM') return '';
      throw error;
    });
    return content === undefined ? undefined : { content, mtimeMs: found.mtimeMs };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function isAbandoned({ content, mtimeMs }: Found): boolean {
  const [pid = '', host] = content.trim().split(' ');
  // Numbers below 1 stand for groups of processes, of which there is always one.
  if (host === hostname() && !(/^[1-9]\d*$/.test(pid) && isRunning(Number(pid)))) return true;
  return Date.now() - mtimeMs > staleMs;
}

async function breakLock(path: string, abandoned: string): Promise<void> {
  await takeAway(path, {
    isSame: async aside => (await look(aside))?.content === abandoned,
    async putBack(aside) {
      await link(aside, path).catch(() => {});
      return false; // The other name stays.
    },
    remove: aside => rm(aside, { force: true }),
  });
}

async function giveBack(path: string, own: string): Promise<void> {
  if ((await readSmallFile(path)) === own) await rm(path, { force: true });
}
