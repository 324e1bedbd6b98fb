import { readFileSync } from 'node:fs';
import type { SystemCounts } from '../../../src/evaluation/significance/system-counts.js';

/** (seeds) of (sentences) of true, predicted and correct entities. */
type GoldenSystem = [gold: number, predicted: number, correct: number][][];

interface GoldenSwaps {
  name: string;
  a: GoldenSystem;
  b: GoldenSystem;
  /** All swaps, and those at least as far apart. */
  swaps: number;
  randomization: number;
}

interface GoldenCase extends GoldenSwaps {
  f1: [number, number];
  difference: number;
  /** All samples, and those that count for each p-value. */
  samples: number;
  bergKirkpatrick: number;
  koehn: number;
  /** Where panx takes all samples. */
  interval?: [number, number];
  /** Elsewhere, near 2.5 % and 97.5 %: differences in order, and the share of samples up to each. */
  tails?: [difference: number, share: number][];
}

/** What scripts/make-golden/significance.py counted in exact fractions. */
export const golden: { trials: number; cases: GoldenCase[]; swaps: GoldenSwaps[] } = JSON.parse(
  readFileSync(new URL('./golden.json', import.meta.url), 'utf8'),
);

export function countsOf(system: GoldenSystem): SystemCounts {
  return system.map(sentences => Int32Array.from(sentences.flat()));
}
