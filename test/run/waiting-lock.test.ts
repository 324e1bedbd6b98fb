import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withLock } from '../../src/run/waiting-lock.js';

describe('withLock', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'panx-lock-'));
    path = join(folder, 'deep/a.lock');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('lets one at a time work, and removes itself', async () => {
    let working = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++working);
      await sleep(5);
      working--;
    };
    await Promise.all([1, 2, 3, 4].map(() => withLock(path, () => {}, work)));
    expect(most).toBe(1);
    expect(readdirSync(join(folder, 'deep'))).toEqual([]);
  });

  it('is given back where the work fails', async () => {
    await expect(
      withLock(
        path,
        () => {},
        async () => {
          expect(readFileSync(path, 'utf8')).toMatch(new RegExp(`^${process.pid} ${hostname()} `));
          throw new Error('no');
        },
      ),
    ).rejects.toThrow('no');
    expect(existsSync(path)).toBe(false);
  });

  it.each([
    ['of a dead process of this host', `999999999 ${hostname()} x\n`, 0],
    ['of another host without a sign of life for three minutes', '1 elsewhere x\n', 180],
    ['left empty by a crash long ago', '', 180],
  ])('takes over one %s', async (_, content, ageSeconds) => {
    await withLock(
      path,
      () => {},
      async () => {},
    ); // Makes the folder.
    writeFileSync(path, content);
    const then = Date.now() / 1000 - ageSeconds;
    utimesSync(path, then, then);
    let waits = 0;
    await withLock(
      path,
      () => waits++,
      async () => {},
    );
    expect(waits).toBe(0);
  });

  it.each([
    ['a living process of this host', `${process.pid} ${hostname()} x\n`],
    ['another host with a recent sign of life', '1 elsewhere x\n'],
  ])('waits for %s', async (_, content) => {
    await withLock(
      path,
      () => {},
      async () => {},
    );
    writeFileSync(path, content);
    let waits = 0;
    const onWaiting = () => {
      if (++waits === 2) rmSync(path);
    };
    await withLock(path, onWaiting, async () => {});
    expect(waits).toBe(2);
  });
});
