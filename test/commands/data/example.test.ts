import { expect, it } from 'vitest';
import { exampleText, subwordsText } from '../../../src/commands/data/example.js';

it('exampleText counts its tokens', () => {
  expect(exampleText('Row', ['a'], ['O'], 80)).toBe('Row: 1 token\n\n        0\nTokens  a\nTags    O\n');
});

it('subwordsText says what was cut off and what has no subword', () => {
  const encoded = { wordIds: Int32Array.of(-1, 1), labelIds: Int32Array.of(-100, 0) };
  const heading = (truncatedRows: number, truncatedWords: number, emptyWords: number) =>
    subwordsText(['<s>', '▁a'], { ...encoded, truncatedRows, truncatedWords, emptyWords }, ['O'], 80).split('\n')[0];
  expect(heading(0, 0, 0)).toBe('2 subwords');
  expect(heading(1, 0, 0)).toBe('2 subwords; the rest is cut off, and with it 0 words');
  expect(heading(1, 1500, 2)).toBe(
    '2 subwords; the rest is cut off, and with it 1,500 words; without a subword, and so without a label: 2 words',
  );
});
