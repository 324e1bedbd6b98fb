import { describe, expect, it } from 'vitest';
import { exampleText, showToken, subwordsText } from '../../../src/commands/data/example.js';

it('exampleText counts its tokens', () => {
  expect(exampleText('Row', ['a'], ['O'], 80)).toBe('Row: 1 token\n\n        0\nTokens  a\nTags    O\n');
});

it('subwordsText says what was cut off and what has no subword', () => {
  const encoded = { wordIds: Int32Array.of(-1, 1), labelIds: Int32Array.of(-100, 0) };
  const heading = (truncatedRows: number, truncatedWords: number, emptyWords: number) =>
    subwordsText(['<s>', '▁a'], { ...encoded, truncatedRows, truncatedWords, emptyWords }, ['O'], 80).split('\n')[0];
  expect(heading(0, 0, 0)).toBe('2 subwords');
  expect(heading(1, 0, 0)).toBe('2 subwords; the last subwords of a word are cut off');
  expect(heading(1, 1500, 2)).toBe(
    '2 subwords; the rest is cut off, and with it 1,500 words; without a subword, and so without a label: 2 words',
  );
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
