import { lstat, readdir, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { codeOf } from '../errors.js';
import { isRunning } from './process.js';
import { isAbandoned, parseTemporary, type TemporaryName } from './temporary.js';

/**
 * The names that panx makes in a folder, files and folders, and nothing else: what is cleared is named here, and what is not named here is
 * never removed. What a writer that was killed left under a temporary name counts as what it was to become.
 */
export interface Layout {
  files: readonly string[];
  folders: readonly { name: string | RegExp; layout: Layout }[];
}

/**
 * What lies inside the folders that panx makes in `root` and is not panx's, as paths inside `root`; of `root` itself only names that are
 * taken by something of another kind: a link, or a file in place of a folder. Other names in `root` are the user's and bother nobody.
 */
export async function strangersInside(root: string, layout: Layout): Promise<string[]> {
  const strangers: string[] = [];
  for (const name of await namesIn(root)) {
    const made = madeAs(name, layout);
    if (made === undefined) continue;
    if (!(await isOfKind(join(root, name), made))) strangers.push(name);
    else if (made !== 'file') strangers.push(...(await strangersIn(join(root, name), made, `${name}/`)));
  }
  return strangers;
}

/** Everything in a folder that is not of the layout, as paths inside the folder. A link never is. */
export async function strangersIn(folder: string, layout: Layout, prefix = ''): Promise<string[]> {
  const strangers: string[] = [];
  for (const name of await namesIn(folder)) {
    const made = madeAs(name, layout);
    if (made === undefined || !(await isOfKind(join(folder, name), made))) strangers.push(`${prefix}${name}`);
    else if (made !== 'file') strangers.push(...(await strangersIn(join(folder, name), made, `${prefix}${name}/`)));
  }
  return strangers;
}

/** Whether what lies in a folder under a name is what panx makes there, with nothing else inside it. */
export async function isMade(folder: string, name: string, layout: Layout): Promise<boolean> {
  const made = madeAs(name, layout);
  if (made === undefined || !(await isOfKind(join(folder, name), made))) return false;
  return made === 'file' || (await strangersIn(join(folder, name), made)).length === 0;
}

/**
 * Remove from a folder what panx makes in it, and the folder itself if nothing is left. A link is neither followed nor removed, the folder
 * itself included.
 *
 * @param keep names directly in the folder that stay
 */
export async function removeMade(folder: string, layout: Layout, keep: readonly string[] = []): Promise<void> {
  if (!(await isOfKind(folder, layout))) return;
  const place = (name: string) => {
    const at = layout.files.indexOf(nameFor(name));
    return at < 0 ? layout.files.length : at;
  };
  for (const name of (await namesIn(folder)).sort((a, b) => place(a) - place(b))) {
    const made = keep.includes(name) ? undefined : madeAs(name, layout);
    if (made !== undefined) await removeOne(join(folder, name), made);
  }
  await removeIfEmpty(folder);
}

/**
 * Remove what killed writers left in a folder under temporary names, and in the folders that panx makes in it.
 *
 * @param held whether the caller holds the folder's lock: then nobody else writes here but to wait for it. Else only what a process of this
 *   machine left that is gone
 */
export async function removeLeftovers(folder: string, layout: Layout, held: boolean): Promise<void> {
  for (const name of await namesIn(folder)) {
    const made = madeAs(name, layout);
    if (made === undefined) continue;
    const temporary = parseTemporary(name);
    if (temporary === null) {
      if (made !== 'file' && (await isOfKind(join(folder, name), made))) {
        await removeLeftovers(join(folder, name), made, held);
      }
    } else if (isAbandoned(temporary) || (held && isOfNobody(temporary))) {
      await removeOne(join(folder, name), made);
    }
  }
}

/** Whether nobody works under a temporary name while this process holds the folder's lock. */
function isOfNobody({ of, pid }: TemporaryName): boolean {
  // Steps are measured without the lock, maybe by another machine. Who prepares a lock there will not get it now.
  return of === 'lock' ? !isRunning(pid) : of !== 'timing';
}

/** The name that a temporary one is for; another as it is. */
function nameFor(name: string): string {
  return parseTemporary(name)?.of ?? name;
}

/** Remove what killed processes of this machine left beside `path` under temporary names for it, each of the layout. */
export async function removeAbandonedNeighbours(path: string, layout: 'file' | Layout): Promise<void> {
  for (const name of await namesIn(dirname(path))) {
    const temporary = parseTemporary(name);
    if (temporary?.of !== basename(path) || !isAbandoned(temporary)) continue;
    await removeOne(join(dirname(path), name), layout);
  }
}

/** What panx makes under a name: a file, a folder of a layout, or nothing. */
function madeAs(name: string, layout: Layout): 'file' | Layout | undefined {
  const wanted = nameFor(name);
  if (layout.files.includes(wanted)) return 'file';
  return layout.folders.find(folder =>
    typeof folder.name === 'string' ? folder.name === wanted : folder.name.test(wanted),
  )?.layout;
}

async function isOfKind(path: string, made: 'file' | Layout): Promise<boolean> {
  try {
    const found = await lstat(path);
    return made === 'file' ? found.isFile() : found.isDirectory();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return true; // Gone meanwhile.
    throw error;
  }
}

async function removeOne(path: string, made: 'file' | Layout): Promise<void> {
  if (!(await isOfKind(path, made))) return;
  if (made === 'file') await rm(path, { force: true });
  else await removeMade(path, made);
}

async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT', 'ENOTDIR', 'EBUSY', 'EINVAL'].includes(codeOf(error) ?? '')) throw error;
  }
}

/** [] where there is no folder. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return [];
    throw error;
  }
}
