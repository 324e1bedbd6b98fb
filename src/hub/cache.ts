import { copyFile, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { codeOf, PanxError } from '../errors.js';
import { makeFolder, reasonOf, writeFileAtomic } from '../run/files.js';
import { temporaryNeighbour } from '../run/temporary.js';
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

/** The folder of a repository in the cache. */
export function repoFolder(settings: HubSettings, repo: Repo): string {
  return join(settings.cacheDir, repoFolderName(repo));
}

/** `models--org--name`. */
export function repoFolderName(repo: Repo): string {
  return `${repo.type}s--${repo.name.replaceAll('/', '--')}`;
}

/** The folder in which a commit's files lie under their own names. */
export function snapshotFolder(settings: HubSettings, repo: Repo, commit: string): string {
  return join(repoFolder(settings, repo), 'snapshots', commit);
}

/** The commit that the cache knows for a repository's revision; undefined where it knows none. */
export async function cachedCommit(settings: HubSettings, repo: Repo): Promise<string | undefined> {
  if (isCommit(repo.revision)) return repo.revision;
  const path = join(repoFolder(settings, repo), 'refs', repo.revision);
  try {
    const commit = (await readFile(path, 'utf8')).trim();
    return isCommit(commit) ? commit : undefined;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(codeOf(error) ?? '')) return undefined;
    throw new PanxError(`${path} cannot be read: ${reasonOf(error)}.`, {
      hint: 'Make the cache readable, or set HF_HOME to a folder of your own.',
      cause: error,
    });
  }
}

/** Note that a revision is this commit. Does not write where the cache says so already: it may be shared and read-only. */
export async function rememberCommit(settings: HubSettings, repo: Repo, commit: string): Promise<void> {
  if ((await cachedCommit(settings, repo)) === commit) return;
  await writeFileAtomic(join(repoFolder(settings, repo), 'refs', repo.revision), commit);
}

/** Give a blob its name in a snapshot: a relative link that replaces whatever lies there, or a copy where links are not possible. */
export async function linkBlob(blobPath: string, pointerPath: string): Promise<void> {
  makeFolder(dirname(pointerPath));
  const temporary = temporaryNeighbour(pointerPath);
  try {
    await symlink(relative(dirname(pointerPath), blobPath), temporary);
  } catch (error) {
    if (!['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'].includes(codeOf(error) ?? '')) throw error;
    await copyFile(blobPath, temporary);
  }
  try {
    await rename(temporary, pointerPath);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Size of a file in bytes, links followed; undefined where there is no such file. */
export async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

function isCommit(text: string): boolean {
  return /^[0-9a-f]{40}$/.test(text);
}
