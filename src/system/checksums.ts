import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { codeOf, PanxError } from '../errors.js';
import { record, type Shape, sha256Text, staysInside } from './checked-json.js';
import { reasonOf, sha256OfFile } from './files.js';
import { standInOf, startOf } from './stand-in.js';

/** SHA-256 of files in hexadecimal, by their paths inside a folder, with slashes. */
export type Checksums = Record<string, string>;

/** Checksums as a file holds them: no path in them leaves the folder. */
export const checksumsShape: Shape<Checksums> = record(sha256Text, {
  accepts: staysInside,
  expected: 'the path of a file inside the folder',
});

/** The checksums of some files of a folder. @throws PanxError naming one that cannot be read */
export async function checksumsOf(folder: string, paths: readonly string[]): Promise<Checksums> {
  const sums: [path: string, sum: string][] = [];
  for (const path of paths) sums.push([path, await sumOf(join(folder, path))]);
  return Object.fromEntries(sums);
}

async function sumOf(path: string): Promise<string> {
  try {
    return await sha256OfFile(path);
  } catch (error) {
    throw new PanxError(`${path} cannot be read: ${reasonOf(error)}.`, { cause: error });
  }
}

/**
 * What has become of the files of a folder since their checksums were taken: by path, in words; nothing of those that
 * are as they were.
 */
export async function changesSince(folder: string, sums: Checksums): Promise<Map<string, string>> {
  const changes = new Map<string, string>();
  for (const [path, sum] of Object.entries(sums)) {
    try {
      if ((await sha256OfFile(join(folder, path))) === sum) continue;
      const instead = standInOf(join(folder, path), await startOf(join(folder, path)));
      changes.set(path, instead === null ? 'has changed' : `is ${instead.what}`);
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
      const absent = codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';
      changes.set(path, absent ? 'is missing' : `cannot be read: ${reasonOf(error)}`);
    }
  }
  return changes;
}

/**
 * "model.safetensors has changed, config.json is missing"; null where nothing did. A long list ends with how many more
 * there are.
 */
export function changesText(changes: ReadonlyMap<string, string>): string | null {
  const phrases = [...changes].map(([path, what]) => `${path} ${what}`);
  if (phrases.length === 0) return null;
  const more = phrases.length - mostNamed;
  return more > 0 ? `${phrases.slice(0, mostNamed).join(', ')} and ${more} more` : phrases.join(', ');
}

const mostNamed = 20;

/** SHA-256 of a text, or of bytes, in hexadecimal. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
