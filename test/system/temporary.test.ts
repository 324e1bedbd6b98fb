import { expect, it } from 'vitest';
import { isAbandoned, parseTemporary, temporaryNeighbour } from '../../src/system/temporary.js';

it('a temporary name says what it is for, who made it and where', () => {
  for (const kind of ['tmp', 'previous'] as const) {
    const name = temporaryNeighbour('a/sweep.json', kind);
    expect(name.startsWith('a/sweep.json.')).toBe(true);
    expect(parseTemporary(name.slice(2))).toEqual({ of: 'sweep.json', pid: process.pid, fromHere: true, kind });
  }
  expect(temporaryNeighbour('a')).not.toBe(temporaryNeighbour('a'));
});

it.each([
  'a.tmp',
  'a.1-abc.tmp',
  'a.1-ABCDEF12.tmp',
  '.1-abcdef12.tmp',
  'a.1-abcdef12.tmp2',
  'a.x-abcdef12.tmp',
  'm.previous',
])('%s is none', name => {
  expect(parseTemporary(name)).toBe(null);
});

it('is abandoned where its process of this machine is gone', () => {
  const own = parseTemporary(temporaryNeighbour('a').slice(0))!;
  expect(isAbandoned(own)).toBe(false);
  expect(isAbandoned({ ...own, pid: 999_999_999 })).toBe(true);
  expect(isAbandoned({ ...own, pid: process.ppid })).toBe(false);
  expect(isAbandoned({ ...own, pid: 999_999_999, fromHere: false })).toBe(false);
});
