import { describe, expect, it } from 'vitest';
import { cutToWidth, displayWidth, padToWidth } from '../../src/system/display-width.js';

describe('displayWidth', () => {
  it.each([
    ['plain letters', 'abc', 3],
    ['nothing', '', 0],
    ['letters of Latin', 'İstanbul', 8],
    ['signs', '–→…▁', 4],
    ['a combining mark', 'e\u0301', 1],
    ['several combining marks', 'a\u0300\u0323\u0331', 1],
    ['Han', '東京', 4],
    ['kana and a full stop', 'です。', 6],
    ['a halfwidth kana', 'ｱｲ', 2],
    ['Hangul', '한국어', 6],
    ['Hangul in parts', '\u1112\u1161\u11ab', 2],
    ['fullwidth letters', 'Ｆ１', 4],
    ['Bopomofo and Yi', 'ㄅꀀ', 4],
    ['Arabic with vowel signs', 'مُحَمَّد', 4],
    ['a joiner inside a Persian word', 'می\u200cخواهم', 7],
    ['Hebrew with points', 'שָׁלוֹם', 4],
    ['Thai with a mark above, and sara am', 'กี่กำ', 3],
    ['Devanagari with vowel signs', 'हिन्दी', 5],
    ['an emoji', '🎉', 2],
    ['emoji that are joined', '👩‍🔬👨‍👩‍👧‍👦', 4],
    ['a joined emoji with a selector', '🏳️‍🌈❤️‍🔥', 4],
    ['a skin tone', '👍🏽', 2],
    ['a flag', '🇹🇷', 2],
    ['the flag of a part of a country', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', 2],
    ['a sign that a selector makes an emoji', '❤️☀️', 4],
    ['the same signs without it', '❤☀', 2],
    ['a keycap', '1️⃣', 2],
    ['marks of direction and a selector alone', '\u200e\ufe0f', 0],
    ['a soft hyphen', 'Do\u00adnau', 5],
    ['what takes no width', '\u200b\u2060\ufeff', 0],
  ])('of %s', (_, text, width) => {
    expect(displayWidth(text)).toBe(width);
    expect(displayWidth(`a${text}b`)).toBe(width + 2);
  });
});

describe('cutToWidth', () => {
  it.each([
    ['abc', 3, 'abc'],
    ['abcd', 3, 'ab…'],
    ['東京都', 6, '東京都'],
    ['東京都', 5, '東京…'],
    ['東京都', 4, '東…'],
    ['e\u0301e\u0301e\u0301', 2, 'e\u0301…'],
    ['👩‍🔬👩‍🔬', 3, '👩‍🔬…'],
    ['👩‍🔬👩‍🔬', 2, '…'],
    ['abc', 1, '…'],
    ['abc', 0, ''],
    ['abc', -1, ''],
    ['', 0, ''],
  ])('%s to %i', (text, width, cut) => {
    expect(cutToWidth(text, width)).toBe(cut);
    expect(displayWidth(cut)).toBeLessThanOrEqual(Math.max(0, width));
  });
});

it('padToWidth counts columns, and cuts nothing', () => {
  expect(padToWidth('東京', 5)).toBe('東京 ');
  expect(padToWidth('e\u0301', 3, 'right')).toBe('  e\u0301');
  expect(padToWidth('abc', 2)).toBe('abc');
});
