import { readFileSync } from 'node:fs';
import { lstat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { listed, PanxError } from '../errors.js';
import { integer, object, orNull, parseJsonAs, type Shape, text } from '../system/checked-json.js';
import { cannotWrite, makeFolder, readIfPresent, reasonOf, renameUnlessTaken } from '../system/files.js';
import { isObject } from '../system/json.js';
import { removeMade, strangersIn } from '../system/made.js';
import { isEnding, isRunning, statOf } from '../system/process.js';
import { takeAway } from '../system/takeover.js';
import { temporaryNeighbour } from '../system/temporary.js';
import { lockLayout } from './layouts.js';

/**
 * Take the lock of a folder that only one process may write to. One left by a process of this host that no longer lives
 * is taken over, so a killed run needs no cleaning up.
 *
 * The lock is itself a folder, prepared elsewhere and renamed into place: it appears with the holder's name in it, in
 * one step that fails where another one stands, on every file system (hard links would do too, where there are any).
 *
 * @param path the lock, inside the folder that it guards; missing folders are made.
 * @returns the function that gives the lock back.
 * @throws PanxError naming the process and host that hold it.
 */
export async function takeLock(path: string): Promise<() => Promise<void>> {
  const own: Holder = {
    pid: process.pid,
    host: hostname(),
    started: startOf(process.pid),
    since: new Date().toISOString(),
  };
  const content = `${JSON.stringify(own)}\n`;
  const prepared = temporaryNeighbour(path);
  try {
    makeFolder(prepared);
    await writeFile(holderFile(prepared), content);
    while (!(await renameUnlessTaken(prepared, path))) await removeStale(path);
  } catch (error) {
    // What went wrong first is what to tell.
    await removeMade(prepared, lockLayout).catch(() => {});
    throw error instanceof PanxError ? error : cannotWrite(path, error);
  }
  return async () => {
    if ((await readIfPresent(holderFile(path))) === content) await removeMade(path, lockLayout);
  };
}

/** Remove the lock of a process that was killed, if there is one. One that is held, or may be, stays. */
export async function clearStaleLock(path: string): Promise<void> {
  const isFolder = await lstat(path).then(
    found => found.isDirectory(),
    () => false,
  );
  if (!isFolder) return;
  await removeStale(path).catch((error: unknown) => {
    if (!(error instanceof PanxError)) throw error;
  });
}

/** A folder is locked by another process. */
export class InUse extends PanxError {}

/** Who holds a lock, in words: "process 12 on host". null where nobody does, as far as this host can tell. */
export async function lockedBy(path: string): Promise<string | null> {
  const holder = parseHolder(await readIfPresent(holderFile(path)).catch(() => undefined));
  if (holder === undefined || (holder.host === hostname() && !isAlive(holder))) return null;
  return `process ${holder.pid} on ${holder.host}`;
}

/** Who holds a lock. */
interface Holder {
  pid: number;
  host: string;
  /** Tells the process from a later one with the same number; null where the system does not say. */
  started: string | null;
  since: string;
}

/** Remove a lock whose process is dead. @throws PanxError where it lives, or may. */
async function removeStale(path: string): Promise<void> {
  const content = await readIfPresent(holderFile(path)).catch((error: unknown) => {
    throw new PanxError(`${holderFile(path)} cannot be read: ${reasonOf(error)}.`, {
      hint: `It says which process works in ${dirname(path)}. If none does for certain, remove ${path}.`,
      cause: error,
    });
  });
  const holder = parseHolder(content);
  if (holder !== undefined && holder.host === hostname()) await waitWhileEnding(holder);
  if (holder !== undefined && (holder.host !== hostname() || isAlive(holder))) {
    throw new InUse(`${dirname(path)} is in use by process ${holder.pid} on ${holder.host}, since ${holder.since}.`, {
      hint:
        holder.host === hostname()
          ? 'Wait for it, stop it, or choose another folder.'
          : `Wait for it, or choose another folder. If that process is gone for certain, remove ${path}.`,
    });
  }
  const strangers = await strangersIn(path, lockLayout);
  if (strangers.length > 0) {
    throw new PanxError(`${path} holds what panx did not make: ${listed(strangers)}.`, {
      hint: `panx locks a folder by a folder of that name. Move that away, or choose another folder.`,
    });
  }
  await takeAway(path, {
    isSame: async aside => (await readIfPresent(holderFile(aside))) === content,
    putBack: aside => renameUnlessTaken(aside, path),
    remove: aside => removeMade(aside, lockLayout),
  });
}

function holderFile(lock: string): string {
  return join(lock, 'holder.json');
}

/** undefined where there is no file that panx wrote whole: a power failure may have emptied it. */
function parseHolder(content: string | undefined): Holder | undefined {
  if (content === undefined) return undefined;
  try {
    return parseJsonAs(content, holderShape, 'holder.json');
  } catch (error) {
    if (error instanceof PanxError) return undefined;
    throw error;
  }
}

const printable = text({ pattern: /^[^\p{Cc}]{1,300}$/u, expected: 'a text on one line' });
const fields = object({ pid: integer({ min: 1 }), host: printable, started: orNull(printable), since: printable });

/** Another version of panx may write more: its lock holds all the same. */
const holderShape: Shape<Holder> = value => {
  if (!isObject(value)) return fields(value);
  const { pid, host, started, since } = value;
  return fields({ pid, host, started, since });
};

/** A process that was killed a moment ago is waited for, some seconds at most. */
async function waitWhileEnding(holder: Holder): Promise<void> {
  for (let waitedMs = 0; waitedMs < 5000 && isEnding(holder.pid) && isAlive(holder); waitedMs += 20) await sleep(20);
}

function isAlive({ pid, started }: Holder): boolean {
  if (!isRunning(pid)) return false;
  const now = startOf(pid);
  return started === null || now === null || started === now;
}

/**
 * When a process started, as boot id and clock ticks since boot (proc(5), field 22 of stat): in containers process
 * numbers repeat from one start to the next. null where there is no /proc.
 */
function startOf(pid: number): string | null {
  const ticks = statOf(pid)?.[19];
  if (ticks === undefined) return null;
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${ticks}`;
  } catch {
    return null;
  }
}
