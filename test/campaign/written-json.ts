import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Failure, fail } from './invariants.js';
import type { Outcome } from './program.js';
import type { Differences } from './snapshot.js';

/** JSON that has appeared or changed is whole, after a kill too; a file of lines is, where nothing was killed. */
export function checkJson(box: string, { added, changed }: Differences, command: string, outcome: Outcome): Failure[] {
  const failures: Failure[] = [];
  for (const path of [...added, ...changed]) {
    if (/\.tmp(\/|$)/.test(path) || path.startsWith('cache/')) continue;
    const lines = path.endsWith('.jsonl');
    if (!(path.endsWith('.json') || (lines && outcome.signal === null && outcome.code === 0))) continue;
    if (lstatSync(join(box, path), { throwIfNoEntry: false })?.isFile() !== true) continue;
    try {
      const text = readFileSync(join(box, path), 'utf8');
      for (const part of lines ? text.split('\n').filter(line => line !== '') : [text]) JSON.parse(part);
    } catch {
      failures.push(fail('what is written is whole JSON', command, path.replaceAll(/\d+/g, '#')));
    }
  }
  return failures;
}
