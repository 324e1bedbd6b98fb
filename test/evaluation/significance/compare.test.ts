import { describe, expect, it } from 'vitest';
import { compareSystems, verdictOf } from '../../../src/evaluation/significance/compare.js';
import type { SystemCounts } from '../../../src/evaluation/significance/system-counts.js';
import { countsOf, golden } from './golden.js';

const options = { trials: golden.trials, seed: 1, level: 0.95 };

describe('compareSystems', () => {
  it('counts the samples and swaps of five sentences as a textbook does', () => {
    const gold = [2, 1, 3, 1, 2];
    const system = (pairs: [correct: number, predicted: number][]): SystemCounts => [
      Int32Array.from(pairs.flatMap(([correct, predicted], i) => [gold[i]!, predicted, correct])),
    ];
    const a = system([[2, 2], [1, 1], [2, 3], [0, 1], [2, 2]]); // biome-ignore format: a sentence beside the other
    const b = system([[1, 2], [1, 1], [2, 2], [0, 0], [1, 3]]); // biome-ignore format: a sentence beside the other
    const [found] = compareSystems([a, b], options);
    expect(found!.f1).toEqual([7 / 9, 10 / 17]);
    expect(found!.bergKirkpatrick).toEqual({ p: 407 / 3125, count: 407, trials: 3125, exact: true });
    expect(found!.koehn).toEqual({ p: 423 / 3125, count: 423, trials: 3125, exact: true });
    expect(found!.randomization).toEqual({ p: 0.5, count: 16, trials: 32, exact: true });
  });

  it.each(golden.cases.filter(({ interval }) => interval !== undefined))('counts all samples: $name', one => {
    const [found] = compareSystems([countsOf(one.a), countsOf(one.b)], options);
    expect(found!.f1[0]).toBeCloseTo(one.f1[0], 12);
    expect(found!.f1[1]).toBeCloseTo(one.f1[1], 12);
    expect(found!.difference).toBeCloseTo(one.difference, 12);
    expect(found!.bergKirkpatrick).toMatchObject({ count: one.bergKirkpatrick, trials: one.samples, exact: true });
    expect(found!.koehn).toMatchObject({ count: one.koehn, trials: one.samples, exact: true });
    expect(found!.interval[0]).toBeCloseTo(one.interval![0], 12);
    expect(found!.interval[1]).toBeCloseTo(one.interval![1], 12);
    expect(found!.randomization).toEqual({
      p: one.randomization / one.swaps,
      count: one.randomization,
      trials: one.swaps,
      exact: true,
    });
  });

  it.each(golden.cases.filter(({ tails }) => tails !== undefined))(
    'comes near all samples with random ones: $name',
    one => {
      const [found] = compareSystems([countsOf(one.a), countsOf(one.b)], options);
      for (const name of ['bergKirkpatrick', 'koehn'] as const) {
        expect(found![name]).toMatchObject({ trials: golden.trials, exact: false });
        expectNear(found![name].p, one[name] / one.samples, golden.trials);
      }
      // An end lies where its share of the samples does: the differences come in steps.
      const shareBefore = (end: number): number =>
        one.tails!.findLast(([difference]) => difference < end)?.[1] ?? Number.NaN;
      for (const [end, share] of [[found!.interval[0], 0.025] as const, [found!.interval[1], 0.975] as const]) {
        expect(shareBefore(end - 1e-9)).toBeLessThan(share + margin(share, golden.trials));
        expect(shareBefore(end + 1e-9)).toBeGreaterThan(share - margin(share, golden.trials));
      }
    },
  );

  it.each(golden.swaps)('swaps all sentences, or all that differ, or some at random: $name', one => {
    const [found] = compareSystems([countsOf(one.a), countsOf(one.b)], options);
    const { p, count, trials, exact } = found!.randomization;
    expect(exact).toBe(one.swaps <= golden.trials);
    if (exact)
      expect({ p, count, trials }).toEqual({ p: count / one.swaps, count: one.randomization, trials: one.swaps });
    else {
      expect({ p, trials }).toEqual({ p: (count + 1) / (golden.trials + 1), trials: golden.trials });
      expectNear(count / trials, one.randomization / one.swaps, trials);
    }
  });

  it('gives a pair the same numbers whichever other systems are there, and mirrored ones the other way round', () => {
    const systems = [0.5, 0.55, 0.8].map(share => randomSystem(share, 60, 2));
    const [ab, ac, bc] = compareSystems(systems, options);
    expect([ab, ac, bc].map(one => [one!.a, one!.b])).toEqual([[0, 1], [0, 2], [1, 2]]); // biome-ignore format: pairs
    expect(compareSystems([systems[0]!, systems[1]!], options)).toEqual([ab]);
    expect(compareSystems([systems[1]!, systems[2]!], options)).toEqual([{ ...bc, a: 0, b: 1 }]);
    const [ca] = compareSystems([systems[2]!, systems[0]!], options);
    expect(ca!.difference).toBe(-ac!.difference);
    expect(ca!.interval[0]).toBeCloseTo(-ac!.interval[1], 12);
    for (const name of ['bergKirkpatrick', 'koehn', 'randomization'] as const) expect(ca![name]).toEqual(ac![name]);
  });

  it('depends on the seed, and on nothing else that is random', () => {
    const systems = [randomSystem(0.5, 60, 2), randomSystem(0.52, 60, 2)];
    const at = (seed: number) => compareSystems(systems, { ...options, seed })[0]!;
    expect(at(1)).toEqual(at(1));
    expect(at(1).interval).not.toEqual(at(2).interval);
    expect(at(1).randomization).not.toEqual(at(2).randomization);
    // The same on every machine.
    expect([at(1).bergKirkpatrick.count, at(1).koehn.count, at(1).randomization.count]).toEqual([4250, 4514, 9090]);
  });

  it('rejects about as often as alpha says where two systems do not differ', () => {
    let rejected = 0;
    const runs = 400;
    for (let run = 0; run < runs; run++) {
      const systems = [randomSystem(0.6, 40, 2, run * 2 + 1), randomSystem(0.6, 40, 2, run * 2 + 2)];
      const [found] = compareSystems(systems, { trials: 199, seed: run, level: 0.95 });
      if (found!.randomization.p <= 0.1) rejected++;
    }
    expect(rejected / runs).toBeGreaterThan(0.1 - 3 * 0.015);
    expect(rejected / runs).toBeLessThan(0.1 + 3 * 0.015);
  });

  it('refuses systems without the same seeds and sentences', () => {
    const system = (sentences: number, seeds: number) => randomSystem(0.5, sentences, seeds);
    expect(() => compareSystems([system(4, 3), system(4, 5)], options)).toThrow(
      'One system has 3 seeds and another 5; seeds are compared pair by pair, so both need as many.',
    );
    expect(() => compareSystems([system(4, 1), system(5, 1)], options)).toThrow(
      'One system tagged 4 sentences and another 5; both must have tagged the same.',
    );
    expect(() => compareSystems([system(0, 1), system(0, 1)], options)).toThrow('There is no sentence to compare on.');
  });
});

