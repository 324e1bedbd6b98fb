import { createHash } from 'node:crypto';
import { mulberry32 } from '../mulberry32.js';

/** A stream of random choices. Two streams of the same labels make the same choices, on every machine. */
export interface Random {
  /** From 0, below 1. */
  next(): number;
  /** A whole number from `low` to `high`, both included. */
  integer(low: number, high: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
  /** Up to `count` different items, in the order of the list. */
  some<T>(list: readonly T[], count: number): T[];
}

/** The stream of a seed, a family and a number, say: no choice of one case shifts the choices of the next. */
export function randomOf(...labels: readonly (string | number)[]): Random {
  const next = mulberry32(createHash('sha256').update(JSON.stringify(labels)).digest().readUInt32LE(0));
  const integer = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
  return {
    next,
    integer,
    chance: probability => next() < probability,
    pick: list => {
      if (list.length === 0) throw new Error('nothing to pick from');
      return list[integer(0, list.length - 1)]!;
    },
    some: (list, count) => {
      const chosen = new Set<number>();
      for (let i = 0; i < count && list.length > 0; i++) chosen.add(integer(0, list.length - 1));
      return list.filter((_, i) => chosen.has(i));
    },
  };
}
