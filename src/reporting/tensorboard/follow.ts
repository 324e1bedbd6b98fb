import { constants, existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf } from '../../errors.js';
import { isDone, type RunDirectory } from '../../run/directory.js';
import { cannotWrite, makeFolder } from '../../system/files.js';
import { eventFileOf, type LaterScore, type ShownRun } from './event-file.js';

/** A run whose event file is kept. */
export interface FollowedRun extends ShownRun {
  /** The event file. */
  path: string;
  /** Where its log is by now; null where there is none yet. */
  find(): Promise<RunDirectory | null>;
  /** Scores that come to it after its log: see `eventFileOf`. Nothing where the log has all of them. */
  later?: () => Promise<LaterScore[] | null>;
}

export interface Following {
  /** Begin to write: to be called when the folder is this process's. Later calls do nothing. */
  begin(): Promise<void>;
  /** Write what is missing, and no more after that: to be called at the end, however that came. @param failed paths of runs that failed */
  end(failed?: readonly string[]): Promise<void>;
}

interface FollowOptions {
  onNotice(text: string): void;
  onBegin?(): Promise<void>;
  everyMs?: number;
}

/**
 * Keep the event files of runs up to date with their logs: now and then while they grow, and once at the end. Who writes the logs knows nothing
 * of it, so they may be written by any process. Nothing is written before `begin`.
 *
 * A file that cannot be written is told of at the end, and ends nothing.
 *
 * @param onBegin called once, before anything is written
 * @param everyMs how often it is looked, at most; where that takes long it is looked less often, a fiftieth of the time
 */
export function follow(runs: readonly FollowedRun[], { onNotice, onBegin, everyMs = 5000 }: FollowOptions): Following {
  const whole = new Set<string>();
  let timer: NodeJS.Timeout | null = null;
  let looking: Promise<void> = Promise.resolve();
  let begun = false;
  const look = async (onFault: (run: FollowedRun, error: unknown) => void, failed: readonly string[] = []) => {
    for (const run of runs) {
      if (whole.has(run.path)) continue;
      try {
        if (await bring(run, failed.includes(run.path))) whole.add(run.path);
      } catch (error) {
        onFault(run, error);
      }
    }
  };
  const again = (afterMs: number) => {
    timer = setTimeout(() => {
      const startedMs = performance.now();
      // What cannot be read now, since it is being written, can be the next time.
      looking = look(() => {}).then(() => {
        if (timer !== null) again(Math.max(everyMs, 50 * (performance.now() - startedMs)));
      });
    }, afterMs);
    timer.unref();
  };
  return {
    async begin() {
      if (begun) return;
      begun = true;
      await onBegin?.();
      again(everyMs);
    },
    async end(failed = []) {
      if (!begun) return;
      if (timer !== null) clearTimeout(timer);
      timer = null;
      await looking;
      await look(({ path }, error) => onNotice(`no event file ${path}: ${messageOf(error)}`), failed);
    },
  };
}

/** @returns whether the file is whole */
async function bring(followed: FollowedRun, failed: boolean): Promise<boolean> {
  const run = await followed.find();
  if (run === null || !existsSync(run.events)) return false;
  const later = isDone(run) && followed.later !== undefined ? await followed.later() : [];
  const { bytes, isWhole } = await eventFileOf(run, followed, later, failed);
  await bringTo(followed.path, bytes);
  return isWhole;
}

/**
 * Give a file these bytes, and write only from where it differs. It stays the same file: TensorBoard holds it open, and would never see one that
 * takes its place. What a kill leaves half written is put right the next time.
 *
 * @throws PanxError where it cannot be written, or is a link
 */
export async function bringTo(path: string, bytes: Uint8Array): Promise<void> {
  try {
    makeFolder(dirname(path));
    const file = await open(path, constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0), 0o666);
    try {
      const there = await file.readFile();
      const from = firstDifference(there, bytes);
      if (there.length > bytes.length) await file.truncate(bytes.length);
      for (let at = from; at < bytes.length; ) at += (await file.write(bytes, at, bytes.length - at, at)).bytesWritten;
    } finally {
      await file.close();
    }
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

/** Where two texts part; the length of the shorter where one begins with the other. */
function firstDifference(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return i;
  return length;
}
