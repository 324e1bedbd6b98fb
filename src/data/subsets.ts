import { PanxError } from '../errors.js';
import { numpyPermutation } from '../system/random/numpy.js';

/**
 * Which rows of a split are used, and in which order, as row numbers of the file.
 *
 * `shuffled` is the reference notebook's: every split is shuffled with seed 0 when it is loaded, and a subset of n rows
 * is the first n of that shuffled again with seed 42, so subsets are nested. (A size equal to the whole split is still
 * shuffled again; only `null` is not.) `head` is the first n rows as they lie.
 *
 * @param rows how many the split has
 * @returns (size, or rows where size is null)
 * @throws PanxError where size is not a whole number from 1 to rows
 */
export function selectRows(rows: number, choice: { subset: 'shuffled' | 'head'; size: number | null }): Int32Array {
  const { subset, size } = choice;
  if (size !== null && (!Number.isInteger(size) || size < 1)) {
    throw new PanxError(`A subset of ${size} rows was asked for; expected a whole number from 1.`);
  }
  if (size !== null && size > rows) {
    throw new PanxError(`A subset of ${size} rows was asked for; the split has ${rows}.`, {
      hint: `Choose a size up to ${rows}, or none for all rows.`,
    });
  }
  if (subset === 'head') return Int32Array.from({ length: size ?? rows }, (_, i) => i);
  const loaded = numpyPermutation(rows, 0);
  if (size === null) return loaded;
  return numpyPermutation(rows, 42)
    .subarray(0, size)
    .map(i => loaded[i]!);
}
