import type { Stats } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, PanxError } from '../errors.js';
import { markName, runLayout, scoringLayout } from '../run/layouts.js';
import { markOf } from '../run/mark.js';
import { type StoreDirectory, storeDirectory } from '../run/store-directory.js';
import { isMade, type Layout } from '../system/made.js';
import { isLeftover, parseTemporary } from '../system/temporary.js';
import { storePath } from './store.js';

/** What panx keeps in a store. */
export type EntryKind =
  | 'stage'
  | 'stage again'
  | 'scoring'
  | 'set aside'
  | 'registration'
  | 'failure'
  | 'request'
  | 'leftover';

/** A file or a folder of the store that panx made. */
export interface StoreEntry {
  path: string;
  kind: EntryKind;
  /** Key of the stage or the scoring that it is of. */
  key: string;
  /** What panx makes in it. */
  layout: 'file' | Layout;
  /** Of a leftover, the stage in whose folder it lies; null where it lies in the store itself. */
  inside: string | null;
}

/** Something in a store that is left alone, and why, to follow its name: "is a link". */
export interface Stranger {
  path: string;
  why: string;
}

export interface StoreContents {
  entries: StoreEntry[];
  strangers: Stranger[];
}

/**
 * A store to look at.
 *
 * @returns null where nothing is there
 * @throws PanxError where something else than a store is there, exit code 2
 */
export async function existingStore(path: string): Promise<StoreDirectory | null> {
  const names = await stat(path).then(
    () => readdir(path).catch((error: unknown) => Promise.reject(notAStore(path, error))),
    (error: unknown) => (isAbsence(error) ? [] : Promise.reject(notAStore(path, error))),
  );
  if (names.length === 0) return null;
  if ((await markOf(path)) !== 'store') throw notAStore(path);
  return storeDirectory(path);
}

/** A store to look for studies in; null where there is none, also where one that nobody asked for is something else. */
export async function storeToSearch(asked: string | undefined): Promise<StoreDirectory | null> {
  return await existingStore(storePath(asked)).catch((error: unknown) => {
    if (asked === undefined && error instanceof PanxError) return null;
    throw error;
  });
}

function notAStore(path: string, cause?: unknown): PanxError {
  return new PanxError(`${path} is no store of panx.`, {
    hint: 'Give the folder that panx run keeps its stages in, with --store or in PANX_STORE.',
    exitCode: 2,
    cause,
  });
}

/** Everything in a store. No link is followed, and nothing is hashed. */
export async function contentsOf(store: StoreDirectory): Promise<StoreContents> {
  const contents: StoreContents = { entries: [], strangers: [] };
  await look(store.root, inRoot, contents);
  for (const { name, rules } of places) {
    const path = join(store.root, name);
    const found = await lookAt(path);
    if (found?.isDirectory()) await look(path, rules, contents);
    else if (found !== null) contents.strangers.push({ path, why: kindOfStranger(found) });
  }
  for (const { path, kind, key } of [...contents.entries]) {
    if (kind !== 'stage' && kind !== 'stage again') continue;
    for (const name of await namesIn(path)) {
      if (!isLeftover(name) || !(await isMade(path, name, runLayout))) continue;
      contents.entries.push({ path: join(path, name), kind: 'leftover', key, layout: runLayout, inside: path });
    }
  }
  return contents;
}

/** What a name says that it is; the key is the first group. `folder`: what its mark says. */
interface Rule {
  name: RegExp;
  kind: EntryKind | 'kept';
  of: 'file' | 'folder';
}

const key = '[0-9a-f]{64}';
const inRoot: Rule[] = [
  { name: new RegExp(`^(${key})$`), kind: 'stage', of: 'folder' },
  { name: new RegExp(`^(${key})\\.json$`), kind: 'registration', of: 'file' },
  { name: new RegExp(`^(${markName.replace('.', '\\.')})$`), kind: 'kept', of: 'file' },
];

