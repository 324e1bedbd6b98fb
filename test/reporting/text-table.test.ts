import { expect, it } from 'vitest';
import { alignColumns, displayWidth } from '../../src/reporting/text-table.js';

it.each([
  ['İstanbul', 8],
  ['e\u0301', 1],
  ['日本', 4],
  ['한국', 4],
  ['Ｆ１', 4],
  ['👩‍🔬', 2],
  ['–→…', 3],
  ['', 0],
])('%s takes %i columns', (text, width) => {
  expect(displayWidth(text)).toBe(width);
});

it('aligns by columns of the terminal, not by characters', () => {
  const rows = [
    ['日本', '1'],
    ['e\u0301t', '10'],
  ];
  expect(
    alignColumns(
      [
        { head: 'name', align: 'left' },
        { head: 'n', align: 'right' },
      ],
      rows,
      80,
    ),
  ).toEqual(['name   n', '日本   1', 'e\u0301t    10']);
});

it('shortens the columns that may shrink, not further than their heads', () => {
  const columns = [
    { head: 'name', align: 'left', shrinks: true },
    { head: 'number', align: 'right' },
  ] as const;
  expect(alignColumns(columns, [['日本語の長い名前', '123']], 17)).toEqual(['name       number', '日本語の…     123']);
  expect(alignColumns(columns, [['abcdefgh', '123']], 5)).toEqual(['name  number', 'abc…     123']);
});
