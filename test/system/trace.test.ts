import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { beginRound, endProfile, phase, startProfile } from '../../src/system/profile.js';
import { writeTrace } from '../../src/system/trace.js';
import { readTrace } from './trace.js';

const folder = mkdtempSync(join(tmpdir(), 'panx-trace-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('writes complete events in microseconds, one inside the other, and names process and thread', async () => {
  const profile = startProfile({ tracedRounds: 20, mostEvents: 7 });
  profile.engine = { name: 'abacus 1 on wood', operation: 'bead', note: null };
  phase('training', () => {
    for (const step of [1, 2]) {
      const endStep = beginRound('step', step);
      phase('forward', () => {
        const now = performance.now();
        profile.operation('MatMul', now, performance.now(), 1, () => ({ inputs: '2x3 3x4', outputs: '2x4' }));
      });
      endStep();
    }
  });
  const endedMs = performance.now();
  endProfile(profile);
  const path = join(folder, 'trace.json');
  await writeTrace(path, profile);
  expect(profile.traceFile).toBe(path);

  const { events, paths, otherData } = readTrace(path);
  // The eighth event, the end of training, does not fit.
  expect(paths).toEqual([
    'start',
    'step',
    'step/forward',
    'step/forward/MatMul',
    'step',
    'step/forward',
    'step/forward/MatMul',
  ]);
  expect(otherData).toEqual({ engine: 'abacus 1 on wood', eventsLeftOut: 1 });
  const metadata = events.filter(({ ph }) => ph === 'M').map(({ name, args }) => [name, args.name]);
  expect(metadata).toEqual([
    ['process_name', expect.stringMatching(/^panx /)],
    ['thread_name', 'abacus 1 on wood'],
  ]);
  const product = events.find(({ name }) => name === 'MatMul')!;
  expect(product).toMatchObject({
    cat: 'operation',
    ph: 'X',
    pid: 1,
    tid: 1,
    args: { inputs: '2x3 3x4', outputs: '2x4' },
  });
  const steps = events.filter(({ name }) => name === 'step');
  expect(steps.map(({ cat, args }) => [cat, args.step])).toEqual([
    ['phase', 1],
    ['phase', 2],
  ]);
  expect(steps[1]!.ts + steps[1]!.dur).toBeLessThanOrEqual(endedMs * 1000);
});

it('refuses a path that cannot be written, by name', async () => {
  const profile = startProfile();
  endProfile(profile);
  const path = join(folder, 'trace.json', 'inside-a-file.json');
  await expect(writeTrace(path, profile)).rejects.toThrow(`${path} cannot be written`);
});
