import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { abortOnSignals, codeOfStop } from '../../src/commands/interrupt.js';
import { buildCli, root } from '../built-cli.js';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const exit = vi.fn();
let before: Map<string, unknown[]>;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  vi.spyOn(process, 'exit').mockImplementation(exit as never);
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  vi.stubEnv('_', '');
  before = new Map(signals.map(name => [name, process.listeners(name)]));
});
afterEach(() => {
  for (const name of signals) {
    for (const listener of process.listeners(name)) {
      if (!before.get(name)!.includes(listener)) process.removeListener(name, listener);
    }
  }
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  exit.mockClear();
});

describe('abortOnSignals', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s aborts, and the exit code will be %i', (name, code) => {
    const signal = abortOnSignals('stopping');
    expect(signal.aborted).toBe(false);
    process.emit(name);
    expect(signal.aborted).toBe(true);
    expect(codeOfStop()).toBe(code);
    expect(exit).not.toHaveBeenCalled();
  });

  it.each(signals.flatMap(first => signals.map(second => [first, second] as const)))(
    '%s and then %s: less than a second later it says nothing new, and a second later it ends the process',
    (first, second) => {
      abortOnSignals('stopping');
      process.emit(first);
      vi.advanceTimersByTime(20);
      process.emit(second);
      vi.advanceTimersByTime(979);
      process.emit(second);
      expect(exit).not.toHaveBeenCalled();
      expect(codeOfStop()).toBe(128 + constants.signals[first]);
      vi.advanceTimersByTime(1);
      process.emit(second);
      expect(exit).toHaveBeenCalledExactlyOnceWith(128 + constants.signals[second]);
    },
  );
});

describe.skipIf(process.platform === 'win32')('a training that is asked to stop', () => {
  beforeAll(buildCli);

  it.each([
    [['SIGHUP', 'SIGTERM'], 129],
    [['SIGINT', 'SIGINT'], 130],
  ] as const)('by %j at once saves a state and ends with code %i', async (names, code) => {
    vi.useRealTimers();
    const out = join(await mkdtemp(join(tmpdir(), 'panx-interrupt-')), 'run');
    const args = ['dist/cli.js', 'train', '--sample', '--lang', 'en', '--epochs', '1000', '--no-eval', '--out', out];
    const child = spawn(process.execPath, args, { cwd: root, stdio: 'ignore', env: { ...process.env, _: '' } });
    const ended = once(child, 'exit');
    const events = join(out, 'events.jsonl');
    while (!existsSync(events) || readFileSync(events, 'utf8') === '') await sleep(5);
    for (const name of names) {
      child.kill(name);
      await sleep(20);
    }
    expect(await ended).toEqual([code, null]);
    expect(await readdir(out)).toContain('state');
    expect(await readdir(out)).not.toContain('lock');
    await rm(dirname(out), { recursive: true });
  });
});
