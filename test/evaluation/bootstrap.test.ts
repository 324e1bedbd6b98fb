import { describe, expect, it } from 'vitest';
import { bootstrapIntervals } from '../../src/evaluation/bootstrap.js';

const ratio = (sum: Float64Array): number[] => [sum[0]! / sum[1]!];

describe('bootstrapIntervals', () => {
  it('spans the quantiles of all possible resamples, where these can be counted', () => {
    // Five rows, so 5^5 = 3,125 resamples, each as likely as the others.
    const rows = [
      [1, 1],
      [0, 1],
      [1, 2],
      [3, 3],
      [0, 2],
    ] as const;
    const all: number[] = [];
    for (let code = 0; code < 5 ** 5; code++) {
      const drawn = Array.from({ length: 5 }, (_, i) => rows[Math.floor(code / 5 ** i) % 5]!);
      all.push(drawn.reduce((n, row) => n + row[0], 0) / drawn.reduce((n, row) => n + row[1], 0));
    }
    all.sort((a, b) => a - b);
    const share = (value: number): number => all.filter(score => score <= value).length / all.length;
    const resampling = { level: 0.8, samples: 40_000, seed: 5 };
    const [[low, high]] = bootstrapIntervals(Int32Array.from(rows.flat()), 2, resampling, ratio) as [[number, number]];
    // The scores come in steps: at most a tenth lie below the lower end, and at least a tenth up to it.
    const below = (value: number): number => all.filter(score => score < value - 1e-9).length / all.length;
    expect(below(low)).toBeLessThan(0.1 + 0.01);
    expect(share(low + 1e-9)).toBeGreaterThan(0.1 - 0.01);
    expect(below(high)).toBeLessThan(0.9 + 0.01);
    expect(share(high + 1e-9)).toBeGreaterThan(0.9 - 0.01);
  });

  it('holds the true share about as often as its level says', () => {
    const random = generator(42);
    let held = 0;
    const trials = 400;
    for (let trial = 0; trial < trials; trial++) {
      // 120 rows of 3 tries each, every try right with probability 0.7.
      const counts = Int32Array.from({ length: 240 }, (_, i) =>
        i % 2 === 1 ? 3 : [0, 0, 0].reduce(n => n + (random() < 0.7 ? 1 : 0), 0),
      );
      const resampling = { level: 0.9, samples: 200, seed: trial };
      const [[low, high]] = bootstrapIntervals(counts, 2, resampling, ratio) as [[number, number]];
      if (low <= 0.7 && 0.7 <= high) held++;
    }
    // 0.9 with a standard error of 0.015; the bootstrap itself covers a little less than its level.
    expect(held / trials).toBeGreaterThan(0.84);
    expect(held / trials).toBeLessThan(0.95);
  });

  it('depends on the seed alone, and widens with the level', () => {
    const counts = Int32Array.from({ length: 400 }, (_, i) => (i % 2 === 1 ? 4 : (i * 7) % 5));
    const at = (level: number, seed: number) => bootstrapIntervals(counts, 2, { level, samples: 300, seed }, ratio)[0]!;
    expect(at(0.9, 1)).toEqual(at(0.9, 1));
    expect(at(0.9, 1)).not.toEqual(at(0.9, 2));
    const [[low, high], [lower, higher]] = [at(0.5, 1), at(0.99, 1)];
    expect(lower).toBeLessThan(low);
    expect(higher).toBeGreaterThan(high);
  });

  it('gives an interval to each statistic, of no width where all rows are alike', () => {
    const counts = new Int32Array(30).map((_, i) => [1, 2, 4][i % 3]!);
    const both = (sum: Float64Array): number[] => [sum[0]! / sum[2]!, sum[1]! / sum[2]!];
    expect(bootstrapIntervals(counts, 3, { level: 0.95, samples: 100, seed: 0 }, both)).toEqual([
      [0.25, 0.25],
      [0.5, 0.5],
    ]);
  });
});

/** Uniform numbers from 0 to 1 from a 32-bit linear congruential generator. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
