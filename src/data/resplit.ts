import { PanxError } from '../errors.js';
import { formatCount } from '../system/console.js';
import { type NumpyGenerator, numpyGenerator } from '../system/random/numpy.js';

export interface ResplitSettings {
  /** Words at which one bin ends and the next begins, each larger than the one before: bin b holds (edge b, edge b + 1]. */
  lengthBins: readonly number[];
  /** Rows of more words than the last edge: one more bin, or dropped. */
  beyondBins: 'bin' | 'drop';
  /** Seeds what is drawn. */
  dataSeed: number;
}

/** How many rows a re-split leaves where, and what it drops. */
export interface ResplitCounts {
  fit: number;
  held: number;
  dropped: {
    /** Of no more words than the first edge: without words, where that is 0. */
    short: number;
    /** Of more words than the last edge. */
    long: number;
    /** In bins of fewer than two rows. */
    few: number;
  };
}

export interface Resplit extends ResplitCounts {
  /** Of each language: (its rows to fit) by number, in the order in which the split gives them. */
  fitRows: Int32Array[];
  /** The same of the rows held out. */
  heldRows: Int32Array[];
}

/**
 * Split rows of several languages, taken as one, into rows to fit and rows held out, stratified by sentence length. Held is the ceiling of a
 * fifth of the rows that are kept.
 *
 * Source: scikit-learn's `train_test_split(rows, test_size=0.2, stratify=bins)` (`StratifiedShuffleSplit` and `_approximate_mode`), over the
 * bins of `pandas.cut(words, edges)`. What is drawn comes from numpy's `default_rng(seed)` where scikit-learn has a `RandomState`, and tied
 * bins are put in order by a permutation where it has `choice`. So the counts are scikit-learn's wherever no bins tie for a row.
 *
 * @param lengths of each language: (rows) words of each row
 * @throws PanxError where no row is kept, a bin would have no row held out, or a language would have none on one side
 */
export function resplit(lengths: readonly Int32Array[], settings: ResplitSettings): Resplit {
  const { bins, dropped } = binsOf(lengths, settings);
  const kept = bins.reduce((sum, bin) => sum + bin.length, 0);
  const held = Math.ceil(kept / 5);
  if (held < Math.max(1, bins.length)) throw tooFew(kept, held, bins.length);
  const generator = numpyGenerator(settings.dataSeed);
  const sizes = bins.map(bin => bin.length);
  const fitOf = approximateMode(sizes, kept - held, generator);
  const orders = bins.map(bin => Array.from(generator.permutation(bin.length), i => bin[i]!));
  const shuffled = (rows: number[]) => Array.from(generator.permutation(rows.length), i => rows[i]!);
  const fitRows = shuffled(orders.flatMap((order, b) => order.slice(0, fitOf[b])));
  const heldRows = shuffled(orders.flatMap((order, b) => order.slice(fitOf[b])));
  return {
    ...{ fit: kept - held, held, dropped },
    fitRows: byLanguage(fitRows, lengths),
    heldRows: byLanguage(heldRows, lengths),
  };
}

/** The bins that have two rows or more, each the numbers of its rows among those of all languages; and what is in none. */
function binsOf(
  lengths: readonly Int32Array[],
  { lengthBins, beyondBins }: ResplitSettings,
): { bins: number[][]; dropped: ResplitCounts['dropped'] } {
  const bins = lengthBins.map((): number[] => []); // The last one is beyond the last edge.
  let row = 0;
  let short = 0;
  for (const ofLanguage of lengths) {
    for (const words of ofLanguage) {
      // As many edges lie below the row as it is bins up.
      let above = 0;
      while (above < lengthBins.length && words > lengthBins[above]!) above++;
      if (above === 0) short++;
      else bins[above - 1]!.push(row);
      row++;
    }
  }
  const long = beyondBins === 'drop' ? bins.pop()!.length : 0;
  const few = bins.filter(bin => bin.length === 1).length;
  return { bins: bins.filter(bin => bin.length > 1), dropped: { short, long, few } };
}

/**
 * How many of `draws` rows each bin gives, in proportion to its size: the floor of its share, and one more for the bins with the largest
 * rest. `_approximate_mode` of scikit-learn (sklearn.utils.extmath), in the same floating-point operations, so that rests tie where its do.
 *
 * @param sizes (bins) rows of each bin
 * @returns (bins), whose sum is `draws`
 */
export function approximateMode(sizes: readonly number[], draws: number, generator: NumpyGenerator): number[] {
  const all = sizes.reduce((sum, size) => sum + size, 0);
  const shares = sizes.map(size => (size / all) * draws);
  const counts = shares.map(Math.floor);
  const rests = shares.map((share, b) => share - counts[b]!);
  let missing = draws - counts.reduce((sum, count) => sum + count, 0);
  for (const rest of [...new Set(rests)].sort((a, b) => b - a)) {
    const tied = rests.flatMap((other, b) => (other === rest ? [b] : []));
    const chosen =
      tied.length <= missing ? tied : [...generator.permutation(tied.length)].slice(0, missing).map(i => tied[i]!);
    for (const b of chosen) counts[b]!++;
    missing -= chosen.length;
    if (missing <= 0) break;
  }
  return counts;
}

/** Numbers of the rows of all languages as numbers of the rows of each. */
function byLanguage(rows: readonly number[], lengths: readonly Int32Array[]): Int32Array[] {
  let from = 0;
  return lengths.map(({ length }) => {
    const start = from;
    from += length;
    return Int32Array.from(rows.filter(row => row >= start && row < start + length)).map(row => row - start);
  });
}

function tooFew(kept: number, held: number, bins: number): PanxError {
  const found =
    kept === 0
      ? 'no row is kept'
      : `${formatCount(held)} of ${formatCount(kept)} rows would be held out, from ${bins} bins of sentence lengths`;
  return new PanxError(`The training rows cannot be split again: ${found}; expected at least one row of each bin.`, {
    hint: 'Take more rows, or fewer bins (training.lengthBins).',
    exitCode: 2,
  });
}
