import { describe, expect, it } from 'vitest';
import { splitAtSpaces, splitWords } from '../../src/data/words.js';

const texts = (words: { text: string }[]) => words.map(({ text }) => text);

describe('splitWords', () => {
  it('sets punctuation apart and keeps suffixes behind an apostrophe', () => {
    expect(texts(splitWords("Ayşe Ankara'da, (eski) Saint-Denis’te yaşadı."))).toEqual([
      'Ayşe',
      "Ankara'da",
      ',',
      '(',
      'eski',
      ')',
      'Saint-Denis’te',
      'yaşadı',
      '.',
    ]);
  });

  it('gives the place of each word in the text', () => {
    const text = '  U.S. 1,5 İzmir 𝔸b!';
    for (const { text: word, start, end } of splitWords(text)) expect(text.slice(start, end)).toBe(word);
    expect(texts(splitWords(text))).toEqual(['U.S', '.', '1', ',', '5', 'İzmir', '𝔸b', '!']);
  });

  it('keeps combining marks with their letter, and finds no word in blank text', () => {
    expect(texts(splitWords('éa हिन्दी'))).toEqual(['éa', 'हिन्दी']);
    expect(splitWords(' \t\n')).toEqual([]);
  });
});

it('splitAtSpaces leaves tokenized text as it is', () => {
  expect(texts(splitAtSpaces("a , b-c 'd' "))).toEqual(['a', ',', 'b-c', "'d'"]);
});
