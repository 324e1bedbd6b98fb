import { column, type Table } from '../../../src/reporting/table.js';

/** A table with a column of every kind, a cell of every kind, and what formats would take for their own. */
export function everyKind(): Table {
  return {
    title: 'Every_kind & more',
    facts: ['F1 is 100 % micro', 'a <b>fact</b>'],
    columns: [
      column('system'),
      column('rows', 'count'),
      column('F1', 'score'),
      column('change', 'difference'),
      column('epochs', 'number'),
      column('share', 'percent'),
      column('time', 'seconds'),
      column('size', 'bytes'),
      column('F1 of all', 'score'),
    ],
    rows: [
      [
        ...['one | a_b', 20_000, { n: 3, mean: 0.83, sd: 0.012345678 }, 0.01234567, 2.5, 0.1234567, 75.25, 1536],
        { value: 0.8, low: 0.7, high: 0.9 },
      ],
      ['=two', '2 of 3', { n: 1, mean: 0.5, sd: null }, -0.5, 3, 1, 'failed', 10, null],
      ['三', null, { n: 0, mean: null, sd: null }, -0.00001, null, null, null, null, 0.25],
    ],
    notes: ['A *note*.'],
    signature: 'F1|seeds:3',
  };
}
