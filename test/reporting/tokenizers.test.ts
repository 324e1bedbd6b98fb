import { describe, expect, it } from 'vitest';
import { renderAs } from '../../src/reporting/render/render.js';
import {
  differingWordsTable,
  fertilityTable,
  type Subword,
  sentenceTable,
  tokenizerNames,
} from '../../src/reporting/tokenizers.js';
import type { Fertility } from '../../src/tokenization/fertility.js';

const counts: Fertility = {
  rows: 1000,
  words: 4000,
  subwords: 6000,
  fertility: 1.5,
  continuedWords: 1000,
  unknownWords: 2,
  unknownSubwords: 3,
  emptyWords: 1,
  rowLength: { mean: 8, median: 7, p95: 20, max: 600 },
  cutRows: 1,
};
const nothing: Fertility = {
  ...{ rows: 1, words: 0, subwords: 0, fertility: 0, continuedWords: 0, unknownWords: 0, unknownSubwords: 0 },
  ...{ emptyWords: 0, rowLength: { mean: 2, median: 2, p95: 2, max: 2 }, cutRows: 0 },
};
const pieces = (...texts: string[]): Subword[] => texts.map(text => ({ text, unknown: text === '[UNK]' }));

describe('fertilityTable', () => {
  const table = fertilityTable(
    [
      { lang: 'en', tokenizer: 0, fertility: counts },
      { lang: 'en', tokenizer: 1, fertility: nothing },
    ],
    { names: ['a', 'b'], vocabularySizes: [250_002, 100], split: 'train', maxLengths: [512, 512] },
  );

  it('has a row for each language and tokenizer', () => {
    expect(renderAs('table', table, { width: 200 })).toBe(
      [
        'Tokenizers on the train rows',
        'lang  tokenizer  vocabulary  words  subwords  fertility  continued  unk words     unk  empty   rows  a row  longest  cut',
        'en    a             250,002  4,000     6,000       1.50     0.2500     0.0005  0.0005      1  1,000   8.00      600    1',
        'en    b                 100      0         0          –          –          –       –      0      1   2.00        2    0',
        '',
        'fertility: subwords per word. continued: share of words of two subwords or more (Ács 2019; Rust et al. 2021).',
        'unk words, unk: share of words with an unknown subword, and of subwords. empty: words that give no subword.',
        'a row, longest: subwords of a row, special tokens included. cut: rows longer than 512, which training cuts or splits.',
        '',
      ].join('\n'),
    );
  });

  it('says how long a row may be with each tokenizer', () => {
    const found = { lang: 'en', tokenizer: 0, fertility: counts };
    const of = { names: ['a', 'b'], vocabularySizes: [250_002, 100], split: 'train', maxLengths: [512, 128] };
    expect(fertilityTable([found], of).notes.at(-1)).toBe(
      'a row, longest: subwords of a row, special tokens included. cut: rows longer than 512 with a, 128 with b, which training cuts or splits.',
    );
  });

  it('gives programs every digit', () => {
    expect(renderAs('csv', table)).toBe(
      [
        'lang,tokenizer,vocabulary,words,subwords,fertility,continued_words,unknown_words,unknown_subwords,empty_words,rows,subwords_per_row,longest_row,cut_rows',
        'en,a,250002,4000,6000,1.5,0.25,0.0005,0.0005,1,1000,8,600,1',
        'en,b,100,0,0,,,,,0,1,2,2,0',
        '',
      ].join('\n'),
    );
  });
});

it('differingWordsTable shows the subwords of each tokenizer side by side', () => {
  const subwords = [pieces('▁Y', 'ÖN'), pieces('[UNK]')];
  const table = differingWordsTable(
    [{ lang: 'tr', word: 'YÖN\u200e', count: 1200, moreSubwords: 1200, subwords }],
    ['a', 'b'],
  );
  expect(renderAs('table', table)).toBe(
    [
      'Words that the tokenizers split most differently',
      'lang  word         count   more  a      n  b       n',
      'tr    YÖN<U+200E>  1,200  1,200  ▁Y ÖN  2  [UNK]*  1',
      '',
      '* marks a subword that stands for what the tokenizer does not know.',
      'more: subwords that all occurrences of the word have more by the tokenizer with the most than by the one with the fewest.',
      '',
    ].join('\n'),
  );
});

it('sentenceTable has a row for each word, and aligns wide characters', () => {
  const words = [
    { sentence: 1, word: '東京', subwords: [pieces('▁', '東京')] },
    { sentence: 1, word: 'Oslo', subwords: [pieces('▁Oslo')] },
    { sentence: 2, word: '\u200e', subwords: [[]] },
  ];
  const [fertility] = [{ ...counts, words: 3, subwords: 3, fertility: 1, continuedWords: 1, unknownSubwords: 0 }];
  expect(renderAs('table', sentenceTable(words, ['a'], [fertility]))).toBe(
    [
      'Subwords of each word',
      'sentence  word      a       n',
      '       1  東京      ▁ 東京  2',
      '       1  Oslo      ▁Oslo   1',
      '       2  <U+200E>  –       0',
      '',
      'a: 3 subwords of 3 words (1.00 a word), 1 word continued, 0 subwords unknown',
      '',
    ].join('\n'),
  );
});

describe('tokenizerNames', () => {
  it.each([
    [
      ['FacebookAI/xlm-roberta-base', '/models/bert/'],
      ['xlm-roberta-base', 'bert'],
    ],
    [
      ['runs/a/checkpoint', 'runs/b/checkpoint'],
      ['a/checkpoint', 'b/checkpoint'],
    ],
    [
      ['x/a/checkpoint', 'y/a/checkpoint', 'b'],
      ['x/a/checkpoint', 'y/a/checkpoint', 'b'],
    ],
    [
      ['model', 'old/model'],
      ['model', 'old/model'],
    ],
    [
      ['./model', 'model'],
      ['./model', 'model'],
    ],
    [['/'], ['/']],
  ])('%j are %j', (models, names) => {
    expect(tokenizerNames(models)).toEqual(names);
  });
});
