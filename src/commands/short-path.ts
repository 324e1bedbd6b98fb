import { isAbsolute, relative } from 'node:path';

/** A path as seen from where panx was started, where it lies below; else as it is. */
export function shortPath(path: string): string {
  const fromHere = relative('', path);
  return fromHere === '' || fromHere.startsWith('..') || isAbsolute(fromHere) ? path : fromHere;
}
