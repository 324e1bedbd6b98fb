import { existsSync } from 'node:fs';
import { lstat, readFile } from 'node:fs/promises';
import { PanxError } from '../errors.js';
import { readJsonAs, shown } from '../system/checked-json.js';
import { reasonOf } from '../system/files.js';
import { isObject } from '../system/json.js';

/** How a file differs from what it should hold, in words; null where it does not. */
export async function differenceFrom(path: string, expected: Buffer): Promise<string | null> {
  try {
    const there = await lstat(path);
    if (!there.isFile()) return 'is not a file';
    const found = there.size === expected.length ? await readFile(path) : null;
    if (found?.equals(expected)) return null;
  } catch (error) {
    return existsSync(path) ? `cannot be read: ${reasonOf(error)}` : 'is missing';
  }
  return path.endsWith('.json') ? await placeThatDiffers(path, expected) : 'is not the same';
}

async function placeThatDiffers(path: string, expected: Buffer): Promise<string> {
  try {
    const found = await readJsonAs(path, value => value);
    return firstPlace(found, JSON.parse(expected.toString()), '') ?? 'is not written as panx writes it';
  } catch (error) {
    if (error instanceof PanxError) return `is not the same: ${error.message.replace(/\.$/, '')}`;
    throw error;
  }
}

/** "says that rows[2].f1.tr is 0.9, expected 0.78"; null where two values are the same. */
function firstPlace(found: unknown, expected: unknown, at: string): string | null {
  const [a, b] = [found, expected];
  if (isObject(a) && isObject(b)) {
    for (const key of new Set([...Object.keys(b), ...Object.keys(a)])) {
      const place = firstPlace(a[key], b[key], at === '' ? key : `${at}.${key}`);
      if (place !== null) return place;
    }
    return null;
  }
  if (Array.isArray(a) && Array.isArray(b) && a.length === b.length) {
    for (const [i, item] of a.entries()) {
      const place = firstPlace(item, b[i], `${at}[${i}]`);
      if (place !== null) return place;
    }
    return null;
  }
  if (a === b) return null;
  const text = (value: unknown) => (value === undefined ? 'missing' : shown(value));
  return b === undefined
    ? `has ${at}, which panx does not write`
    : `says that ${at || 'it'} is ${text(a)}, expected ${shown(b)}`;
}
