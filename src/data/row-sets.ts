import { PanxError } from '../errors.js';
import { numpyPermutation } from '../system/random/numpy.js';
import { type RowIndex, selectionSha256 } from './row-index.js';
import type { SplitName } from './splits.js';

/** Rows of one split of one language: all of them, or those that the steps of a selection leave, one step after the other. */
export interface RowSet {
  lang: string;
  split: SplitName;
  /** Which part of a re-split its `take` step takes; absent without one. */
  part?: Part;
  steps: readonly SelectionStep[];
}

/** The parts of a re-split: see resplit.ts. */
export type Part = 'fit' | 'held';

/**
 * `shuffle`: in the order of numpy's `default_rng(seed).permutation`; `first`: only so many of them; `take`: just these, by their numbers
 * among those that the step before has left.
 */
export type SelectionStep = { shuffle: number } | { first: number } | { take: Int32Array };

/** Rows by what tables and errors call them, and by what they are. */
export interface NamedRows {
  name: string;
  /** SHA-256 of their words and tag names in their order: see row-index.ts. */
  sha256: string;
}

/** "tr/train", "tr/train:250", "tr/train:fit", "tr/train:250:held" */
export function rowSetName({ lang, split, part, steps }: RowSet): string {
  const at = steps.findIndex(step => 'take' in step);
  const parts = part === undefined ? [sizeOf(steps)] : [sizeOf(steps.slice(0, at)), part, sizeOf(steps.slice(at + 1))];
  return [`${lang}/${split}`, ...parts.filter(name => name !== null)].join(':');
}

/** How many rows a selection leaves at most; null: all. */
function sizeOf(steps: readonly SelectionStep[]): number | null {
  return steps.reduce<number | null>((size, step) => ('first' in step ? step.first : size), null);
}

/**
 * The training rows that a size asks for. `shuffled` is the reference notebook's: every split is shuffled with seed 0 when it is loaded, and
 * a subset of n rows is the first n of that shuffled again with the data seed (the notebook's is 42), so subsets are nested. (A size equal to
 * the whole split is still shuffled again; only `null` is not.) `head` is the first n rows as they lie.
 *
 * @param cut what `fractionSteps` leaves of the split; null: all of it
 */
export function subsetSteps(
  { subset, size, dataSeed }: { subset: 'shuffled' | 'head'; size: number | null; dataSeed: number },
  cut: readonly SelectionStep[] | null = null,
): SelectionStep[] {
  const loaded = cut ?? (subset === 'head' ? [] : [{ shuffle: 0 }]);
  if (size === null) return [...loaded];
  return [...loaded, ...(subset === 'head' ? [] : [{ shuffle: dataSeed }]), { first: size }];
}

/** The first int(fraction · rows) rows of a split that is shuffled with seed 0. @param rows of the split */
export function fractionSteps(fraction: number, rows: number): SelectionStep[] {
  const count = rowsOfFraction(fraction, rows);
  return count === rows ? [{ shuffle: 0 }] : [{ shuffle: 0 }, { first: count }];
}

/** Python's `int(fraction * rows)`. */
export function rowsOfFraction(fraction: number, rows: number): number {
  return Math.floor(fraction * rows);
}

/** The first rows as they lie, or all where there are not so many. @param rows of the split */
export function limitSteps(limit: number | null, rows: number): SelectionStep[] {
  return limit === null || limit >= rows ? [] : [{ first: limit }];
}

/**
 * The rows of a selection, in its order.
 *
 * @param rows how many the split has
 * @returns (n) row numbers of the split
 * @throws PanxError where a step asks for more rows than there are
 */
export function selectRows(rows: number, steps: readonly SelectionStep[]): Int32Array {
  let selected: Int32Array = Int32Array.from({ length: rows }, (_, row) => row);
  for (const step of steps) {
    if ('shuffle' in step) selected = numpyPermutation(selected.length, step.shuffle).map(i => selected[i]!);
    else if ('take' in step) selected = step.take.map(i => selected[i]!);
    else selected = selected.subarray(0, checkedSize(step.first, selected.length));
  }
  return selected;
}

/** A row set by its name and its content. @param index that of its split */
export function nameRows(set: RowSet, index: RowIndex): NamedRows {
  return { name: rowSetName(set), sha256: selectionSha256(index, selectRows(index.rows, set.steps)) };
}

function checkedSize(size: number, rows: number): number {
  if (!Number.isInteger(size) || size < 1) {
    throw new PanxError(`A subset of ${size} rows was asked for; expected a whole number from 1.`);
  }
  if (size <= rows) return size;
  throw new PanxError(`A subset of ${size} rows was asked for; the split has ${rows}.`, {
    hint: `Choose a size up to ${rows}, or none for all rows.`,
  });
}
