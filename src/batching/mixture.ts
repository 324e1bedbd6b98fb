import { numpyGenerator } from '../system/random/numpy.js';

/** How the rows of several languages share an epoch. */
export interface Mixture {
  /** T; 1: in proportion to the languages' rows; the larger it is, the more alike their shares. */
  temperature: number;
  /** (languages) training rows of each, which lie one after the other. */
  rows: readonly number[];
}

/**
 * How many rows of each language an epoch has: of Σn in all, language i gives round(p_i · Σn), where
 *
 *     p_i = n_i^(1/T) / Σ_j n_j^(1/T)
 *
 * and what rounding leaves over, or takes too much, is the largest language's (of several the first), or, where that has not so many, the
 * next largest's too.
 *
 * Source of the shares: Arivazhagan et al., "Massively Multilingual Neural Machine Translation in the Wild" (2019), section 4.2.
 *
 * @returns (languages), whose sum is that of `rows`
 */
export function mixtureCounts({ temperature, rows }: Mixture): number[] {
  const all = rows.reduce((sum, n) => sum + n, 0);
  const weights = rows.map(n => n ** (1 / temperature));
  const weight = weights.reduce((sum, w) => sum + w, 0);
  const counts = weights.map(w => Math.round((w / weight) * all));
  let rest = all - counts.reduce((sum, count) => sum + count, 0);
  const byRows = rows.map((_, i) => i).sort((a, b) => rows[b]! - rows[a]!);
  for (const i of byRows) {
    const given = Math.max(rest, -counts[i]!);
    counts[i]! += given;
    rest -= given;
  }
  return counts;
}

/**
 * The rows of an epoch (counted from 0), a language after the other: of each, whole shuffles of its rows, then part of one more. The shuffles
 * of language i are those of numpy's `default_rng([seed, epoch, i])`, so that they are a function of these three and nothing else.
 *
 * @returns (Σn) numbers of rows; some stand several times, others not at all
 */
export function drawRows(mixture: Mixture, seed: number, epoch: number): Int32Array {
  const { rows } = mixture;
  const drawn = new Int32Array(rows.reduce((sum, n) => sum + n, 0));
  let [at, from] = [0, 0];
  for (const [i, count] of mixtureCounts(mixture).entries()) {
    const generator = numpyGenerator(seed, epoch, i);
    for (const end = at + count; at < end; ) {
      const shuffle = generator.permutation(rows[i]!).subarray(0, end - at);
      drawn.set(
        shuffle.map(row => from + row),
        at,
      );
      at += shuffle.length;
    }
    from += rows[i]!;
  }
  return drawn;
}
