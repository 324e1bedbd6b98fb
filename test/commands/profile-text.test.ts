import { expect, it } from 'vitest';
import { profileText } from '../../src/commands/profile-text.js';
import type { OperationTotals, PhaseTotals, Profile } from '../../src/system/profile.js';

function phaseOf(calls: number, ms: number, inner: Partial<PhaseTotals> = {}): PhaseTotals {
  return { calls, ms, round: false, phases: new Map(), operations: new Map(), ...inner };
}

const operationsOf = (all: Record<string, [calls: number, ms: number, flops?: number]>): Map<string, OperationTotals> =>
  new Map(Object.entries(all).map(([name, [calls, ms, flops = 0]]) => [name, { calls, ms, flops }]));

/** A run of 5 steps, one of them the first, and of some scoring. */
function profileOf(inner: [string, PhaseTotals][]): Profile {
  return {
    whole: phaseOf(1, 3000, {
      phases: new Map([['start', phaseOf(1, 500)], ...inner]),
      operations: operationsOf({ VarHandleOp: [10, 1] }),
    }),
    events: [],
    eventsLeftOut: 1234,
    engine: { name: 'abacus 1 on wood', operation: 'bead', note: 'Beads are slow.' },
    traceFile: 'runs/a/trace.json',
    operation: () => {},
    atEnd: [],
  };
}

const forward = (calls: number) =>
  phaseOf(calls, calls * 60, {
    operations: operationsOf({ MatMul: [calls * 24, calls * 50, calls * 1e9], Rank: [calls, calls * 0.01] }),
  });
const step = (calls: number) =>
  phaseOf(calls, calls * 100, {
    round: true,
    phases: new Map([
      ['forward', forward(calls)],
      ['optimizer', phaseOf(calls, calls * 30, { operations: operationsOf({ Adam: [calls, calls * 25] }) })],
    ]),
  });
const batch = (calls: number) =>
  phaseOf(calls, calls * 80, { round: true, phases: new Map([['forward', forward(calls)]]) });
const scoring: [string, PhaseTotals] = ['scoring', phaseOf(1, 200, { phases: new Map([['first batch', batch(1)]]) })];

it('splits the run into phases, and a step into phases and operations', () => {
  const training: [string, PhaseTotals] = [
    'training',
    phaseOf(1, 2000, {
      phases: new Map([
        ['first step', step(1)],
        ['step', step(4)],
      ]),
    }),
  ];
  expect(profileText(profileOf([training, scoring])).split('\n')).toEqual([
    '',
    'profile: abacus 1 on wood',
    '',
    'the run        times     s   share',
    'start              1  0.50   16.7%',
    'training           1  2.00   66.7%',
    '  first step       1  0.10    3.3%',
    '  step             4  0.40   13.3%',
    'scoring            1  0.20    6.7%',
    '  first batch      1  0.08    2.7%',
    'the rest              0.30   10.0%',
    'in all                3.00  100.0%',
    '',
    'a step: the mean of 4, without the first, which warms up',
    '',
    'step       ms a step   share',
    'forward        60.00   60.0%',
    'optimizer      30.00   30.0%',
    'the rest       10.00   10.0%',
    'in all        100.00  100.0%',
    '',
    'bead                       calls a step  ms a step   share  GFLOP/s  calls in all  ms in all',
    'MatMul                             24.0      50.00   50.0%       20           144     300.00',
    'Adam                                1.0      25.00   25.0%                      5     125.00',
    '2 others                            1.0       0.01    0.0%                     16       1.06',
    'between them (JavaScript)                    24.99   25.0%',
    'in all                                      100.00  100.0%                    165     426.06',
    '',
    'matrix products: 24.0 calls and 50.00 ms a step (50.0%), 1.00 GFLOP a step at 20 GFLOP/s',
    'Beads are slow.',
    '',
    'trace: runs/a/trace.json (open it in https://ui.perfetto.dev or chrome://tracing)',
    'It holds the operations of the first 20 steps and batches; 1,234 later events are left out.',
    '',
  ]);
});

it('takes the first step where there is no other, and the batches of scoring where there is no step', () => {
  const one: [string, PhaseTotals] = ['training', phaseOf(1, 100, { phases: new Map([['first step', step(1)]]) })];
  expect(profileText(profileOf([one]))).toContain('a step: the first, which warms up, as there is no other\n');
  const twice: [string, PhaseTotals][] = ['scoring', 'scoring again'].map(name => [
    name,
    phaseOf(1, 700, { phases: new Map(Object.entries({ 'first batch': batch(1), batch: batch(3) })) }),
  ]);
  const text = profileText(profileOf(twice));
  expect(text).toContain('a batch of scoring: the mean of 6, without the first, which warms up\n');
  expect(text).toMatch(/^forward {8}60\.00 {3}75\.0%$/m);
  expect(text).toMatch(/^MatMul .* 24\.0 .* 192 /m);
});
