import { PanxError } from '../errors.js';
import { numpyPermutation } from '../system/random/numpy.js';
import { type RowIndex, selectionSha256 } from './row-index.js';
import type { SplitName } from './splits.js';

/** Rows of one split of one language: all of them, or those that the steps of a selection leave, one step after the other. */
export interface RowSet {
  lang: string;
  split: SplitName;
  steps: readonly SelectionStep[];
}

/** `shuffle`: in the order of numpy's `default_rng(seed).permutation`; `first`: only so many of them. */
export type SelectionStep = { shuffle: number } | { first: number };

/** Rows by what tables and errors call them, and by what they are. */
export interface NamedRows {
  name: string;
  /** SHA-256 of their words and tag names in their order: see row-index.ts. */
  sha256: string;
}

/** "tr/train", "tr/train:250" */
export function rowSetName({ lang, split, steps }: RowSet): string {
  const size = sizeOf(steps);
  return `${lang}/${split}${size === null ? '' : `:${size}`}`;
}

/** How many rows a selection leaves at most; null: all. */
function sizeOf(steps: readonly SelectionStep[]): number | null {
  return steps.reduce<number | null>((size, step) => ('first' in step ? step.first : size), null);
}

/**
 * The training rows that a size asks for. `shuffled` is the reference notebook's: every split is shuffled with seed 0 when it is loaded, and
 * a subset of n rows is the first n of that shuffled again with seed 42 (`dataSeed`), so subsets are nested. (A size equal to the whole split
 * is still shuffled again; only `null` is not.) `head` is the first n rows as they lie.
 */
export function subsetSteps({ subset, size, dataSeed }: SubsetSettings): SelectionStep[] {
  if (subset === 'head') return size === null ? [] : [{ first: size }];
  return size === null ? [{ shuffle: 0 }] : [{ shuffle: 0 }, { shuffle: dataSeed }, { first: size }];
}

export interface SubsetSettings {
  subset: 'shuffled' | 'head';
  /** null: all rows. */
  size: number | null;
  /** Of the last shuffle of a subset. */
  dataSeed: number;
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
