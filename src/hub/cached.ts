import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../errors.js';
import { sizeOf } from './cache.js';
import { expectedChecksum, isWhole } from './verified.js';

/** A folder with files of a repository, as `Wanted.inFolder` sees it. */
export interface CachedFolder {
  /** Whether it holds the file, whole. */
  has(path: string): Promise<boolean>;
  /** What lies in a folder inside it; nothing where there is none. */
  names(folder: string): Promise<string[]>;
  /** Where a file of it lies. */
  placeOf(path: string): string;
}

/** A file that is there and of no use. */
export interface Damage {
  path: string;
  /** What is wrong with it, as a clause. */
  found: string;
}

/**
 * The folder of a snapshot in the cache, whose files are checked when they are asked for. Damaged ones count as not there, so
 * that they are brought again where the hub may be asked, and are kept until then.
 *
 * @param damaged gets them
 * @param onHashing called before a file is hashed, which happens once
 */
export function cachedFolder(
  folder: string,
  damaged: Damage[],
  onHashing: (path: string, bytes: number) => void,
): CachedFolder {
  return {
    async has(path) {
      const place = join(folder, path);
      if ((await sizeOf(place)) === undefined) {
        const isThere = await lstat(place).catch(() => undefined);
        if (isThere !== undefined) damaged.push({ path, found: `${place} leads to no file` });
        return false;
      }
      const expected = await expectedChecksum(place);
      if (expected === undefined) return true;
      if (await isWhole(place, expected, { onHashing: bytes => onHashing(path, bytes) })) return true;
      const kind = expected.kind === 'sha256' ? 'SHA-256' : 'git SHA-1';
      damaged.push({ path, found: `${place} has not the ${kind} of its blob's name, ${expected.hex}` });
      return false;
    },
    async names(inside) {
      try {
        return await readdir(join(folder, inside));
      } catch (error) {
        if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(codeOf(error) ?? '')) return [];
        throw error;
      }
    },
    placeOf: path => join(folder, path),
  };
}
