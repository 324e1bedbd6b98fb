import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { removeAbandonedLocks, withLock } from '../../src/system/waiting-lock.js';
import { leftover } from '../leftover.js';

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
    ['of garbage long ago', '\0\xff'.repeat(100_000), 180],
    ['of this host with a number that none has', `1e400 ${hostname()} x\n`, 0],
    ['of this host with the number of a group', `0 ${hostname()} x\n`, 0],
    ['of this host without a number', `nobody ${hostname()} x\n`, 0],
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

  it('takes over one whose time lies in the future, once it has not moved for two minutes', async () => {
    mkdirSync(join(folder, 'deep'));
    writeFileSync(path, '1 elsewhere x\n');
    const then = Date.now() / 1000 + 1e6;
    utimesSync(path, then, then);
    const startMs = Date.now();
    let asked = 0;
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => startMs + asked++ * 20_000);
    let waits = 0;
    await withLock(
      path,
      () => waits++,
      async () => {},
    );
    clock.mockRestore();
    expect(waits).toBeGreaterThan(0);
    expect(readdirSync(join(folder, 'deep'))).toEqual([]);
  });

  it.each([
    ['a folder', () => mkdirSync(path), 'is a folder, expected a lock file or nothing.'],
    ['a link to nothing', () => symlinkSync('nothing', path), 'is no file, expected a lock file or nothing.'],
    ['a pipe', () => execFileSync('mkfifo', [path]), 'is no file, expected a lock file or nothing.'],
  ])('refuses %s in its place, and leaves it there', async (_, make, sentence) => {
    mkdirSync(join(folder, 'deep'));
    make();
    const work = vi.fn(async () => {});
    await expect(withLock(path, () => {}, work)).rejects.toMatchObject({
      name: 'PanxError',
      message: `${path} ${sentence}`,
    });
    expect(work).not.toHaveBeenCalled();
    expect(readdirSync(join(folder, 'deep'))).toEqual(['a.lock']);
  });

  it('says where it cannot be written', async () => {
    writeFileSync(join(folder, 'deep'), 'a file');
    await expect(
      withLock(
        path,
        () => {},
        async () => {},
      ),
    ).rejects.toMatchObject({
      name: 'PanxError',
      message: `${path} cannot be written: a file of that name is there.`,
    });
  });

  it('is cleared away, with remains of broken ones, where the process is gone', async () => {
    const names = ['a.lock', 'b.lock', 'c.lock', leftover('a.lock'), `b.lock.${process.pid}-0123abcd.tmp`];
    const contents = [`999999999 ${hostname()} x\n`, `${process.pid} ${hostname()} x\n`, '1 elsewhere x\n', '', ''];
    names.forEach((name, i) => {
      writeFileSync(join(folder, name), contents[i]!);
    });
    writeFileSync(join(folder, 'd'), contents[0]!);
    await removeAbandonedLocks(folder, '.lock');
    expect(readdirSync(folder).sort()).toEqual(['b.lock', names[4], 'c.lock', 'd']);
  });
});