const places: { name: string; rules: Rule[] }[] = [
  { name: 'again', rules: [{ name: new RegExp(`^(${key})$`), kind: 'stage again', of: 'folder' }] },
  { name: 'set-aside', rules: [{ name: new RegExp(`^(${key})-\\d+$`), kind: 'set aside', of: 'folder' }] },
  { name: 'failures', rules: [{ name: new RegExp(`^(${key})\\.json$`), kind: 'failure', of: 'file' }] },
  { name: 'requests', rules: [{ name: new RegExp(`^(${key})(?:-${key})?\\.json$`), kind: 'request', of: 'file' }] },
  { name: 'studies', rules: [{ name: /^(.+)\.json$/, kind: 'kept', of: 'file' }] },
  { name: 'locks', rules: [{ name: /^(.+)\.lock$/, kind: 'kept', of: 'file' }] },
];

async function look(folder: string, rules: readonly Rule[], { entries, strangers }: StoreContents): Promise<void> {
  for (const name of await namesIn(folder)) {
    if (rules === inRoot && places.some(place => place.name === name)) continue;
    const path = join(folder, name);
    const found = await lookAt(path);
    if (found === null) continue; // Gone meanwhile.
    const temporary = parseTemporary(name);
    const rule = rules.find(candidate => candidate.name.test(temporary?.of ?? name));
    const isOfKind = rule?.of === 'file' ? found.isFile() : found.isDirectory();
    if (rule === undefined || !isOfKind) {
      strangers.push({ path, why: kindOfStranger(found) });
      continue;
    }
    if (temporary !== null && !isLeftover(name)) {
      if (!temporary.fromHere) strangers.push({ path, why: 'was begun on another machine, which may be at it' });
      continue;
    }
    if (temporary === null && rule.kind === 'kept') continue;
    const of = rule.name.exec(temporary?.of ?? name)![1]!;
    const made =
      rule.of === 'file' ? ({ layout: 'file', isScoring: false } as const) : await madeIn(path, temporary !== null);
    if (typeof made === 'string') strangers.push({ path, why: made });
    else {
      const known = made.isScoring && rule.kind === 'stage' ? 'scoring' : (rule.kind as EntryKind);
      const kind = temporary === null ? known : 'leftover';
      entries.push({ path, kind, key: of, layout: made.layout, inside: null });
    }
  }
}

/** What panx made in a folder of a store; or why it is left alone. */
async function madeIn(path: string, isLeft: boolean): Promise<{ layout: Layout; isScoring: boolean } | string> {
  try {
    switch (await markOf(path)) {
      case 'run':
        return { layout: runLayout, isScoring: false };
      case 'scoring':
        return { layout: scoringLayout, isScoring: true };
      default:
        // A scoring that was killed before it had its mark.
        if (isLeft && (await namesIn(path)).length === 0) return { layout: scoringLayout, isScoring: true };
        return 'is a folder that panx did not mark';
    }
  } catch (error) {
    if (error instanceof PanxError) return 'has a mark that cannot be read, or is of another version of panx';
    throw error;
  }
}

/** The bytes of a file, or of all files in a folder, as far as they may be looked at. No link is followed. */
export async function bytesOf(path: string): Promise<number> {
  const found = await lstat(path).catch(() => null);
  if (found === null) return 0;
  if (!found.isDirectory()) return found.isFile() ? found.size : 0;
  let bytes = 0;
  for (const name of await readdir(path).catch(() => [])) bytes += await bytesOf(join(path, name));
  return bytes;
}

function kindOfStranger(found: Stats): string {
  if (found.isSymbolicLink()) return 'is a link';
  return `is ${found.isDirectory() ? 'a folder' : 'a file'} that panx did not make`;
}

async function lookAt(path: string): Promise<Stats | null> {
  return await lstat(path).catch((error: unknown) => {
    if (isAbsence(error)) return null;
    throw error;
  });
}

async function namesIn(folder: string): Promise<string[]> {
  return await readdir(folder).then(
    names => names.sort(),
    (error: unknown) => {
      if (isAbsence(error)) return [];
      throw error;
    },
  );
}

function isAbsence(error: unknown): boolean {
  return codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';
}
