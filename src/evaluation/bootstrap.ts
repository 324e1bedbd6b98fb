import { below, xoshiro128 } from '../system/random/xoshiro.js';

/** How to estimate what another sample of rows would have scored. */
export interface Resampling {
  /** Share of the resampled scores that an interval spans, such as 0.95. */
  level: number;
  /** How many times the rows are drawn again. */
  samples: number;
  seed: number;
}

/** Lower and upper end. */
export type Interval = [number, number];

/**
 * Confidence intervals by the percentile bootstrap (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993,
 * section 13.3) over rows: as many rows as there are, drawn with replacement, are scored anew for each sample, and an
 * interval spans the middle `level` of those scores.
 *
 * Rows are resampled, not words or entities, since those of one sentence depend on each other.
 *
 * @param counts (rows, width) row-major, what each row adds to the sums
 * @param statistics the scores of summed counts (width) -> (S); it must be defined for all sums, also of rows without entities
 * @returns (S) intervals
 */
export function bootstrapIntervals(
  counts: Int32Array,
  width: number,
  resampling: Resampling,
  statistics: (sum: Float64Array) => readonly number[],
): Interval[] {
  const { level, samples } = resampling;
  const scores = resample(counts, width, resampling, statistics);
  const kinds = scores.length / samples; // S
  return Array.from({ length: kinds }, (_, s) =>
    percentileInterval(
      Float64Array.from({ length: samples }, (_, sample) => scores[sample * kinds + s]!),
      level,
    ),
  );
}

/**
 * Score samples of as many rows as there are, drawn with replacement. Which rows a sample has depends on the seed, the
 * sample's number and the number of rows alone: the samples of two systems that tagged the same rows are paired.
 *
 * @param counts (rows, width) row-major, what each row adds to the sums
 * @param statistics the scores of summed counts (width) -> (S)
 * @returns (samples, S)
 */
export function resample(
  counts: Int32Array,
  width: number,
  { samples, seed }: Pick<Resampling, 'samples' | 'seed'>,
  statistics: (sum: Float64Array) => readonly number[],
): Float64Array {
  const { kindOfRow, kinds } = groupAlike(counts, width);
  const nextUint32 = xoshiro128(seed);
  const times = new Float64Array(kinds.length / paddedTo4(width)); // how often a sample drew a row of each kind
  const sum = new Float64Array(width);
  let scores = new Float64Array(0);
  for (let sample = 0; sample < samples; sample++) {
    times.fill(0);
    for (let draw = 0; draw < kindOfRow.length; draw++) times[kindOfRow[below(kindOfRow.length, nextUint32)]!]!++;
    addUp(kinds, times, sum);
    const own = statistics(sum);
    if (sample === 0) scores = new Float64Array(samples * own.length);
    scores.set(own, sample * own.length);
  }
  return scores;
}

/** The middle `level` of the values, which are put in order. */
export function percentileInterval(values: Float64Array, level: number): Interval {
  const sorted = values.sort();
  const tail = (1 - level) / 2;
  return [quantile(sorted, tail), quantile(sorted, 1 - tail)];
}

/**
 * Rows that count the same, together: most sentences hold one or two entities, so few kinds of row there are, and a sample
 * adds up kinds instead of rows.
 *
 * @returns (rows) the kind of each row, and column by column (width padded to fours, kinds) what a row of each kind counts
 */
function groupAlike(counts: Int32Array, width: number): { kindOfRow: Int32Array; kinds: Float64Array } {
  const numbers = new Map<string, number>();
  const firsts: Int32Array[] = [];
  const kindOfRow = new Int32Array(counts.length / width);
  for (let row = 0; row < kindOfRow.length; row++) {
    const own = counts.subarray(row * width, (row + 1) * width);
    const key = own.join();
    const kind = numbers.get(key) ?? numbers.size;
    if (kind === numbers.size) {
      numbers.set(key, kind);
      firsts.push(own);
    }
    kindOfRow[row] = kind;
  }
  const kinds = new Float64Array(paddedTo4(width) * firsts.length);
  for (const [kind, own] of firsts.entries()) {
    for (let i = 0; i < width; i++) kinds[i * firsts.length + kind] = own[i]!;
  }
  return { kindOfRow, kinds };
}

/**
 * The sum of all kinds, each so many times. Four columns at once: one by one, each addition waits for the one before it, and row
 * by row, every one goes through memory. That takes three and seven times as long.
 *
 * @param kinds column by column (width padded to fours, kinds)
 * @param times (kinds)
 * @param sum (width) is overwritten
 */
function addUp(kinds: Float64Array, times: Float64Array, sum: Float64Array): void {
  for (let i = 0; i < sum.length; i += 4) {
    const [first, second] = [i * times.length, (i + 1) * times.length];
    const [third, fourth] = [(i + 2) * times.length, (i + 3) * times.length];
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let kind = 0; kind < times.length; kind++) {
      const n = times[kind]!;
      a += n * kinds[first + kind]!;
      b += n * kinds[second + kind]!;
      c += n * kinds[third + kind]!;
      d += n * kinds[fourth + kind]!;
    }
    // A typed array ignores what is set behind its end.
    [sum[i], sum[i + 1], sum[i + 2], sum[i + 3]] = [a, b, c, d];
  }
}

function paddedTo4(width: number): number {
  return Math.ceil(width / 4) * 4;
}

/** Linear between the two nearest of the sorted values, as numpy's default. `share` from 0 to 1. */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!);
}
