import { describe, expect, it } from 'vitest';
import { below, namedXoshiro128, xoshiro128 } from '../../../src/system/random/xoshiro.js';

describe('xoshiro128', () => {
  it('gives the same words on every machine', () => {
    // Those of the authors' C code, written again in Python, from a state that is filled alike.
    const next = xoshiro128(42);
    const words = Array.from({ length: 4 }, next);
    expect(words).toEqual([2837322924, 544945897, 479756282, 3500138142]);
  });
});

describe('namedXoshiro128', () => {
  it('has a stream for each name and seed', () => {
    const firstOf = (seed: number, name: string) => namedXoshiro128(seed, name)();
    expect(firstOf(1, 'a')).toBe(firstOf(1, 'a'));
    expect(new Set([firstOf(1, 'a'), firstOf(1, 'b'), firstOf(2, 'a')]).size).toBe(3);
  });
});

describe('below', () => {
  it('gives every number below its bound about as often', () => {
    const next = xoshiro128(3);
    const counts = new Array<number>(5).fill(0);
    for (let i = 0; i < 50_000; i++) counts[below(5, next)]!++;
    // 10,000 each with a standard deviation of 89.
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(450);
  });

  it('reaches neither below 0 nor its bound', () => {
    expect(below(7, () => 0)).toBe(0);
    expect(below(7, () => 2 ** 32 - 1)).toBe(6);
  });
});
