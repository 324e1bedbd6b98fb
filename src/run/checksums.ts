import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { sha256OfFile } from './files.js';

/** SHA-256 of files in hexadecimal, by their paths inside a folder, with slashes. */
export type Checksums = Record<string, string>;

/** The checksums of some files of a folder. @throws the system's error for one that cannot be read */
export async function checksumsOf(folder: string, paths: readonly string[]): Promise<Checksums> {
  const sums: Checksums = {};
  for (const path of paths) sums[path] = await sha256OfFile(join(folder, path));
  return sums;
}

/** What has become of the files of a folder since their checksums were taken. */
export interface Changes {
  missing: string[];
  changed: string[];
}

export async function changesSince(folder: string, sums: Checksums): Promise<Changes> {
  const changes: Changes = { missing: [], changed: [] };
  for (const [path, sum] of Object.entries(sums)) {
    if (!existsSync(join(folder, path))) changes.missing.push(path);
    else if ((await sha256OfFile(join(folder, path))) !== sum) changes.changed.push(path);
  }
  return changes;
}

/** "model.safetensors has changed, config.json is missing"; null where nothing did. */
export function changesText({ missing, changed }: Changes): string | null {
  const phrases = [...changed.map(path => `${path} has changed`), ...missing.map(path => `${path} is missing`)];
  return phrases.length === 0 ? null : phrases.join(', ');
}

/** SHA-256 of a text, or of bytes, in hexadecimal. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
