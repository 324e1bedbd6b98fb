import { describe, expect, it } from 'vitest';
import { displayWidth, layOut, showToken } from '../../src/data/layout.js';

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

describe('showToken', () => {
  it.each([
    ['Karl', 'Karl'],
    ['a\u200eb', 'a<U+200E>b'],
    ['a\u200db', 'a\u200db'],
    ['', '""'],
    ['\u200e', '<U+200E>'],
    ['\ufe0f\u200d', '<U+FE0F><U+200D>'],
    [' ', '<U+0020>'],
    ['\u3000', '<U+3000>'],
    ['a\u001b[2Jb', 'a<U+001B>[2Jb'],
    ['a\nb', 'a<U+000A>b'],
    ['a\u202eb', 'a<U+202E>b'],
    ['\u{e0001}', '<U+E0001>'],
  ])('%j as %s', (token, shown) => {
    expect(showToken(token)).toBe(shown);
  });
});
