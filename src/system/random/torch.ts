import { PanxError } from '../../errors.js';

/**
 * `torch.randperm(n, generator=torch.Generator().manual_seed(seed))` on the CPU, bit for bit: the order in which
 * Hugging Face Trainer visits the rows of an epoch.
 *
 * @param n how many, 0 to 2^31 - 1
 * @param seed a whole number from 0 to 2^53 - 1, of which torch uses the lower 32 bits
 * @returns (n) the numbers 0 to n - 1 in their new order
 * @throws PanxError where n or the seed is out of range
 */
export function torchRandperm(n: number, seed: number): Int32Array {
  return torchGenerator(seed).randperm(n);
}

/** A `torch.Generator` of the CPU: what is drawn goes on from what was drawn before. */
export interface TorchGenerator {
  /** `torch.randperm(n)`, (n) */
  randperm(n: number): Int32Array;
  /** Draw a 64-bit number, as `torch.empty((), dtype=torch.int64).random_()` does, and let it go. */
  skipInt64(): void;
}

/**
 * `torch.Generator().manual_seed(seed)`.
 *
 * Source: ATen's `randperm_cpu` over the Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998): Fisher-Yates from
 * the front, choosing by the remainder of a random word; from (2^32 - 1) / 20 items on, where that would be skewed, the
 * inside-out form with words of 64 bits.
 */
export function torchGenerator(seed: number): TorchGenerator {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new PanxError(`The seed is ${seed}; it must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}.`);
  }
  const nextUint32 = mt19937(seed >>> 0);
  return {
    randperm(n) {
      if (!Number.isInteger(n) || n < 0 || n >= 2 ** 31) {
        throw new PanxError(`A permutation of ${n} items was asked for; it can have 0 to ${2 ** 31 - 1}.`);
      }
      const order = new Int32Array(n).map((_, i) => i);
      if (n >= Math.floor((2 ** 32 - 1) / 20)) insideOut(order, nextUint32);
      else fromTheFront(order, nextUint32);
      return order;
    },
    skipInt64() {
      nextUint32();
      nextUint32();
    },
  };
}

/** Swap each item with a random one of itself and those after it. */
function fromTheFront(order: Int32Array, nextUint32: () => number): void {
  for (let i = 0; i < order.length - 1; i++) swap(order, i, i + (nextUint32() % (order.length - i)));
}

/** Swap each item with a random one of itself and those before it. */
function insideOut(order: Int32Array, nextUint32: () => number): void {
  for (let i = 0; i < order.length; i++) {
    // The remainder of a 64-bit word, upper half first and sixteen bits at a time, so that a double holds every step.
    let remainder = nextUint32() % (i + 1);
    const lower = nextUint32();
    remainder = (remainder * 0x10000 + (lower >>> 16)) % (i + 1);
    remainder = (remainder * 0x10000 + (lower & 0xffff)) % (i + 1);
    swap(order, i, remainder);
  }
}

function swap(order: Int32Array, i: number, j: number): void {
  const held = order[i]!;
  order[i] = order[j]!;
  order[j] = held;
}

const size = 624;
const middle = 397;

/** The 32-bit words of MT19937, seeded by its authors' `init_genrand`. */
function mt19937(seed: number): () => number {
  const state = new Uint32Array(size);
  state[0] = seed;
  for (let i = 1; i < size; i++) {
    const previous = state[i - 1]!;
    state[i] = Math.imul(1812433253, previous ^ (previous >>> 30)) + i;
  }
  let next = size;
  return () => {
    if (next === size) {
      twist(state);
      next = 0;
    }
    let word = state[next++]!;
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    word ^= word >>> 18;
    return word >>> 0;
  };
}

/** Replace the 624 words of the state by the next 624, in place. */
function twist(state: Uint32Array): void {
  for (let i = 0; i < size; i++) {
    const joined = (state[i]! & 0x80000000) | (state[(i + 1) % size]! & 0x7fffffff);
    state[i] = state[(i + middle) % size]! ^ (joined >>> 1) ^ (joined & 1 ? 0x9908b0df : 0);
  }
}
