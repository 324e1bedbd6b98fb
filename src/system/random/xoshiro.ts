import { createHash } from 'node:crypto';

/**
 * The 32-bit words of xoshiro128** (Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators", 2021), its state
 * filled from the seed by splitmix32.
 *
 * @param seed its lower 32 bits count
 */
export function xoshiro128(seed: number): () => number {
  let filler = seed >>> 0;
  const fill = (): number => {
    filler = (filler + 0x9e3779b9) | 0;
    let word = Math.imul(filler ^ (filler >>> 16), 0x85ebca6b);
    word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
    return word ^ (word >>> 16);
  };
  let [a, b, c, d] = [fill(), fill(), fill(), fill()];
  const rotate = (word: number, by: number): number => (word << by) | (word >>> (32 - by));
  return () => {
    const word = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return word;
  };
}

/** The same for one of several purposes under one seed: each name has a stream of its own. */
export function namedXoshiro128(seed: number, name: string): () => number {
  return xoshiro128(createHash('sha256').update(`${seed}\n${name}`).digest().readUInt32LE(0));
}

/** A whole number from 0 to below `bound`. Multiplying instead of rejecting favours some by at most bound / 2^32. */
export function below(bound: number, nextUint32: () => number): number {
  return Math.floor((nextUint32() * bound) / 2 ** 32);
}
