import { describe, expect, it } from 'vitest';
import { digestRows, selectionSha256 } from '../../src/data/row-index.js';
import { limitSteps, nameRows, rowSetName, selectRows, subsetSteps } from '../../src/data/row-sets.js';
import { numpyPermutation } from '../../src/system/random/numpy.js';

const select = (rows: number, subset: 'shuffled' | 'head', size: number | null) =>
  selectRows(rows, subsetSteps({ subset, size, dataSeed: 42 }));

describe('selectRows', () => {
  it('takes the first rows as they lie', () => {
    expect([...select(5, 'head', 3)]).toEqual([0, 1, 2]);
    expect([...select(5, 'head', null)]).toEqual([0, 1, 2, 3, 4]);
    expect([...select(5, 'head', 5)]).toEqual([0, 1, 2, 3, 4]);
  });

  it('takes shuffle(0) for all rows', () => {
    expect([...select(100, 'shuffled', null)]).toEqual([...numpyPermutation(100, 0)]);
  });

  it('takes the first of shuffle(42) of shuffle(0) for a size', () => {
    // numpy 2.4.6: p = default_rng(0).permutation(10); p[default_rng(42).permutation(10)]
    expect([...select(10, 'shuffled', 10)]).toEqual([5, 9, 4, 0, 7, 2, 3, 1, 6, 8]);
    const loaded = numpyPermutation(20_000, 0);
    const order = numpyPermutation(20_000, 42);
    expect([...select(20_000, 'shuffled', 250)]).toEqual([...order.subarray(0, 250)].map(i => loaded[i]!));
  });

  it('nests its subsets, and shuffles again even at full size', () => {
    const large = select(1000, 'shuffled', 500);
    expect([...select(1000, 'shuffled', 250)]).toEqual([...large.subarray(0, 250)]);
    const full = select(1000, 'shuffled', 1000);
    expect([...full.subarray(0, 500)]).toEqual([...large]);
    expect([...full].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect([...full]).not.toEqual([...select(1000, 'shuffled', null)]);
  });

  it('takes one step after the other: a shuffle of part of the rows', () => {
    const steps = [{ shuffle: 0 }, { first: 6 }, { shuffle: 42 }, { first: 4 }];
    const before = numpyPermutation(10, 0).subarray(0, 6);
    expect([...selectRows(10, steps)]).toEqual([...numpyPermutation(6, 42).subarray(0, 4)].map(i => before[i]!));
  });

  it.each(['shuffled', 'head'] as const)('refuses more rows than there are (%s)', subset => {
    expect(() => select(100, subset, 101)).toThrow('A subset of 101 rows was asked for; the split has 100.');
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses a size of %s', size => {
    expect(() => select(100, 'head', size)).toThrow(
      `A subset of ${size} rows was asked for; expected a whole number from 1.`,
    );
  });
});

it('names rows by language, split and size', () => {
  const of = (steps: Parameters<typeof selectRows>[1]) => rowSetName({ lang: 'tr', split: 'train', steps });
  expect(of([])).toBe('tr/train');
  expect(of([{ shuffle: 0 }])).toBe('tr/train');
  expect(of([{ shuffle: 0 }, { first: 4580 }, { shuffle: 42 }, { first: 250 }])).toBe('tr/train:250');
  expect(of(limitSteps(100, 1000))).toBe('tr/train:100');
  expect(of(limitSteps(1000, 1000))).toBe('tr/train');
  expect(of(limitSteps(null, 1000))).toBe('tr/train');
});

it('tells selections by the rows that they leave, and nothing else', () => {
  const text = Buffer.from('abcdef');
  const columns = {
    ...{ rows: 3, offsets: Int32Array.of(0, 2, 2, 3), tagIds: Int32Array.of(0, 1, 0) },
    ...{ textOffsets: Int32Array.of(0, 3, 4, 6), text },
  };
  const labelNames = ['O', 'B-PER'];
  const index = { rows: 3, labelNames, digests: digestRows(columns, labelNames) };
  const named = (steps: Parameters<typeof selectRows>[1]) => nameRows({ lang: 'tr', split: 'train', steps }, index);
  expect(named([{ first: 3 }]).sha256).toBe(named([]).sha256);
  expect(named([{ first: 2 }]).sha256).not.toBe(named([]).sha256);
  expect(selectionSha256(index, Int32Array.of(1, 0))).not.toBe(selectionSha256(index, Int32Array.of(0, 1)));
});
