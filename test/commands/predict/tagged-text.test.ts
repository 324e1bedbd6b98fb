import { describe, expect, it } from 'vitest';
import { taggedText } from '../../../src/commands/predict/tagged-text.js';
import { displayWidth } from '../../../src/system/display-width.js';

const tagged = (words: readonly (readonly [string, string | null])[]) => ({
  words: words.map(([text, tag]) => ({ text, tag, start: 0, end: 0, score: 1 })),
  entities: [],
});

/** In which columns the words, or the tags, of each line begin. */
const beginnings = (line: string) =>
  [...line.matchAll(/(?<=^| {2})\S/g)].map(({ index }) => displayWidth(line.slice(0, index)));

describe('taggedText', () => {
  it.each([
    [
      'wide characters',
      [
        ['東京', 'B-LOC'],
        ['は', 'O'],
        ['日本', 'B-LOC'],
        ['です。', 'O'],
      ],
    ],
    [
      'combining marks',
      [
        ['Ne\u0301e\u0301ee', 'B-PER'],
        ['o\u0308', 'O'],
        ['x', 'I-ORG'],
      ],
    ],
    [
      'emoji, joiners and flags',
      [
        ['👩‍🔬', 'O'],
        ['🇹🇷', 'B-LOC'],
        ['می\u200cخواهم', 'O'],
        ['x', 'O'],
      ],
    ],
    [
      'what is shown by its code point',
      [
        ['\u200f\u001b', 'O'],
        ['x', '\u0007'],
        ['y', null],
      ],
    ],
  ] as const)('has tags under their words: %s', (_, words) => {
    const [top, bottom] = taggedText(tagged(words), 100).split('\n');
    expect(beginnings(top!)).toHaveLength(words.length);
    expect(beginnings(bottom!)).toEqual(beginnings(top!));
  });

  it('has the scores of entities below each other', () => {
    const entity = (type: string) => ({ type, text: 'x', start: 0, end: 1, score: 1 });
    const { words } = tagged([['x', 'O']]);
    const lines = taggedText({ words, entities: [entity('PER'), entity('人名'), entity('EVENT')] }, 80).split('\n');
    expect(lines.slice(2, 5)).toEqual(['  PER    1.000  x', '  人名   1.000  x', '  EVENT  1.000  x']);
  });

  it('goes on below where the columns are used up, at words', () => {
    const words = ['東京', '都', '日本', 'Ne\u0301e'].map(word => [word, 'O'] as const);
    const lines = (width: number) => taggedText(tagged(words), width).split('\n');
    expect(lines(19)).toEqual(['東京  都  日本  Ne\u0301e', 'O     O   O     O', '  no entities', '', '']);
    expect(lines(18)[0]).toBe('東京  都  日本');
    expect(lines(14)[0]).toBe('東京  都  日本');
    expect(lines(13)).toEqual(['東京  都', 'O     O', '', '日本  Ne\u0301e', 'O     O', '  no entities', '', '']);
  });

  it.each([0, 1, 2, -1])('has a word a line on a terminal of %i columns', width => {
    const words = ['one', '東', '👩‍🔬'].map(word => [word, 'O'] as const);
    expect(taggedText(tagged(words), width).split('\n').slice(0, 8)).toEqual([
      'one',
      'O',
      '',
      '東',
      'O',
      '',
      '👩‍🔬',
      'O',
    ]);
  });

  it('shows what would act on the terminal', () => {
    const text = '\u001b[2J\u009b1m\u202e';
    const shown = taggedText(
      {
        words: [{ text, tag: text, start: 0, end: 0, score: 1 }],
        entities: [{ type: text, text, start: 0, end: 1, score: 1 }],
      },
      80,
    );
    expect(shown).not.toMatch(/(?!\n)[\p{Cc}\u202e]/u);
    expect(shown.match(/<U\+001B>\[2J<U\+009B>1m<U\+202E>/g)).toHaveLength(4);
  });
});
