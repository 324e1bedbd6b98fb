import { homedir, userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { PanxError } from '../errors.js';

/**
 * The folder for everything panx can make again: the engine, the token cache, notes of which files from the hub are whole.
 * `PANX_CACHE`, else `panx` in the user's cache folder (`XDG_CACHE_HOME`, else `~/.cache`). An empty variable counts as one
 * that is not set.
 *
 * @throws PanxError where none is named and the user has no home folder
 */
export function panxCacheDir(env: Readonly<Record<string, string | undefined>> = process.env): string {
  if (env.PANX_CACHE) return env.PANX_CACHE;
  return join(env.XDG_CACHE_HOME ? env.XDG_CACHE_HOME : join(homeFolder(), '.cache'), 'panx');
}

/**
 * The folder of the cache for something that is made again where it is not kept: `tokens`, say. Null where there is none: a user of a
 * container may have no home folder, and needs none for what is only faster with a cache.
 */
export function keptFolder(name: string): string | null {
  try {
    return join(panxCacheDir(), name);
  } catch (error) {
    if (error instanceof PanxError) return null;
    throw error;
  }
}

/**
 * The user's home folder: HOME, or, where that is empty or no full path (so that files would go wherever panx is started), what the system knows.
 *
 * @throws PanxError where there is none, as for a user of a container without an entry in /etc/passwd
 */
export function homeFolder(): string {
  for (const find of [homedir, () => userInfo().homedir]) {
    try {
      const folder = find();
      if (isAbsolute(folder)) return folder;
    } catch {} // The other may know.
  }
  throw new PanxError('This user has no home folder, in which panx would keep what it brings.', {
    hint: 'Set HOME, or PANX_CACHE and HF_HOME, to folders that can be written to.',
  });
}
