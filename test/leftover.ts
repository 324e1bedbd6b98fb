import { temporaryNeighbour } from '../src/system/temporary.js';

/**
 * The name beside `path` under which a process of this machine that is gone has left something: its number is above the largest that Linux
 * gives.
 */
export function leftover(path: string, kind: 'tmp' | 'previous' = 'tmp'): string {
  return `${path}${temporaryNeighbour('', kind).replace(/\d+-/, '999999999-')}`;
}
