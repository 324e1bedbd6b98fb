import { describe, expect, it } from 'vitest';
import { selectRows } from '../../src/data/subsets.js';
import { numpyPermutation } from '../../src/system/random/numpy.js';

describe('selectRows', () => {
  it('takes the first rows as they lie', () => {
    expect([...selectRows(5, { subset: 'head', size: 3 })]).toEqual([0, 1, 2]);
    expect([...selectRows(5, { subset: 'head', size: null })]).toEqual([0, 1, 2, 3, 4]);
    expect([...selectRows(5, { subset: 'head', size: 5 })]).toEqual([0, 1, 2, 3, 4]);
  });

  it('takes shuffle(0) for all rows', () => {
    expect([...selectRows(100, { subset: 'shuffled', size: null })]).toEqual([...numpyPermutation(100, 0)]);
  });

  it('takes the first of shuffle(42) of shuffle(0) for a size', () => {
    // numpy 2.4.6: p = default_rng(0).permutation(10); p[default_rng(42).permutation(10)]
    expect([...selectRows(10, { subset: 'shuffled', size: 10 })]).toEqual([5, 9, 4, 0, 7, 2, 3, 1, 6, 8]);
    const loaded = numpyPermutation(20_000, 0);
    const order = numpyPermutation(20_000, 42);
    const rows = selectRows(20_000, { subset: 'shuffled', size: 250 });
    expect([...rows]).toEqual([...order.subarray(0, 250)].map(i => loaded[i]!));
  });

  it('nests its subsets, and shuffles again even at full size', () => {
    const large = selectRows(1000, { subset: 'shuffled', size: 500 });
    expect([...selectRows(1000, { subset: 'shuffled', size: 250 })]).toEqual([...large.subarray(0, 250)]);
    const full = selectRows(1000, { subset: 'shuffled', size: 1000 });
    expect([...full.subarray(0, 500)]).toEqual([...large]);
    expect([...full].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect([...full]).not.toEqual([...selectRows(1000, { subset: 'shuffled', size: null })]);
  });

  it.each(['shuffled', 'head'] as const)('refuses more rows than there are (%s)', subset => {
    expect(() => selectRows(100, { subset, size: 101 })).toThrow(
      'A subset of 101 rows was asked for; the split has 100.',
    );
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses a size of %s', size => {
    expect(() => selectRows(100, { subset: 'head', size })).toThrow(
      `A subset of ${size} rows was asked for; expected a whole number from 1.`,
    );
  });
});
