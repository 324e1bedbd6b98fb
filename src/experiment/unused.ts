import { existsSync } from 'node:fs';
import { lstat, rename, rm } from 'node:fs/promises';
import { listed, messageOf, PanxError } from '../errors.js';
import { runDirectory } from '../run/directory.js';
import { runLayout } from '../run/layouts.js';
import { InUse, lockedBy, takeLock } from '../run/lock.js';
import type { StoreDirectory } from '../run/store-directory.js';
import { toldOf } from '../system/faults.js';
import { removeLeftovers, removeMade, strangersIn } from '../system/made.js';
import { temporaryNeighbour } from '../system/temporary.js';
import { notedStudies } from './noted-studies.js';
import { readIdentity } from './records.js';
import { registeredRun } from './store.js';
import { bytesOf, contentsOf, type StoreEntry, type Stranger } from './store-contents.js';
import { withWeightsLock } from './weights-lock.js';

/** What no study in a store needs. */
export interface Unused {
  entries: UnusedEntry[];
  /** What is left alone, though no study needs it. */
  left: Stranger[];
}

export interface UnusedEntry extends StoreEntry {
  bytes: number;
}

/**
 * Look for what no study noted in a store needs. What panx did not make is left, and what a process works in.
 *
 * @throws PanxError where nobody can tell what a study needs, since it was moved or damaged
 */
export async function findUnused(store: StoreDirectory): Promise<Unused> {
  const needed = await neededKeys(store);
  const { entries, strangers } = await contentsOf(store);
  const unused: Unused = { entries: [], left: [...strangers] };
  for (const entry of entries) {
    if (await isNeeded(store, entry, needed)) continue;
    const why = await whyLeft(store, entry);
    if (why !== null) unused.left.push({ path: entry.path, why });
    else unused.entries.push({ ...entry, bytes: await bytesOf(entry.path) });
  }
  const whole = new Set(unused.entries.map(({ path }) => path));
  return { ...unused, entries: unused.entries.filter(({ inside }) => inside === null || !whole.has(inside)) };
}

/** The keys of all stages and scorings of the studies that a store notes. */
async function neededKeys(store: StoreDirectory): Promise<Set<string>> {
  const needed = new Set<string>();
  for (const { name, folder, note, record, fault } of await notedStudies(store)) {
    if (record === null) {
      throw new PanxError(`What the study ${name} needs cannot be told: ${fault}`, {
        hint:
          folder === null
            ? `Nothing is removed. If no study is there any more, remove ${note}.`
            : `Nothing is removed. Type panx run with the study again; or, if it is to go, panx rm ${folder.root}.`,
      });
    }
    for (const { key, scorings } of Object.values(record.stages)) {
      for (const one of [key, ...Object.values(scorings)]) needed.add(one);
    }
  }
  return needed;
}

async function isNeeded(store: StoreDirectory, { kind, key }: StoreEntry, needed: Set<string>): Promise<boolean> {
  switch (kind) {
    case 'set aside':
    case 'leftover':
      return false;
    case 'registration':
      return (await registeredRun(store, key)) !== null && !(await leadsNowhere(store, key));
    case 'failure':
    case 'request':
      return needed.has(key) || (await isWorkedOn(store, key)) || !(await leadsNowhere(store, key));
    default:
      return needed.has(key);
  }
}

/** Whether no run of the key is where one is registered, if one is. A damaged registration leads nobody knows where. */
async function leadsNowhere(store: StoreDirectory, key: string): Promise<boolean> {
  const run = await registeredRun(store, key);
  if (run === null) return !existsSync(store.registration(key));
  if (!existsSync(run.root)) return true;
  if ((await lockedBy(run.lock)) !== null) return false;
  return await readIdentity(run).then(
    identity => identity.key !== key,
    () => !existsSync(run.identity),
  );
}

async function isWorkedOn(store: StoreDirectory, key: string): Promise<boolean> {
  return ((await lockedBy(store.stage(key).lock)) ?? (await lockedBy(store.again(key).lock))) !== null;
}

/** Why something is not removed, though no study needs it; null where it may be. */
async function whyLeft(store: StoreDirectory, { path, kind, key, layout, inside }: StoreEntry): Promise<string | null> {
  const holder = layout === runLayout ? await lockedBy(runDirectory(inside ?? path).lock) : null;
  if (holder !== null) return `is in use by ${holder}`;
  if (kind === 'registration' && (await registeredRun(store, key)) === null) return 'does not say where a run lies';
  if (layout === 'file' || inside !== null) return null;
  const strangers = await strangersIn(path, layout);
  return strangers.length === 0 ? null : `holds what panx did not make: ${listed(strangers)}`;
}

/** What became of what was to be removed. */
export interface Removal {
  removed: UnusedEntry[];
  /** What was left, and why. */
  left: Stranger[];
}

/**
 * Remove what was found, as far as no study needs it still.
 *
 * @throws PanxError as `findUnused`
 */
export async function removeUnused(store: StoreDirectory, found: readonly StoreEntry[]): Promise<Removal> {
  const removal: Removal = { removed: [], left: [] };
  // Who notes a study holds the same lock: what is removed here, no other has just found.
  await withWeightsLock(store, async () => {
    const now = await findUnused(store);
    for (const { path } of found) {
      const entry = now.entries.find(candidate => candidate.path === path);
      const why = entry === undefined ? whyNotNow(now, path) : await removeEntry(entry);
      if (why !== null) removal.left.push({ path, why });
      else if (entry !== undefined) removal.removed.push(entry);
    }
  });
  return removal;
}

function whyNotNow({ left }: Unused, path: string): string | null {
  if (!existsSync(path)) return null;
  return left.find(stranger => stranger.path === path)?.why ?? 'is needed by now';
}

/** @returns why it could not be removed; null where it was */
async function removeEntry({ path, kind, layout, inside }: StoreEntry): Promise<string | null> {
  try {
    if (inside !== null) await removeLeftovers(inside, runLayout, false);
    else if (layout === 'file') await rm(path);
    else if (kind === 'stage' || kind === 'stage again') await whileLocked(path, () => removeFolder(path, layout));
    else await removeFolder(path, layout);
    return (await lstat(path).catch(() => null)) === null ? null : 'could not be removed as a whole';
  } catch (error) {
    if (error instanceof InUse) return 'is in use by another process by now';
    const told = toldOf(error);
    if (told === null) throw error;
    return `could not be removed: ${messageOf(told)}`;
  }
}

async function whileLocked(path: string, action: () => Promise<void>): Promise<void> {
  const release = await takeLock(runDirectory(path).lock);
  try {
    await action();
  } finally {
    await release();
  }
}

/** A rename comes first, so that nobody finds a part. */
async function removeFolder(path: string, layout: Exclude<StoreEntry['layout'], 'file'>): Promise<void> {
  const strangers = await strangersIn(path, layout);
  if (strangers.length > 0) throw new PanxError(`It holds what panx did not make: ${listed(strangers)}.`);
  const aside = temporaryNeighbour(path);
  await rename(path, aside);
  await removeMade(aside, layout);
  if (existsSync(aside)) throw new PanxError(`A part of it is left as ${aside}.`);
}
