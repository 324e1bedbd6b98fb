import type { Cell, Table } from '../table.js';

/** What a program reads of a table: `rows` has an object for each row, by the keys of its columns, with every digit. */
export interface TableRecord {
  title: string;
  facts: readonly string[];
  rows: Record<string, Cell>[];
  notes: readonly string[];
  signature?: string;
}

/** A table as an object for JSON. A summary is `{n, mean, sd}`, an interval `{value, low, high}`, what is missing null. */
export function tableRecord({ title, facts, columns, rows, notes, signature }: Table): TableRecord {
  return {
    title,
    facts,
    rows: rows.map(cells => Object.fromEntries(cells.map((cell, i) => [columns[i]!.key, cell]))),
    notes,
    ...(signature === undefined ? {} : { signature }),
  };
}
