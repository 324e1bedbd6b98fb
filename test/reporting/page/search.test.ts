import { describe, expect, it } from 'vitest';
import { readSentence } from '../../../src/reporting/page/report-content.js';
import { createSearch, folded, searchHits, wholeWords } from '../../../src/reporting/page/search.js';

const finds = (words: string[], typed: string) => {
  const tags = words.map(() => 'O');
  const row = { words, gold: tags, predicted: tags, loss: null, probability: null };
  return createSearch(typed)(readSentence(row as never, 0, null)!);
};

describe('a search', () => {
  it('finds a part of a word, whatever case and accents', () => {
    expect(finds(['YÖNLENDİRME', 'var'], 'yonlendir')).toBe(true);
    expect(finds(['YÖNLENDİRME', 'var'], 'me VA')).toBe(true);
    expect(finds(['YÖNLENDİRME'], 'yonlendirr')).toBe(false);
    expect(finds([], ' ')).toBe(true);
  });

  it('finds whole words alone where it stands in double quotes', () => {
    expect(finds(['YÖNLENDİRME', 'var'], '"YÖNLENDİR"')).toBe(false);
    expect(finds(['YÖNLENDİR', 'var'], wholeWords('YÖNLENDİR'))).toBe(true);
    expect(finds(['o', 'yönlendir'], '“Yonlendir”')).toBe(true);
    expect(finds(['Bank', 'of', 'England'], '"bank  of"')).toBe(true);
    expect(finds(['Bank', 'of', 'England'], '"bank eng"')).toBe(false);
    expect(finds(['Bank', 'of', 'England'], '"of engl"')).toBe(false);
  });

  it('takes quotes as text where there is nothing between them, or one alone', () => {
    expect(finds(['"', 'x'], '"')).toBe(true);
    expect(finds(['x'], '"')).toBe(false);
    expect(finds(['""'], '""')).toBe(true);
    expect(finds(['"', 'x'], '"""')).toBe(true);
    expect(finds(['"x'], '"""')).toBe(false);
  });
});

describe('the places of a search', () => {
  const found = (words: string[], typed: string) =>
    searchHits(words, typed).map(([begin, end]) => words.join(' ').slice(begin, end));

  it('are the texts as they stand in the sentence', () => {
    expect(found(['İstanbul', 'istanbullu', 'ISTANBUL'], 'istanbul')).toEqual(['İstanbul', 'istanbul', 'ISTANBUL']);
    expect(found(['İstanbul', 'istanbullu', 'ISTANBUL'], '"istanbul"')).toEqual(['İstanbul', 'ISTANBUL']);
    expect(found(['Bank', 'of', 'England'], 'k OF e')).toEqual(['k of E']);
    expect(found(['a', 'b'], '')).toEqual([]);
    expect(found(['a', 'b'], 'c')).toEqual([]);
  });

  it('hold whole characters and their accents', () => {
    expect(found(['cafe\u0301s'], 'cafe')).toEqual(['cafe\u0301']);
    expect(found(['cafe\u0301'], '"cafe"')).toEqual(['cafe\u0301']);
    expect(found(['ﬁn', '😀x😀'], 'f')).toEqual(['ﬁ']);
    expect(found(['ﬁn', '😀x😀'], 'n 😀')).toEqual(['n 😀']);
    expect(found(['ΟΔΟΣ'], 'οδος')).toEqual(['ΟΔΟΣ']);
  });

  it('follow one another, each whole word for itself', () => {
    expect(found(['aaaa'], 'aa')).toEqual(['aa', 'aa']);
    expect(found(['a', 'a', 'a'], '"a"')).toEqual(['a', 'a', 'a']);
  });
});

it('reads text without case and accents', () => {
  expect(folded('İSTANBUL')).toBe('istanbul');
  expect(folded('ısparta')).toBe('isparta');
  expect(folded('ＡＢＣ')).toBe('abc');
  // Vowel signs of Indic scripts are no accents.
  expect(folded('हिन्दी')).toBe('हिन्दी'.normalize('NFKD'));
});
