import { randomBytes } from 'node:crypto';
import { copyFile, lstat, rename, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { codeOf, PanxError } from '../errors.js';
import { notice } from '../system/console.js';
import { makeFolder, reasonOf, writeFileAtomic } from '../system/files.js';
import { readSmallFile } from '../system/small-file.js';
import { temporaryNeighbour } from '../system/temporary.js';
import { placeIn } from './names.js';
import type { HubSettings } from './settings.js';

/**
 * The cache of hub files, laid out as Hugging Face's Python library lays it out, so that each finds the other's files:
 *
 *     <cacheDir>/models--org--name/blobs/<etag>                    the bytes; <etag> is the SHA-256 of a large file (LFS),
 *                                                                  the git blob SHA-1 of an ordinary one
 *     <cacheDir>/models--org--name/snapshots/<commit>/config.json  a relative link to its blob
 *     <cacheDir>/models--org--name/refs/main                       the commit that `main` was when it was last brought
 */
export interface Repo {
  type: 'model' | 'dataset';
  /** `org/name`. */
  name: string;
  /** Branch, tag or commit; `main` unless the user asks for another. */
  revision: string;
}

/** What the bytes of a file hash to: their SHA-256, or their SHA-1 as a git blob. */
export interface Checksum {
  kind: 'sha256' | 'git';
  hex: string;
}

/** Whether a checksum is one, and not some text that would become the name of a file. */
export function isChecksum(checksum: { kind: string; hex: unknown }): checksum is Checksum {
  const { kind, hex } = checksum;
  return typeof hex === 'string' && (kind === 'sha256' ? /^[0-9a-f]{64}$/ : /^[0-9a-f]{40}$/).test(hex);
}

/** The folder of a repository in the cache. */
export function repoFolder(settings: HubSettings, repo: Repo): string {
  return join(settings.cacheDir, repoFolderName(repo));
}

/** `models--org--name`. */
function repoFolderName(repo: Repo): string {
  return `${repo.type}s--${repo.name.replaceAll('/', '--')}`;
}

/** The folder in which a commit's files lie under their own names. */
export function snapshotFolder(settings: HubSettings, repo: Repo, commit: string): string {
  return join(repoFolder(settings, repo), 'snapshots', commit);
}

/** The folder with the locks of a repository's files, beside those of Python's library. */
export function locksFolder(settings: HubSettings, repo: Repo): string {
  return join(settings.cacheDir, '.locks', repoFolderName(repo));
}

/** Where the bytes of a file lie in the cache. */
export function blobPath(settings: HubSettings, repo: Repo, checksum: Checksum): string {
  const { hex } = checksum;
  if (!isChecksum(checksum)) throw new Error(`${hex} is no checksum`);
  return join(repoFolder(settings, repo), 'blobs', hex);
}

/** The commit that the cache knows for a repository's revision; undefined where it knows none. */
export async function cachedCommit(settings: HubSettings, repo: Repo): Promise<string | undefined> {
  if (isCommit(repo.revision)) return repo.revision;
  const path = refPath(settings, repo);
  try {
    const commit = (await readSmallFile(path))?.trim() ?? '';
    return isCommit(commit) ? commit : undefined;
  } catch (error) {
    if (codeOf(error) === 'EISDIR') return undefined;
    throw new PanxError(`${path} cannot be read: ${reasonOf(error)}.`, {
      hint: 'Make the cache readable, or set HF_HOME to a folder of your own.',
      cause: error,
    });
  }
}

/** Note that a revision is this commit. Does not write where the cache says so already: it may be shared and read-only. */
export async function rememberCommit(settings: HubSettings, repo: Repo, commit: string): Promise<void> {
  if ((await cachedCommit(settings, repo)) === commit) return;
  const path = refPath(settings, repo);
  await makeOwnFolder(repoFolder(settings, repo), dirname(path));
  await again(async () => {
    await setAsideFolder(path);
    await writeFileAtomic(path, commit);
  });
}

function refPath(settings: HubSettings, repo: Repo): string {
  return placeIn(join(repoFolder(settings, repo), 'refs'), repo.revision);
}

/** Give a blob its name in a snapshot: a relative link that replaces whatever lies there, or a copy where links are not possible. */
export async function linkBlob(blobPath: string, pointerPath: string): Promise<void> {
  await again(async () => {
    const temporary = temporaryNeighbour(pointerPath);
    try {
      await symlink(relative(dirname(pointerPath), blobPath), temporary);
    } catch (error) {
      if (!['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'].includes(codeOf(error) ?? '')) throw error;
      await copyFile(blobPath, temporary);
    }
    try {
      await moveOver(temporary, pointerPath);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  });
}

/** Rename a file over whatever has that name. */
export async function moveOver(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!(await setAsideFolder(to))) throw error;
    await rename(from, to);
  }
}

/** A folder in the place of a file is none of the cache's: it is kept under another name. True where one was there. */
async function setAsideFolder(path: string): Promise<boolean> {
  if ((await lstat(path).catch(() => undefined))?.isDirectory() !== true) return false;
  const aside = `${path}.aside-${randomBytes(4).toString('hex')}`;
  await rename(path, aside);
  notice(`${path} was a folder, where a file is expected; it is now ${aside}.`);
  return true;
}

/**
 * Make a folder of a repository's cache and those above it, up to the repository's own. That one may be a link, to a larger disk for
 * example; those below are made by the libraries and are none. A link there would lead what is written to a place where other files
 * may have the same names.
 *
 * @throws PanxError where one below is a link
 */
export async function makeOwnFolder(repoFolder: string, folder: string): Promise<void> {
  makeFolder(repoFolder);
  let path = repoFolder;
  for (const name of relative(repoFolder, folder).split(sep)) {
    path = join(path, name);
    const found = await lstat(path).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    });
    if (found?.isSymbolicLink()) {
      throw new PanxError(`${path} is a link, expected a folder of the cache; panx writes nothing through it.`, {
        hint: 'Remove the link, or set HF_HOME to another folder.',
      });
    }
    if (found === undefined) makeFolder(path);
  }
}

/** Once more where a name has gone in between: another process takes temporary files for those of a killed one if that ran on another host. */
async function again(action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf((error as { cause?: unknown }).cause) !== 'ENOENT') throw error;
    await action();
  }
}

/** Size of a file in bytes, links followed; undefined where there is no such file. */
export async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    // ELOOP: links that lead to each other lead to no file.
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(codeOf(error) ?? '')) return undefined;
    throw error;
  }
}

function isCommit(text: string): boolean {
  return /^[0-9a-f]{40}$/.test(text);
}
