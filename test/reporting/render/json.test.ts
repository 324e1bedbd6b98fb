import { expect, it } from 'vitest';
import { tableRecord } from '../../../src/reporting/render/json.js';
import { everyKind } from './every-kind.js';

it('has a record for each row, by the keys of the columns, with every digit', () => {
  const { rows, ...others } = tableRecord(everyKind());
  expect(others).toEqual({
    ...{ title: 'Every_kind & more', facts: ['F1 is 100 % micro', 'a <b>fact</b>'] },
    ...{ notes: ['A *note*.'], signature: 'F1|seeds:3' },
  });
  expect(rows).toHaveLength(3);
  expect(rows[0]).toEqual({
    ...{ system: 'one | a_b', rows: 20_000, f1: { n: 3, mean: 0.83, sd: 0.012345678 }, change: 0.01234567 },
    ...{ epochs: 2.5, share: 0.1234567, time: 75.25, size: 1536, f1_of_all: { value: 0.8, low: 0.7, high: 0.9 } },
  });
  expect(rows[2]).toMatchObject({ rows: null, time: null, f1: { n: 0, mean: null, sd: null }, f1_of_all: 0.25 });
});
