import { namedXoshiro128 } from '../../system/random/xoshiro.js';
import { type PValue, tolerance } from './p-value.js';
import { f1OfPair, sumOfRows } from './system-counts.js';

/**
 * Approximate randomization (Noreen, "Computer-Intensive Methods for Testing Hypotheses", 1989; for F1 by Yeh, "More
 * accurate tests for the statistical significance of result differences", 2000). If two systems do not differ, the
 * outputs for a sentence might as well have come from the other one. Each trial swaps them for half of the sentences,
 * chosen at random. p says how often the systems then lie at least as far apart as they do, in either direction.
 *
 * A sentence is swapped in all seeds at once. What several trainings of one system say about one sentence depends on
 * each other: the sentence is hard for all of them or for none. To swap each seed by itself would count seeds x sentences
 * independent observations where there are as many as sentences, and p would come out too small.
 *
 * All swaps are tried where they are no more than the trials: those of all sentences, or else those of the sentences on
 * which the systems differ, since the others change nothing. Then p = count / swaps. Of random swaps p is
 * (count + 1) / (trials + 1): the observed outputs are one of the swaps.
 *
 * Which sentences a trial swaps depends on the seed, the trial's number and the number of sentences alone.
 *
 * @param a (sentences, 2 seeds) what `f1Terms` gives
 * @param b the same of the other system
 */
export function approximateRandomization(
  a: Int32Array,
  b: Int32Array,
  width: number,
  { trials, seed }: { trials: number; seed: number },
): PValue {
  const changes = b.map((count, i) => count - a[i]!);
  const differing = differingRows(changes, width);
  const [sumA, sumB] = [sumOfRows(a, width), sumOfRows(b, width)];
  const moved = new Float64Array(width); // what the swaps of a trial add to the sums of a and take from those of b
  const observed = Math.abs(differenceAfter(sumA, sumB, moved));
  const swappable = 2 ** (a.length / width) > trials && 2 ** (differing.length / width) <= trials ? differing : changes;
  const rows = swappable.length / width;
  const exact = 2 ** rows <= trials;
  const swaps = exact ? 2 ** rows : trials;
  const words = new Uint32Array(exact ? 1 : Math.ceil(rows / 32)); // a bit for each row: swapped or not
  const nextUint32 = namedXoshiro128(seed, 'swapped sentences');
  const addSwapped = adderOfSubsets(swappable, width);
  let count = 0;
  for (let trial = 0; trial < swaps; trial++) {
    if (exact) words[0] = trial;
    else for (let word = 0; word < words.length; word++) words[word] = nextUint32();
    addSwapped(words, moved.fill(0));
    if (Math.abs(differenceAfter(sumA, sumB, moved)) >= observed - tolerance) count++;
  }
  return { p: exact ? count / swaps : (count + 1) / (swaps + 1), count, trials: swaps, exact };
}

/** The rows that are not zero throughout. (rows, width) -> (fewer rows, width) */
function differingRows(changes: Int32Array, width: number): Int32Array {
  const kept = changes.slice();
  let size = 0;
  for (let start = 0; start < changes.length; start += width) {
    const row = changes.subarray(start, start + width);
    if (!row.some(change => change !== 0)) continue;
    kept.set(row, size);
    size += width;
  }
  return kept.slice(0, size);
}

/**
 * Add up those rows whose bit is set. The sums of all 16 subsets of four neighbours are made beforehand: so a trial adds
 * a quarter as many rows, and none of neighbours that are zero throughout.
 *
 * @param rows (rows, width)
 * @returns takes the bits (rows / 32 words) and the sum (width) that is added to
 */
function adderOfSubsets(rows: Int32Array, width: number): (words: Uint32Array, sum: Float64Array) => void {
  const subsets: Int32Array[] = []; // (fours) of (16, width)
  const fours: number[] = []; // which four rows each is of
  for (let four = 0; 4 * four * width < rows.length; four++) {
    const own = rows.subarray(4 * four * width, 4 * (four + 1) * width);
    if (!own.some(count => count !== 0)) continue;
    fours.push(four);
    subsets.push(
      Int32Array.from({ length: 16 * width }, (_, at) => {
        const [subset, i] = [Math.floor(at / width), at % width];
        return [0, 1, 2, 3].reduce((sum, row) => sum + ((subset >> row) & 1) * (own[row * width + i] ?? 0), 0);
      }),
    );
  }
  const table = new Int32Array(subsets.length * 16 * width);
  for (const [i, subset] of subsets.entries()) table.set(subset, i * 16 * width);
  const places = Int32Array.from(fours);
  return (words, sum) => {
    for (let i = 0; i < places.length; i++) {
      const four = places[i]!;
      const subset = (words[four >>> 3]! >>> ((four & 7) * 4)) & 15;
      const start = (i * 16 + subset) * width;
      for (let j = 0; j < width; j++) sum[j]! += table[start + j]!;
    }
  };
}

/** The mean over seeds of the difference in F1, once `moved` has gone from b to a. All (2 seeds) */
function differenceAfter(sumA: Float64Array, sumB: Float64Array, moved: Float64Array): number {
  let difference = 0;
  for (let i = 0; i < moved.length; i += 2) {
    difference += f1OfPair(sumA[i]! + moved[i]!, sumA[i + 1]! + moved[i + 1]!);
    difference -= f1OfPair(sumB[i]! - moved[i]!, sumB[i + 1]! - moved[i + 1]!);
  }
  return difference / (moved.length / 2);
}
