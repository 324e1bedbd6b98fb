import { lstat, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isLeftover } from '../system/temporary.js';
import { removeAbandonedLocks } from '../system/waiting-lock.js';
import { locksFolder, type Repo, repoFolder, snapshotFolder } from './cache.js';
import { lockEnding, partialEnding } from './download.js';
import type { HubSettings } from './settings.js';

/** How long a part of a file waits for its transfer to be gone on with. */
const keepPartsMs = 7 * 86_400_000;

/**
 * Remove what killed processes have left of a repository: temporary names, locks, and parts of files that nobody has gone on with for
 * a week. Only names that panx makes; those of Python's library are its own.
 *
 * Where something cannot be removed it stays: nothing depends on it.
 */
export async function clearLeftovers(settings: HubSettings, repo: Repo, commit: string, paths: readonly string[]) {
  const folder = repoFolder(settings, repo);
  const snapshot = snapshotFolder(settings, repo, commit);
  const folders = [dirname(join(folder, 'refs', repo.revision)), ...paths.map(path => dirname(join(snapshot, path)))];
  for (const place of new Set(folders)) {
    await eachName(place, async name => {
      if (isLeftover(name)) await rm(join(place, name));
    });
  }
  const blobs = join(folder, 'blobs');
  await eachName(blobs, async name => {
    if (!name.endsWith(partialEnding)) return;
    const part = join(blobs, name);
    if (Date.now() - (await lstat(part)).mtimeMs > keepPartsMs) await rm(part);
  });
  await removeAbandonedLocks(locksFolder(settings, repo), lockEnding).catch(() => {});
}

async function eachName(folder: string, action: (name: string) => Promise<void>): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) await action(name).catch(() => {});
}
