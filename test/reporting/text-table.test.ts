import { describe, expect, it } from 'vitest';
import { layOut, type TextColumn } from '../../src/reporting/text-table.js';

describe('layOut', () => {
  const named: TextColumn[] = [
    { head: '', align: 'left' },
    { head: '0', align: 'left' },
    { head: '1', align: 'left' },
  ];
  const rows = [
    ['Tokens', 'one', '2'],
    ['Tags', 'a', 'bcde'],
  ];

  it('aligns by columns of the terminal, not by characters, and leaves no blanks at the end of a line', () => {
    const columns: TextColumn[] = [
      { head: 'name', align: 'left' },
      { head: 'n', align: 'right' },
      { head: '', align: 'left' },
    ];
    const rows = [
      ['日本', '1', ''],
      ['e\u0301t', '10', 'x'],
    ];
    expect(layOut(columns, rows, 80)).toEqual(['name   n', '日本   1', 'e\u0301t    10  x']);
  });

  it('shortens the columns that may shrink, not further than their heads', () => {
    const columns: TextColumn[] = [
      { head: 'name', align: 'left', shrinks: true },
      { head: 'number', align: 'right' },
    ];
    expect(layOut(columns, [['日本語の長い名前', '123']], 17)).toEqual(['name       number', '日本語の…     123']);
    expect(layOut(columns, [['abcdefgh', '123']], 12)).toEqual(['name  number', 'abc…     123']);
  });

  it('lets columns leave in their order, where shrinking is not enough', () => {
    const columns: TextColumn[] = [
      { head: 'a', align: 'left', leavesAs: 2 },
      { head: 'name', align: 'left', shrinks: true },
      { head: 'b', align: 'right', leavesAs: 1 },
      { head: 'c', align: 'right' },
    ];
    const row = [['xx', 'names and names', '22', '33']];
    expect(layOut(columns, row, 16)[1]).toBe('xx  nam…  22  33');
    expect(layOut(columns, row, 15)[1]).toBe('xx  names …  33');
    expect(layOut(columns, row, 11)[1]).toBe('names …  33');
  });

  it('goes on below where the width is used up, with the first column again', () => {
    expect(layOut(named, rows, 17)).toHaveLength(3);
    expect(layOut(named, rows, 16)).toEqual([
      '        0',
      'Tokens  one',
      'Tags    a',
      '',
      '        1',
      'Tokens  2',
      'Tags    bcde',
    ]);
  });

  it('begins each block with the columns that repeat, and has all columns there', () => {
    const columns: TextColumn[] = [
      { head: 'a', align: 'left', leavesAs: 1 },
      { head: 'b', align: 'left', repeats: true },
      { head: 'c', align: 'right' },
    ];
    expect(layOut(columns, [['1', 'bbbb', '22222']], 9)).toEqual([
      'b     a',
      'bbbb  1',
      '',
      'b         c',
      'bbbb  22222',
    ]);
  });

  it('puts a column that never fits on a block of its own', () => {
    expect(layOut(named, [['x', 'longer', 'y']], 4)).toEqual(['   0', 'x  longer', '', '   1', 'x  y']);
  });

  it('shows the first column where there is nothing else, and the heads where there are no rows', () => {
    expect(layOut(named.slice(0, 1), [['Tokens']], 80)).toEqual(['', 'Tokens']);
    expect(layOut([{ head: 'a', align: 'left' }], [], 80)).toEqual(['a']);
  });

  it.each([0, 1, 10])('has every cell on a terminal of %i columns', width => {
    const shown = layOut(named, [['Tokens', '東京', 'e\u0301']], width).join('\n');
    for (const cell of ['Tokens', '東京', 'e\u0301']) expect(shown).toContain(cell);
  });

  it('shows what would act on the terminal', () => {
    expect(layOut([{ head: 'a', align: 'left' }], [['\u001b[2J\n']], 80)[1]).toBe('<U+001B>[2J<U+000A>');
  });
});
