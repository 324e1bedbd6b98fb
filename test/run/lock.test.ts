import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { clearStaleLock, takeLock } from '../../src/run/lock.js';
import { isRunning } from '../../src/system/process.js';

let folder: string;
let lock: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panx-lock-'));
  lock = join(folder, 'run', 'lock');
});
afterEach(() => rm(folder, { recursive: true }));

it('refuses a second holder while the first lives, and says who that is', async () => {
  const release = await takeLock(lock);
  await expect(takeLock(lock)).rejects.toThrow(
    `${join(folder, 'run')} is in use by process ${process.pid} on ${hostname()}, since 20`,
  );
  await release();
  await (await takeLock(lock))();
  expect(await readdir(join(folder, 'run'))).toEqual([]);
});

it('lets one of many win that ask at once', async () => {
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => takeLock(lock)));
  expect(outcomes.filter(outcome => outcome.status === 'fulfilled')).toHaveLength(1);
  expect(await readdir(join(folder, 'run'))).toEqual(['lock']);
});

it('takes over the lock of a process that was killed', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  await once(child, 'spawn');
  await holdAs({ pid: child.pid, host: hostname(), started: null, since: 'today' });
  await expect(takeLock(lock)).rejects.toThrow(`is in use by process ${child.pid} on`);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await takeLock(lock);
  expect(JSON.parse(await readFile(join(lock, 'holder.json'), 'utf8'))).toMatchObject({ pid: process.pid });
});

it.skipIf(!existsSync('/proc/self/stat'))('knows a process from an earlier one with the same number', async () => {
  await holdAs({ pid: process.pid, host: hostname(), started: 'an earlier boot', since: 'yesterday' });
  await takeLock(lock);
});

it('never takes over the lock of another host, and names the file to remove', async () => {
  await holdAs({ pid: 1, host: 'elsewhere', started: null, since: 'today' });
  await expect(takeLock(lock)).rejects.toMatchObject({
    message: `${join(folder, 'run')} is in use by process 1 on elsewhere, since today.`,
    hint: `Wait for it, or choose another folder. If that process is gone for certain, remove ${lock}.`,
  });
});

it('takes over a lock that a power failure emptied', async () => {
  await mkdir(lock, { recursive: true });
  await writeFile(join(lock, 'holder.json'), '');
  await takeLock(lock);
});

it.skipIf(process.platform !== 'linux')(
  'takes over that of a process that was killed and nobody asked after',
  async () => {
    const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60']);
    try {
      const [line] = (await once(parent.stdout!, 'data')) as [Buffer];
      const pid = Number(line.toString());
      await holdAs({ pid, host: hostname(), started: null, since: 'today' });
      await expect(takeLock(lock)).rejects.toThrow(`is in use by process ${pid} on`);
      process.kill(pid, 'SIGKILL');
      await vi.waitFor(() => expect(isRunning(pid)).toBe(false), { timeout: 10_000 }); // The parent will never ask.
      await (await takeLock(lock))();
    } finally {
      parent.kill('SIGKILL');
    }
  },
);

it.each(['null', '5', '{}', '['.repeat(200_000), '{"pid":-1,"host":"x","started":null,"since":""}'])(
  'takes over a lock whose holder is %.30s',
  async content => {
    await mkdir(lock, { recursive: true });
    await writeFile(join(lock, 'holder.json'), content);
    await (await takeLock(lock))();
  },
);

it('holds against a lock of which a later panx says more', async () => {
  const holder = { pid: process.pid, host: hostname(), started: null, since: 'today', mood: 'good' };
  await mkdir(lock, { recursive: true });
  await writeFile(join(lock, 'holder.json'), JSON.stringify(holder));
  await expect(takeLock(lock)).rejects.toThrow(`is in use by process ${process.pid} on ${hostname()}, since today.`);
});

it('does not wait for a pipe in its place, nor clear it', async () => {
  await mkdir(lock, { recursive: true });
  execFileSync('mkfifo', [join(lock, 'holder.json')]);
  await clearStaleLock(lock);
  await expect(takeLock(lock)).rejects.toThrow(
    `${join(lock, 'holder.json')} cannot be read: it is a pipe, not a file.`,
  );
});

it('does not give back a lock that is no longer its own', async () => {
  const release = await takeLock(lock);
  await rm(lock, { recursive: true });
  await holdAs({ pid: 1, host: 'elsewhere', started: null, since: 'today' });
  await release();
  expect(existsSync(lock)).toBe(true);
});

it('says which folder it could not write', async () => {
  await writeFile(join(folder, 'run'), 'a file');
  await expect(takeLock(lock)).rejects.toThrow(`${lock} cannot be written: a part of the path is a file, not a folder`);
});

async function holdAs(holder: object): Promise<void> {
  await mkdir(lock, { recursive: true });
  await writeFile(join(lock, 'holder.json'), JSON.stringify(holder));
}
