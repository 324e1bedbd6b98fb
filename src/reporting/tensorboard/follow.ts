import {
  closeSync,
  constants,
  existsSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readFileSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { messageOf, PanxError } from '../../errors.js';
import { isDone, type RunDirectory } from '../../run/directory.js';
import { cannotWrite, makeFolder } from '../../system/files.js';
import { type EventFile, eventFileOf, type LaterScore, type ShownRun } from './event-file.js';

/** A run whose event file is kept. */
export interface FollowedRun extends ShownRun {
  /** The event file. */
  path: string;
  /** The folder of event files in that of a run, a study or a sweep. No link is followed from there on. */
  folder: string;
  /** Where its log is by now; null where there is none yet. */
  find(): Promise<RunDirectory | null>;
  /** Scores that come to it after its log: see `eventFileOf`. Nothing where the log has all of them. */
  later?: () => Promise<LaterScore[] | null>;
}

export interface Following {
  /** Begin to write: to be called when the folder is this process's. Later calls do nothing. */
  begin(): Promise<void>;
  /**
   * Write what is missing, and no more after that: to be called at the end, however that came.
   *
   * @param failed paths of runs that failed
   * @returns whether all could be written
   */
  end(failed?: readonly string[]): Promise<boolean>;
}

interface FollowOptions {
  onNotice(text: string): void;
  removeOld?(): Promise<void>;
  everyMs?: number;
}

/**
 * Keep the event files of runs up to date with their logs: now and then while they grow, and once at the end. Who writes the logs knows nothing
 * of it, so they may be written by any process. Nothing is written before `begin`.
 *
 * A file that cannot be written, or an old one that cannot be removed, is told of at the end, and ends nothing.
 *
 * @param removeOld called once, before anything is written: removes event files of runs that are not among these
 * @param everyMs how often it is looked. Each time a file is made anew of the whole log, a megabyte (8,000 steps) in 0.15 s; so of many megabytes that is done
 *   so many times less often
 */
export function follow(
  runs: readonly FollowedRun[],
  { onNotice, removeOld, everyMs = 5000 }: FollowOptions,
): Following {
  /** Of files to which nothing more comes: the log that they were made of. A run that is done may be trained anew. */
  const whole = new Map<string, string>();
  let timer: NodeJS.Timeout | null = null;
  let looking: Promise<unknown> = Promise.resolve();
  let begun = false;
  let notRemoved: string | null = null;
  /** @returns bytes of the files that were made */
  const look = async (onFault: (run: FollowedRun, error: unknown) => void, failed: readonly string[] = []) => {
    let bytes = 0;
    for (const followed of runs) {
      try {
        const run = await followed.find();
        if (run === null || !existsSync(run.events)) continue;
        const stamp = stampOf(run);
        if (whole.get(followed.path) === stamp) continue;
        const made = await bring(followed, run, failed.includes(followed.path));
        if (made.isWhole) whole.set(followed.path, stamp);
        bytes += made.bytes.length;
      } catch (error) {
        onFault(followed, error);
      }
    }
    return bytes;
  };
  const again = (afterMs: number) => {
    timer = setTimeout(() => {
      // What cannot be read now, since it is being written, can be the next time.
      looking = look(() => {}).then(bytes => {
        if (timer !== null) again(everyMs * Math.max(1, bytes / 1_000_000));
      });
    }, afterMs);
    timer.unref();
  };
  return {
    async begin() {
      if (begun) return;
      begun = true;
      try {
        await removeOld?.();
      } catch (error) {
        notRemoved = messageOf(error);
      }
      again(everyMs);
    },
    async end(failed = []) {
      if (!begun) return true;
      if (timer !== null) clearTimeout(timer);
      timer = null;
      await looking;
      if (notRemoved !== null) onNotice(`event files of other runs are not removed: ${notRemoved}`);
      let ok = true;
      const onFault = ({ path }: FollowedRun, error: unknown) => {
        ok = false;
        onNotice(`no event file ${path}: ${messageOf(error)}`);
      };
      await look(onFault, failed);
      return ok;
    },
  };
}

async function bring(followed: FollowedRun, run: RunDirectory, failed: boolean): Promise<EventFile> {
  // Asked once, and before the log is read: what is done has all of it.
  const laterOf = followed.later ?? (async () => []);
  const later = isDone(run) ? await laterOf() : null;
  const made = await eventFileOf(run, followed, later, failed);
  bringTo(followed.path, made.bytes, followed.folder);
  return made;
}

function stampOf({ root, events }: RunDirectory): string {
  const { size, mtimeMs } = statSync(events);
  return `${root} ${size} ${mtimeMs}`;
}

/**
 * Give a file these bytes, and write only from where it differs. It stays the same file: TensorBoard holds it open, and would never see one that
 * takes its place. What a kill leaves half written is put right the next time.
 *
 * @param top folder above it; no link is followed from there on
 * @throws PanxError where it cannot be written, or it or a folder above it is a link
 */
export function bringTo(path: string, bytes: Uint8Array, top = dirname(path)): void {
  refuseLinks(dirname(path), top);
  try {
    makeFolder(dirname(path));
    const file = openSync(path, constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0), 0o666);
    try {
      const there = readFileSync(file);
      if (there.length > bytes.length) ftruncateSync(file, bytes.length);
      for (let at = firstDifference(there, bytes); at < bytes.length; ) {
        at += writeSync(file, bytes, at, bytes.length - at, at);
      }
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

/** @throws PanxError where one of the folders from `top` down to `folder` is something else */
function refuseLinks(folder: string, top: string): void {
  const below = relative(top, folder)
    .split(sep)
    .filter(name => name !== '');
  for (const place of [top, ...below.map((_, i) => join(top, ...below.slice(0, i + 1)))]) {
    const found = lstatSync(place, { throwIfNoEntry: false });
    if (found === undefined || found.isDirectory()) continue;
    throw new PanxError(`${place} is ${found.isSymbolicLink() ? 'a link' : 'no folder'}; expected a folder.`, {
      hint: 'Move it away: panx makes the folder anew.',
    });
  }
}

/** Where two texts part; the length of the shorter where one begins with the other. */
function firstDifference(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return i;
  return length;
}
