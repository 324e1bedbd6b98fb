import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * The folder for everything panx can make again: the engine, the token cache, notes of which files from the hub are whole.
 * `PANX_CACHE`, else `panx` in the user's cache folder (`XDG_CACHE_HOME`, else `~/.cache`). An empty variable counts as one
 * that is not set.
 */
export function panxCacheDir(env: Readonly<Record<string, string | undefined>> = process.env): string {
  if (env.PANX_CACHE) return env.PANX_CACHE;
  return join(env.XDG_CACHE_HOME ? env.XDG_CACHE_HOME : join(homedir(), '.cache'), 'panx');
}
