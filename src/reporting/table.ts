import type { Summary } from '../experiment/table.js';

/** A table of results as a value. A renderer for each format makes text of it: terminal, Markdown, CSV, JSON, LaTeX. */
export interface Table {
  title: string;
  /** What the numbers are, a line each, above the table. */
  facts: readonly string[];
  columns: readonly Column[];
  /** (rows) x (columns) */
  rows: readonly (readonly Cell[])[];
  /** What is to be known of some of the rows, a line each, below the table. */
  notes: readonly string[];
}

export interface Column {
  /** Its name for programs, in CSV and JSON: `f1_tr`. */
  key: string;
  /** And for readers: `TR F1`. */
  head: string;
  /** How its numbers are written. A `score` is a fraction of 1, a `difference` one of two scores, with its sign. */
  kind: 'text' | 'count' | 'score' | 'difference' | 'number' | 'seconds';
  /** Gives way, with `…` at the end of its texts, where a terminal is too narrow. */
  shrinks?: boolean;
}

/** A summary is a mean over seeds, with its standard deviation and n. null is a result that is missing. */
export type Cell = string | number | Summary | null;
