import { afterEach, beforeEach, expect, it, vi } from 'vitest';

beforeEach(() => {
  vi.resetModules();
  vi.stubEnv('_', '');
});
afterEach(() => vi.unstubAllEnvs());

/** Process number and session of a program that panx runs. */
async function runsIn(): Promise<{ pid: string; session: string }> {
  const { run } = await import('../../../src/engine/tensorflow/program.js');
  const { output } = await run('cat', ['/proc/self/stat'], process.env);
  const [pid, , , , , session] = output.split(' ');
  return { pid: pid!, session: session! };
}

it.skipIf(process.platform !== 'linux')(
  'a program gets no SIGHUP of the terminal where panx goes on without one, and else ends with panx',
  async () => {
    const bound = await runsIn();
    expect(bound.session).not.toBe(bound.pid);
    vi.resetModules();
    vi.stubEnv('PANX_HANGUP_IGNORED', String(process.pid));
    const free = await runsIn();
    expect(free.session).toBe(free.pid);
  },
);
