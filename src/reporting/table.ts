import type { Summary } from '../experiment/table.js';

/**
 * A table of results as a value. A renderer for each format makes text of it: terminal, Markdown, CSV, JSON, LaTeX (see render/).
 * Texts may hold anything: each renderer escapes what its format would take for its own.
 */
export interface Table {
  /** '' where what stands around the table says what it is. */
  title: string;
  /** What the numbers are, a line each, above the table. */
  facts: readonly string[];
  columns: readonly Column[];
  /** (rows) x (columns) */
  rows: readonly (readonly Cell[])[];
  /** What is to be known of some of the rows, a line each, below the table. */
  notes: readonly string[];
  /** What the numbers depend on, in one line: see signature.ts. */
  signature?: string;
}

export interface Column {
  /** Its name for programs, in CSV and JSON: `f1_tr`. No two columns have the same. */
  key: string;
  /** And for readers: `TR F1`. */
  head: string;
  /**
   * How its numbers are written. A `score` is a fraction of 1, a `difference` one of two scores, with its sign, a `percent` a fraction of 1 that is
   * shown as percent. Texts stand to the left, all others to the right; a text may also stand in a column of numbers.
   */
  kind: 'text' | 'count' | 'score' | 'difference' | 'number' | 'percent' | 'seconds' | 'bytes';
  /** Decimals of a `number`; where they are not given, two at most. */
  digits?: number;
  /** Gives way, with `…` at the end of its texts, where a terminal is too narrow. */
  shrinks?: boolean;
  /** Left out where a terminal is too narrow all the same: 1 first, then 2, and so on. */
  leavesAs?: number;
  /** Where the columns go on in blocks below each other, it begins each of them; the first column where none does. */
  repeats?: boolean;
}

/** A column whose name for programs is its head: `tag scheme` is `tag_scheme`. */
export function column(head: string, kind: Column['kind'] = 'text', more: Partial<Column> = {}): Column {
  return { key: head.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, '_'), head, kind, ...more };
}

/** A table without a word above or below it. */
export function plainTable(columns: readonly Column[], rows: readonly (readonly Cell[])[]): Table {
  return { title: '', facts: [], columns, rows, notes: [] };
}

/** A summary is a mean over seeds, with its standard deviation and n. null is a result that is missing. */
export type Cell = string | number | Summary | Interval | null;

/** A number and the ends of its confidence interval. */
export interface Interval {
  value: number;
  low: number;
  high: number;
}

export function isSummary(cell: Cell): cell is Summary {
  return typeof cell === 'object' && cell !== null && 'mean' in cell;
}

export function isInterval(cell: Cell): cell is Interval {
  return typeof cell === 'object' && cell !== null && 'low' in cell;
}
