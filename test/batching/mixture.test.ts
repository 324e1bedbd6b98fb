import { describe, expect, it } from 'vitest';
import { drawRows, mixtureCounts } from '../../src/batching/mixture.js';
import { trainingRowsGolden } from '../training-rows-golden.js';

describe('the rows of an epoch of a mixture', () => {
  it.each([
    // p = 7/12, 3/12, 2/12.
    [1, [7, 3, 2], [7, 3, 2]],
    // Square roots of 16 and 4: p = 2/3, 1/3 of 20: 13.33 and 6.67.
    [2, [16, 4], [13, 7]],
    // Roots 3, 2, 1: p = 1/2, 1/3, 1/6 of 14: 7, 4.67, 2.33.
    [2, [9, 4, 1], [7, 5, 2]],
    // Alike but for rounding: 12 / 5 = 2.4 each, and the rest of 2 to the largest.
    [1e12, [8, 1, 1, 1, 1], [4, 2, 2, 2, 2]],
    // 7 / 4 = 1.75 each is 2 each, one too many: the first of the largest.
    [1e12, [2, 2, 2, 1], [1, 2, 2, 2]],
  ])('at temperature %d are, of %j rows, %j', (temperature, rows, counts) => {
    expect(mixtureCounts({ temperature, rows })).toEqual(counts);
  });

  it('are as many as there are, and never fewer than none of a language', () => {
    // Alike, 101 languages have 1.505 rows each, and rounding makes 50 too many of them: more than the largest has.
    const rows = [52, ...Array<number>(100).fill(1)];
    const counts = mixtureCounts({ temperature: 1e12, rows });
    expect(counts.reduce((sum, count) => sum + count)).toBe(152);
    expect(Math.min(...counts)).toBe(0);
  });

  it.each(trainingRowsGolden.draws)(
    "are drawn by numpy's default_rng([$seed, $epoch, language]): $rows at $temperature",
    ({ rows, temperature, seed, epoch, counts, drawn }) => {
      expect(mixtureCounts({ temperature, rows })).toEqual(counts);
      expect([...drawRows({ temperature, rows }, seed, epoch)]).toEqual(drawn);
    },
  );

  it('are whole shuffles of a language and part of one more, and others in another epoch', () => {
    const mixture = { temperature: 1e12, rows: [90, 10] };
    const drawn = [...drawRows(mixture, 42, 0)];
    const [large, small] = [drawn.slice(0, 50), drawn.slice(50)];
    expect(new Set(large).size).toBe(50);
    for (let from = 0; from < 50; from += 10) {
      const shuffle = small.slice(from, from + 10);
      expect(shuffle.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 10 }, (_, i) => 90 + i));
    }
    expect([...drawRows(mixture, 42, 1)]).not.toEqual(drawn);
    expect([...drawRows(mixture, 43, 0)]).not.toEqual(drawn);
  });
});
