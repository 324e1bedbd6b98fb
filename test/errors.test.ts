import { expect, it } from 'vitest';
import { cutText, excerpt } from '../src/errors.js';

it.each([
  ['abc', 3, 'abc'],
  ['abcd', 3, 'ab…'],
  ['', 0, ''],
  ['a', 0, '…'],
  ['東京都', 2, '東…'],
  ['a👍👍', 4, 'a👍…'],
  ['a👍👍', 3, 'a…'],
  ['👩‍🔬👩‍🔬', 9, '👩‍🔬…'],
  ['👩‍🔬👩‍🔬', 5, '…'],
  ['🇹🇷🇹🇷', 7, '🇹🇷…'],
  ['e\u0301e\u0301', 3, 'e\u0301…'],
  ['e\u0301e\u0301', 2, '…'],
])('cutText: %s to %i units', (text, most, cut) => {
  expect(cutText(text, most)).toBe(cut);
  expect(cut.length).toBeLessThanOrEqual(Math.max(most, 1));
});

it('an excerpt is cut between characters', () => {
  expect(excerpt('a'.repeat(77) + '👍'.repeat(5))).toBe(`"${'a'.repeat(77)}…`);
  expect(excerpt({ a: [1] })).toBe('{"a":[1]}');
});
