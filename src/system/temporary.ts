import { createHash, randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isRunning } from './process.js';

/** A name under which something is made until it is whole, or set aside until its successor stands. */
export interface TemporaryName {
  /** The name that it is for. */
  of: string;
  pid: number;
  /** Whether a process of this machine made it: of another's, nobody here knows whether it lives. */
  fromHere: boolean;
  kind: 'tmp' | 'previous';
}

/**
 * A name beside `path` that no other process uses: `<path>.<pid>-<machine and random>.tmp`. What is made there is renamed into place when
 * whole; what a killed process leaves there is known by its name.
 *
 * @param kind `previous` for what is set aside until its successor stands
 */
export function temporaryNeighbour(path: string, kind: TemporaryName['kind'] = 'tmp'): string {
  return `${path}.${process.pid}-${machine()}${randomBytes(2).toString('hex')}.${kind}`;
}

/** What a name says, if it is such a name; else null. @param name a file's name without its folder */
export function parseTemporary(name: string): TemporaryName | null {
  const [, of, pid, by, kind] = /^(.+)\.(\d+)-([0-9a-f]{4})[0-9a-f]{4}\.(tmp|previous)$/s.exec(name) ?? [];
  if (of === undefined) return null;
  return { of, pid: Number(pid), fromHere: by === machine(), kind: kind as TemporaryName['kind'] };
}

/** Whether the process that made it is known to be gone. */
export function isAbandoned({ pid, fromHere }: TemporaryName): boolean {
  return fromHere && pid !== process.pid && !isRunning(pid);
}

/** Whether a name is one of those, of a process that is known to be gone. */
export function isLeftover(name: string): boolean {
  const temporary = parseTemporary(name);
  return temporary !== null && isAbandoned(temporary);
}

/** Four hexadecimal digits that stand for this machine: on a shared file system the numbers of processes do not suffice. */
function machine(): string {
  return createHash('sha256').update(hostname()).digest('hex').slice(0, 4);
}

/** Remove the files that killed processes of this machine left half-written in a folder of the cache, where nothing else removes them. */
export async function removeOrphans(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch((): string[] => [])) {
    const temporary = parseTemporary(name);
    if (temporary === null || !temporary.fromHere || isRunning(temporary.pid)) continue;
    await rm(join(folder, name), { force: true }).catch(() => {}); // A cache is worth no error.
  }
}
