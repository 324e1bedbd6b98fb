import { describe, expect, it } from 'vitest';
import { schema } from '../../src/config/schema.js';
import { approximateMode, type ResplitSettings, resplit } from '../../src/data/resplit.js';
import { numpyGenerator } from '../../src/system/random/numpy.js';
import { trainingRowsGolden as golden } from '../training-rows-golden.js';

const settings: ResplitSettings = {
  lengthBins: schema.training.lengthBins.default,
  beyondBins: schema.training.beyondBins.default,
  dataSeed: 42,
};

/** Rows of one language, of these lengths. */
const rowsOf = (...lengths: number[]) => [Int32Array.from(lengths)];

describe('a re-split', () => {
  it.each(golden.resplit.map((golden, i) => ({ i, ...golden })))(
    "gives the rows that scikit-learn's splitter gives over numpy's generator, in its order ($i)",
    ({ lengths, edges, beyond, seed, dropped, fit, held }) => {
      const asked = { lengthBins: edges, beyondBins: beyond, dataSeed: seed };
      const split = resplit(
        lengths.map(ofLanguage => Int32Array.from(ofLanguage)),
        asked,
      );
      expect(split.fitRows.map(rows => [...rows])).toEqual(fit);
      expect(split.heldRows.map(rows => [...rows])).toEqual(held);
      expect(Object.values(split.dropped).reduce((sum, count) => sum + count)).toBe(dropped);
      expect([split.fit, split.held]).toEqual([fit.flat().length, held.flat().length]);
    },
  );

  it.each(golden.resplitCounts)(
    "holds of bins of $sizes as many rows of each as scikit-learn's may",
    ({ sizes, held }) => {
      const all = sizes.reduce((sum, size) => sum + size);
      for (const seed of [0, 1, 2, 42]) {
        const fit = approximateMode(sizes, all - Math.ceil(all / 5), numpyGenerator(seed));
        const left = sizes.map((size, b) => size - fit[b]!);
        expect(held).toContainEqual(left);
      }
    },
  );

  it.each([
    [24_997, 19_997, 5_000],
    [39_997, 31_997, 8_000],
    [44_997, 35_997, 9_000],
    [84_998, 67_998, 17_000],
  ])('of %i rows leaves %i to fit and holds %i', (rows, fit, held) => {
    const lengths = Int32Array.from({ length: rows }, (_, row) => (row % 97) + 1);
    expect(resplit([lengths.subarray(0, 20_000), lengths.subarray(20_000)], settings)).toMatchObject({ fit, held });
  });

  it('puts a row at an edge into the bin below it, and drops and counts what is in no bin', () => {
    const lengths = rowsOf(0, 0, ...Array(10).fill(5), ...Array(10).fill(10), 11, 101, 102, 103);
    // (0, 5], (5, 10] and beyond 100; the row of 11 words is alone.
    const { fit, held, dropped, heldRows } = resplit(lengths, settings);
    expect({ fit, held, dropped }).toEqual({ fit: 18, held: 5, dropped: { short: 2, long: 0, few: 1 } });
    expect([...heldRows[0]!].filter(row => row < 12)).toHaveLength(2);
    const without = resplit(lengths, { ...settings, beyondBins: 'drop' });
    expect(without).toMatchObject({ fit: 16, held: 4, dropped: { short: 2, long: 3, few: 1 } });
  });

  it('counts a single row beyond the last edge as alone in its bin', () => {
    const lengths = rowsOf(...Array(10).fill(3), 500);
    expect(resplit(lengths, settings).dropped).toEqual({ short: 0, long: 0, few: 1 });
    expect(resplit(lengths, { ...settings, beyondBins: 'drop' }).dropped).toEqual({ short: 0, long: 1, few: 0 });
  });

  it('gives every row that is kept once', () => {
    const lengths = [Int32Array.from({ length: 70 }, (_, i) => i % 25), Int32Array.from({ length: 30 }, (_, i) => i)];
    const { fitRows, heldRows, dropped } = resplit(lengths, settings);
    const rows = [0, 1].flatMap(i => [...fitRows[i]!, ...heldRows[i]!].map(row => `${i} ${row}`));
    expect(new Set(rows).size).toBe(rows.length);
    expect(rows).toHaveLength(100 - dropped.short - dropped.few);
  });

  it('depends on the seed', () => {
    const lengths = rowsOf(...Array(40).fill(3));
    expect(resplit(lengths, { ...settings, dataSeed: 1 })).not.toEqual(resplit(lengths, settings));
  });

  it('is refused where a bin would have no row held out, or nothing is kept', () => {
    const start = 'The training rows cannot be split again: ';
    const end = '; expected at least one row of each bin.';
    expect(() => resplit(rowsOf(1, 1, 6, 6), settings)).toThrow(
      `${start}1 of 4 rows would be held out, from 2 bins of sentence lengths${end}`,
    );
    for (const lengths of [rowsOf(0, 0, 0), rowsOf(3), rowsOf()]) {
      expect(() => resplit(lengths, settings)).toThrow(`${start}no row is kept${end}`);
    }
  });
});
