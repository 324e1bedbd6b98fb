import { describe, expect, it } from 'vitest';
import { numpyGenerator, numpyPermutation } from '../../../src/system/random/numpy.js';
import { golden, sha256, sha256OfBytes, shared } from './golden.js';

describe('numpyPermutation', () => {
  it.each(golden.numpy)('equals the reference for n=$n, seed=$seed', ({ n, seed, order, sha256 }) => {
    const actual = numpyPermutation(n, seed);
    if (order !== undefined) expect([...actual]).toEqual(order);
    expect(sha256OfBytes(actual)).toBe(sha256);
  });

  it('refuses a size or a seed that has no order', () => {
    expect(() => numpyPermutation(-1, 0)).toThrow(
      'A permutation of -1 items was asked for; it can have 0 to 2147483647.',
    );
    expect(() => numpyPermutation(2 ** 31, 0)).toThrow('A permutation of 2147483648 items was asked for');
    expect(() => numpyPermutation(3, -4)).toThrow(
      'The seed is -4; it must be a whole number from 0 to 9007199254740991.',
    );
    expect(() => numpyPermutation(3, 0.5)).toThrow('The seed is 0.5; it must be a whole number');
  });
});

it('goes on in one stream, and refuses more entropy than it hashes', () => {
  const generator = numpyGenerator(42);
  expect(generator.permutation(9)).toEqual(numpyPermutation(9, 42));
  expect(generator.permutation(9)).not.toEqual(numpyPermutation(9, 42));
  expect(() => numpyGenerator(1, 2, 3, 4, 5)).toThrow('5 words of entropy');
  expect(() => numpyGenerator(2 ** 53 - 1, 2 ** 53 - 1, 0)).toThrow('5 words of entropy');
});

describe.skipIf(shared === undefined)('numpyPermutation against the shared reference', () => {
  it('has all of its 16 entries', () => {
    expect(shared?.numpy_pcg64_permutation).toHaveLength(16);
  });

  it.each(shared?.numpy_pcg64_permutation ?? [])('n=$n, seed=$seed', ({ n, seed, first, last, sha256_csv }) => {
    const actual = numpyPermutation(n, seed);
    expect([...actual.slice(0, first.length)]).toEqual(first);
    expect([...actual.slice(-last.length)]).toEqual(last);
    expect(sha256(actual.join(','))).toBe(sha256_csv);
  });
});
