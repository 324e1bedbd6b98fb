import { afterEach, expect, it } from 'vitest';
import {
  beginRound,
  endProfile,
  hasRounds,
  type PhaseTotals,
  type Profile,
  phase,
  round,
  startProfile,
} from '../../src/system/profile.js';

let profile: Profile | null = null;
afterEach(() => {
  if (profile !== null) endProfile(profile);
  profile = null;
});

const start = (limits?: Parameters<typeof startProfile>[0]) => {
  profile = startProfile(limits);
  return profile;
};

/** "training(step(forward x2) x3)": the phases and how often they came. */
function shapeOf({ phases }: PhaseTotals): string {
  return [...phases]
    .map(([name, totals]) => {
      const inner = totals.phases.size === 0 ? '' : `(${shapeOf(totals)})`;
      return `${name}${inner}${totals.calls === 1 ? '' : ` x${totals.calls}`}`;
    })
    .join(', ');
}

it('without a profile a mark does the work and records nothing', async () => {
  expect(phase('a', () => 1)).toBe(1);
  expect(await round('b', async () => 2)).toBe(2);
  expect(beginRound('step', 1)()).toBeGreaterThanOrEqual(0);
  expect(shapeOf(start().whole)).toBe('start');
});

it('keeps phases inside those that were open, and the first of the rounds apart', async () => {
  const { whole } = start();
  await phase('training', async () => {
    for (let step = 1; step <= 3; step++) {
      const endStep = beginRound('step', step);
      phase('forward', () => {});
      await phase('backward', async () => await new Promise(resolve => setTimeout(resolve, 2)));
      phase('forward', () => {});
      expect(endStep()).toBeGreaterThan(1);
    }
  });
  phase('saving', () => {});
  expect(shapeOf(whole)).toBe(
    'start, training(first step(forward x2, backward), step(forward x4, backward x2) x2), saving',
  );
  const step = whole.phases.get('training')!.phases.get('step')!;
  expect(step.round).toBe(true);
  expect(step.ms).toBeGreaterThan(step.phases.get('backward')!.ms);
});

it('ends with a phase what an error left open in it', async () => {
  const { whole } = start();
  const fails = phase('training', async () => {
    beginRound('step', 1);
    await Promise.reject(new Error('diverged'));
  });
  await expect(fails).rejects.toThrow('diverged');
  expect(() =>
    phase('sync', () => {
      throw new Error('at once');
    }),
  ).toThrow('at once');
  phase('after', () => {});
  expect(shapeOf(whole)).toBe('start, training(first step), sync, after');
});

it('counts operations in the phase that is open, with their time and work', () => {
  const recorded = start();
  phase('forward', () => {
    recorded.operation('MatMul', 10, 12, 100, () => ({ inputs: '2x5 5x5' }));
    recorded.operation('MatMul', 13, 14, 50, () => ({ inputs: '1x5 5x5' }));
  });
  expect(recorded.whole.phases.get('forward')!.operations).toEqual(
    new Map([['MatMul', { calls: 2, ms: 3, flops: 150 }]]),
  );
  expect(recorded.events[1]).toEqual({
    kind: 'operation',
    name: 'MatMul',
    startMs: 10,
    endMs: 12,
    details: { inputs: '2x5 5x5' },
  });
});

it('traces the operations of the first rounds and so many events; the totals hold all', () => {
  const work = (recorded: Profile) => {
    for (let i = 1; i <= 4; i++) {
      round('batch', () => recorded.operation('Add', 0, 1, 0, () => ({})));
    }
    return recorded.events.map(({ name }) => name).join(' ');
  };
  const few = start({ tracedRounds: 3, mostEvents: 100 });
  expect(work(few)).toBe('start Add batch Add batch Add batch batch');
  expect(few.eventsLeftOut).toBe(1);
  endProfile(few);
  const short = start({ tracedRounds: 2, mostEvents: 3 });
  expect(work(short)).toBe('start Add batch');
  expect(short.eventsLeftOut).toBe(6);
  expect(short.whole.phases.get('batch')!.operations.get('Add')!.calls).toBe(3);
});

it('says whether there were rounds, wherever they stand', () => {
  const recorded = start();
  phase('load', () => {});
  expect(hasRounds(recorded)).toBe(false);
  phase('scoring', () => round('batch', () => {}));
  expect(hasRounds(recorded)).toBe(true);
});

it('ends once, undoing what watches the engine, and there is one at a time', () => {
  const recorded = start();
  let undone = 0;
  recorded.atEnd.push(() => undone++);
  expect(() => startProfile()).toThrow('a profile is being recorded already');
  endProfile(recorded);
  endProfile(recorded);
  expect(undone).toBe(1);
  expect(recorded.whole.ms).toBeGreaterThanOrEqual(recorded.whole.phases.get('start')!.ms);
  phase('later', () => {});
  expect(shapeOf(recorded.whole)).toBe('start');
});
