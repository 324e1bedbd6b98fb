import { join } from 'node:path';
import { PanxError } from '../errors.js';
import { printable } from '../system/console.js';

/** The longest path in a repository and the longest of its parts, in bytes; file systems take 255 for a name, and a temporary one is longer. */
const longestPath = 1000;
const longestName = 200;

/**
 * What makes a text from elsewhere (a listing, a revision) no path of a file inside a repository, as the end of a sentence;
 * undefined where nothing does. Stricter than git, in which a name may hold a line end or a backslash: none that panx reads does.
 */
export function flawOfPath(path: string): string | undefined {
  if (path === '') return 'is empty';
  if (Buffer.byteLength(path) > longestPath) return `is longer than ${longestPath} bytes`;
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(path)) return 'holds a control character';
  if (/\p{Cs}/u.test(path)) return 'is not valid Unicode';
  if (path.includes('\\')) return 'holds a backslash';
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) return 'is absolute';
  for (const name of path.split('/')) {
    if (name === '') return 'has an empty part';
    if (name === '.' || name === '..') return `has the part "${name}"`;
    if (Buffer.byteLength(name) > longestName) return `has a part of more than ${longestName} bytes`;
  }
  return undefined;
}

/**
 * Where a file of a repository lies in a folder of this machine. Here a name from elsewhere becomes a name on the disk, so it is
 * checked again, whoever has checked it before, and more strictly: letters without accents, digits and `. _ - +`.
 */
export function placeIn(folder: string, path: string): string {
  const flaw =
    flawOfPath(path) ?? (path.split('/').every(isPlainName) ? undefined : 'has an odd character or beginning');
  if (flaw !== undefined) {
    throw new PanxError(`The name "${printable(path)}" ${flaw}; panx makes no such file.`, {
      hint: 'Names of files to bring consist of letters, digits, ".", "_", "-" and "+", and begin with a letter or digit.',
    });
  }
  return join(folder, path);
}

/** Whether a name may become one on the disk by itself: no hidden file, no option, nothing to quote. */
export function isPlainName(name: string): boolean {
  return /^\w[\w.+-]*$/.test(name) && Buffer.byteLength(name) <= longestName;
}

/** Some of many names, for a sentence. */
export function someOf(names: readonly string[], most = 6): string {
  return `${names
    .slice(0, most)
    .map(name => printable(name, 60))
    .join(', ')}${names.length > most ? ', ...' : ''}`;
}
