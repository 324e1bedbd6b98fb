import type { Interval } from '../bootstrap.js';
import { type PValue, tolerance } from './p-value.js';
import { type BootstrapOptions, pairedBootstrap, resampledScores } from './paired-bootstrap.js';
import { approximateRandomization } from './randomization.js';
import { checkSystems, f1OfTerms, f1Terms, type SystemCounts, sumOfRows } from './system-counts.js';

/** Two systems on the same sentences. */
export interface Comparison {
  /** Their places among the systems. */
  a: number;
  b: number;
  /** Micro F1 of each, the mean over its seeds. */
  f1: [a: number, b: number];
  /** (F1 of a) - (F1 of b), the mean over the seed pairs. */
  difference: number;
  /** Of the difference. */
  interval: Interval;
  bergKirkpatrick: PValue;
  koehn: PValue;
  randomization: PValue;
}

/**
 * Compare every system with every one behind it. The i-th seeds of two systems are a pair.
 *
 * What is computed of a pair depends on that pair, the number of sentences and the options alone, not on which other
 * systems are there. Time grows with sentences x trials x systems, memory with trials x systems.
 *
 * @returns (pairs) 0 and 1, 0 and 2, ..., 1 and 2, ...
 * @throws PanxError where systems differ in their number of seeds or sentences, or there is no sentence
 */
export function compareSystems(systems: readonly SystemCounts[], options: BootstrapOptions): Comparison[] {
  checkSystems(systems);
  const width = 2 * systems[0]!.length;
  const terms = systems.map(f1Terms);
  const f1 = terms.map(own => mean(f1OfTerms(sumOfRows(own, width))));
  const resampled = resampledScores(terms, width, options);
  return systems.flatMap((_, a) =>
    systems.slice(a + 1).map((_, i): Comparison => {
      const b = a + 1 + i;
      const difference = f1[a]! - f1[b]!;
      return {
        a,
        b,
        f1: [f1[a]!, f1[b]!],
        difference,
        ...pairedBootstrap(resampled[a]!, resampled[b]!, difference, options),
        randomization: approximateRandomization(terms[a]!, terms[b]!, width, options),
      };
    }),
  );
}

export type Verdict = 'a is better' | 'b is better' | 'not distinguishable';

/**
 * What a test says of two systems.
 *
 * @param adjustedP the p-value of the randomization test, adjusted for the family of tests that it belongs to
 * @param alpha the chance of a wrong verdict that is accepted, such as 0.05
 */
export function verdictOf({ difference }: Comparison, adjustedP: number, alpha: number): Verdict {
  if (adjustedP > alpha || Math.abs(difference) <= tolerance) return 'not distinguishable';
  return difference > 0 ? 'a is better' : 'b is better';
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
