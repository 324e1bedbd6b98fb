import { describe, expect, it } from 'vitest';
import { alignColumns, displayWidth, layOut } from '../../src/reporting/text-table.js';

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

describe('layOut', () => {
  const rows = [
    ['', 'one', '2'],
    ['Tokens', 'a', 'bcde'],
  ];

  it('aligns columns, and leaves no blanks at the end of a line', () => {
    expect(layOut(rows, { width: 80, fixed: 1 })).toEqual(['        one  2', 'Tokens  a    bcde']);
    expect(
      layOut(
        [
          ['a', ''],
          ['bb', 'c'],
        ],
        { width: 80, fixed: 1 },
      ),
    ).toEqual(['a', 'bb  c']);
  });

  it('aligns to the right where asked', () => {
    expect(layOut(rows, { width: 80, fixed: 1, right: column => column === 2 })).toEqual([
      '        one     2',
      'Tokens  a    bcde',
    ]);
  });

  it('goes on below where the width is used up, with the fixed columns again', () => {
    expect(layOut(rows, { width: 17, fixed: 1 })).toHaveLength(2);
    expect(layOut(rows, { width: 16, fixed: 1 })).toEqual([
      '        one',
      'Tokens  a',
      '',
      '        2',
      'Tokens  bcde',
    ]);
  });

  it('puts a column that never fits on a block of its own', () => {
    expect(layOut([['x', 'longer', 'y']], { width: 4, fixed: 1 })).toEqual(['x  longer', '', 'x  y']);
  });

  it('shows the fixed columns where there is nothing else', () => {
    expect(layOut([[''], ['Tokens']], { width: 80, fixed: 1 })).toEqual(['', 'Tokens']);
  });

  it('counts wide characters as two columns and combining marks as none', () => {
    expect(
      layOut(
        [
          ['東京', 'x'],
          ['e\u0301', 'y'],
          ['abcd', 'z'],
        ],
        { width: 80, fixed: 1 },
      ),
    ).toEqual(['東京  x', 'e\u0301     y', 'abcd  z']);
  });
});

describe('displayWidth', () => {
  it.each([
    ['abc', 3],
    ['▁İş', 3],
    ['東京', 4],
    ['한국어', 6],
    ['ＡＢ', 4],
    ['。', 2],
    ['🎉', 2],
    ['e\u0301', 1],
    ['\u200e\ufe0f', 0],
    ['', 0],
  ])('%j takes %i', (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });
});
