import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, it, vi } from 'vitest';
import { isEnding, isRunning, statOf } from '../../src/system/process.js';

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

it('knows its own process, one that has ended, and one that never was', async () => {
  expect(isRunning(process.pid)).toBe(true);
  expect(isEnding(process.pid)).toBe(false);
  const child = spawn('true');
  await once(child, 'exit');
  expect(isRunning(child.pid!)).toBe(false);
  expect(isEnding(child.pid!)).toBe(false);
  expect(isRunning(2 ** 30)).toBe(false);
});

it.skipIf(process.platform !== 'linux')('counts one that nobody asked after as ended', async () => {
  // A shell that starts a process, does not wait for it, and becomes a program that never does.
  const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 60']);
  started.push(parent);
  const [line] = (await once(parent.stdout!, 'data')) as [Buffer];
  const pid = Number(line.toString());
  await vi.waitFor(() => expect(statOf(pid)?.[0]).toBe('Z'), { timeout: 10_000 });
  expect(() => process.kill(pid, 0)).not.toThrow();
  expect(isRunning(pid)).toBe(false);
});

it.skipIf(process.platform !== 'linux')('reads the state of a process whose name has spaces and parentheses', () => {
  const stat = statOf(process.pid)!;
  expect(stat[0]).toMatch(/^[RSDI]$/);
  expect(Number(stat[1])).toBe(process.ppid);
  expect(statOf(2 ** 30)).toBeNull();
});