describe('verdictOf', () => {
  const [found] = compareSystems([randomSystem(0.9, 60, 1), randomSystem(0.2, 60, 1)], options);

  it('names the better one where the adjusted p is alpha at most', () => {
    expect(verdictOf(found!, 0.05, 0.05)).toBe('a is better');
    expect(verdictOf({ ...found!, difference: -found!.difference }, 0.01, 0.05)).toBe('b is better');
    expect(verdictOf(found!, 0.0501, 0.05)).toBe('not distinguishable');
    expect(verdictOf({ ...found!, difference: 0 }, 0.01, 0.05)).toBe('not distinguishable');
  });
});

/** Five standard errors of a share of random trials, and what is left where the share is 0. */
function margin(share: number, trials: number): number {
  return 5 * Math.sqrt((share * (1 - share)) / trials) + 1 / trials;
}

function expectNear(found: number, share: number, trials: number): void {
  expect(Math.abs(found - share)).toBeLessThan(margin(share, trials));
}

/** Sentences of 0 to 3 entities, each found with the same probability. */
function randomSystem(share: number, sentences: number, seeds: number, start = Math.round(share * 1e6)): SystemCounts {
  let state = Math.imul(start, 2654435761) >>> 0;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return Array.from({ length: seeds }, () =>
    Int32Array.from({ length: sentences }, (_, i) => i % 4).reduce(
      (counts, gold, i) => {
        const correct = [...new Array(gold).keys()].filter(() => uniform() < share).length;
        counts.set([gold, gold, correct], 3 * i);
        return counts;
      },
      new Int32Array(3 * sentences),
    ),
  );
}
