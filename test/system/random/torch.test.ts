import { describe, expect, it } from 'vitest';
import { torchRandperm } from '../../../src/system/random/torch.js';
import { golden, sha256, sha256OfBytes, shared } from './golden.js';

describe('torchRandperm', () => {
  it.each(golden.torch)('equals the reference for n=$n, seed=$seed', ({ n, seed, order, sha256 }) => {
    const actual = torchRandperm(n, seed);
    if (order !== undefined) expect([...actual]).toEqual(order);
    expect(sha256OfBytes(actual)).toBe(sha256);
  });

  it('refuses a size or a seed that has no order', () => {
    expect(() => torchRandperm(-1, 0)).toThrow('A permutation of -1 items was asked for; it can have 0 to 2147483647.');
    expect(() => torchRandperm(2 ** 31, 0)).toThrow('A permutation of 2147483648 items was asked for');
    expect(() => torchRandperm(3, -4)).toThrow('The seed is -4; it must be a whole number from 0 to 9007199254740991.');
    expect(() => torchRandperm(3, 0.5)).toThrow('The seed is 0.5; it must be a whole number');
  });
});

describe.skipIf(shared === undefined)('torchRandperm against the shared reference', () => {
  it('has all of its 40 entries', () => {
    expect(shared?.torch_randperm).toHaveLength(40);
  });

  it.each(shared?.torch_randperm ?? [])('n=$n, seed=$seed', ({ n, seed, first, last, sha256_csv }) => {
    const actual = torchRandperm(n, seed);
    expect([...actual.slice(0, first.length)]).toEqual(first);
    expect([...actual.slice(-last.length)]).toEqual(last);
    expect(sha256(actual.join(','))).toBe(sha256_csv);
  });
});
