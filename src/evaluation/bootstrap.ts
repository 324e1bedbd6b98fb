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
  const { kindOfRow, kinds } = groupAlike(counts, width);
  const nextUint32 = xoshiro128(resampling.seed);
  const times = new Int32Array(kinds.length / width); // how often a sample drew a row of each kind
  const sum = new Float64Array(width);
  const drawn: number[][] = []; // (samples, S)
  for (let sample = 0; sample < resampling.samples; sample++) {
    times.fill(0);
    for (let draw = 0; draw < kindOfRow.length; draw++) {
      // Multiplying instead of rejecting favours some rows by at most rows / 2^32, far below what samples can show.
      times[kindOfRow[Math.floor((nextUint32() * kindOfRow.length) / 2 ** 32)]!]!++;
    }
    sum.fill(0);
    for (let kind = 0; kind < times.length; kind++) {
      const start = kind * width;
      for (let i = 0; i < width; i++) sum[i]! += times[kind]! * kinds[start + i]!;
    }
    drawn.push([...statistics(sum)]);
  }
  const tail = (1 - resampling.level) / 2;
  return drawn[0]!.map((_, s) => {
    const sorted = Float64Array.from(drawn, scores => scores[s]!).sort();
    return [quantile(sorted, tail), quantile(sorted, 1 - tail)];
  });
}

/**
 * Rows that count the same, together: most sentences hold one or two entities, so few kinds of row there are, and a sample
 * adds up kinds instead of rows.
 *
 * @returns (rows) the kind of each row, and (kinds, width) what a row of each kind counts
 */
function groupAlike(counts: Int32Array, width: number): { kindOfRow: Int32Array; kinds: Int32Array } {
  const numbers = new Map<string, number>();
  const kinds = new Int32Array(counts.length);
  const kindOfRow = new Int32Array(counts.length / width);
  for (let row = 0; row < kindOfRow.length; row++) {
    const own = counts.subarray(row * width, (row + 1) * width);
    const key = own.join();
    const kind = numbers.get(key) ?? numbers.size;
    if (kind === numbers.size) {
      numbers.set(key, kind);
      kinds.set(own, kind * width);
    }
    kindOfRow[row] = kind;
  }
  return { kindOfRow, kinds: kinds.subarray(0, numbers.size * width) };
}

/** Linear between the two nearest of the sorted values, as numpy's default. `share` from 0 to 1. */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!);
}

/**
 * The 32-bit words of xoshiro128** (Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators", 2021), its state
 * filled from the seed by splitmix32.
 */
function xoshiro128(seed: number): () => number {
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
