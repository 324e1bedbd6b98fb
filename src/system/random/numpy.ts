import { PanxError } from '../../errors.js';

/**
 * `numpy.random.default_rng(seed).permutation(n)`, bit for bit: the order in which Hugging Face datasets' `shuffle(seed)`
 * puts n rows.
 *
 * Source: NumPy's `Generator.permutation` of an integer, which is `arange(n)` shuffled from the end (Fisher-Yates) by
 * 32-bit integers, masked and rejected where too large, from PCG64 (O'Neill, PCG XSL-RR 128/64, 2014), seeded through
 * `SeedSequence`.
 *
 * @param n how many, 0 to 2^31 - 1
 * @param seed a whole number from 0 to 2^53 - 1
 * @returns (n) the numbers 0 to n - 1 in their new order
 * @throws PanxError where n or the seed is out of range
 */
export function numpyPermutation(n: number, seed: number): Int32Array {
  return numpyGenerator(seed).permutation(n);
}

/** A `numpy.random.Generator`: what is drawn goes on from what was drawn before. */
export interface NumpyGenerator {
  /** `permutation(n)`: (n) the numbers 0 to n - 1 in their new order. @throws PanxError where n is out of range */
  permutation(n: number): Int32Array;
}

/**
 * `numpy.random.default_rng(seed)`, or, of several numbers, `default_rng([seed, ...])`.
 *
 * @param entropy whole numbers from 0 to 2^53 - 1; of 32 bits each, four at most
 * @throws PanxError where one is out of range
 */
export function numpyGenerator(...entropy: number[]): NumpyGenerator {
  const nextUint32 = pcg64(entropy.flatMap(wordsOf));
  return {
    permutation(n) {
      if (!Number.isInteger(n) || n < 0 || n >= 2 ** 31) {
        throw new PanxError(`A permutation of ${n} items was asked for; it can have 0 to ${2 ** 31 - 1}.`);
      }
      const order = new Int32Array(n).map((_, i) => i);
      for (let i = n - 1; i > 0; i--) {
        const j = boundedUint32(nextUint32, i);
        const held = order[i]!;
        order[i] = order[j]!;
        order[j] = held;
      }
      return order;
    },
  };
}

/** A seed as words of 32 bits, the lowest first. */
function wordsOf(seed: number): number[] {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new PanxError(`The seed is ${seed}; it must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}.`);
  }
  return seed < 2 ** 32 ? [seed] : [seed >>> 0, Math.floor(seed / 2 ** 32)];
}

/** A uniform integer from 0 to `largest`: random words cut to its number of bits, until one is not above it. */
function boundedUint32(nextUint32: () => number, largest: number): number {
  const mask = 0xffffffff >>> Math.clz32(largest);
  for (;;) {
    const value = nextUint32() & mask;
    if (value <= largest) return value;
  }
}

const multiplier = (2549297995355413924n << 64n) | 4865540595714422341n;

/** The 32-bit words of PCG64: each 64-bit output gives its lower half first, then its upper half. */
function pcg64(entropy: readonly number[]): () => number {
  const [stateHigh, stateLow, streamHigh, streamLow] = seedSequence(entropy);
  const increment = BigInt.asUintN(128, (((streamHigh! << 64n) | streamLow!) << 1n) | 1n);
  const step = (state: bigint) => BigInt.asUintN(128, state * multiplier + increment);
  // The generator's own seeding: start from zero, step, add the seed, step.
  let state = step(BigInt.asUintN(128, increment + ((stateHigh! << 64n) | stateLow!)));
  const output = new DataView(new ArrayBuffer(16));
  let upper = -1; // the half kept for the next call, -1 where there is none
  return () => {
    if (upper >= 0) {
      const kept = upper;
      upper = -1;
      return kept;
    }
    state = step(state);
    output.setBigUint64(0, state >> 64n);
    output.setBigUint64(8, state);
    // XSL-RR: the two halves of the state xored, rotated right by the state's six highest bits.
    const high = (output.getUint32(0) ^ output.getUint32(8)) >>> 0;
    const low = (output.getUint32(4) ^ output.getUint32(12)) >>> 0;
    const rotation = output.getUint32(0) >>> 26;
    const [a, b] = rotation < 32 ? [high, low] : [low, high];
    const r = rotation & 31;
    upper = r === 0 ? a : ((a >>> r) | (b << (32 - r))) >>> 0;
    return r === 0 ? b : ((b >>> r) | (a << (32 - r))) >>> 0;
  };
}

/**
 * `SeedSequence(entropy).generate_state(4, uint64)`: 32-bit words hashed into a pool of four, and four 64-bit
 * words hashed out of it (after O'Neill, "Developing a seed_seq Alternative", 2015).
 *
 * @param entropy at most four words; one that is missing counts as 0 in the pool
 */
function seedSequence(entropy: readonly number[]): bigint[] {
  if (entropy.length > 4) throw new RangeError(`${entropy.length} words of entropy; panx needs no more than 4`);
  const hashIn = hasher(0x43b0d7e5, 0x931e8875);
  const pool = [0, 1, 2, 3].map(i => hashIn(entropy[i] ?? 0));
  for (let from = 0; from < 4; from++) {
    for (let to = 0; to < 4; to++) {
      if (from === to) continue;
      const mixed = Math.imul(0xca01f9dd, pool[to]!) - Math.imul(0x4973f715, hashIn(pool[from]!));
      pool[to] = (mixed ^ ((mixed >>> 0) >>> 16)) >>> 0;
    }
  }
  const hashOut = hasher(0x8b51f9dd, 0x58f38ded);
  const words = [0, 1, 2, 3, 0, 1, 2, 3].map(i => BigInt(hashOut(pool[i]!)));
  return [0, 2, 4, 6].map(i => (words[i + 1]! << 32n) | words[i]!);
}

/** SeedSequence's hash of one word; its constant moves on with every call. */
function hasher(constant: number, factor: number): (word: number) => number {
  return word => {
    const xored = word ^ constant;
    constant = Math.imul(constant, factor);
    const product = Math.imul(xored, constant);
    return (product ^ (product >>> 16)) >>> 0;
  };
}
