import { expect, it } from 'vitest';
import { type Counted, statisticsCsv, statisticsText } from '../../../src/commands/data/statistics.js';

const lengths = { mean: 1 / 3, median: 1.25, p95: 2, max: 1234 };
const base = { split: 'train', rows: 1000, tokens: 2, uniqueTokens: 2, sentenceLength: lengths } as const;
const counted: Counted[] = [
  { ...base, lang: 'en', tags: { O: 1, 'B-PER': 1 }, entities: { PER: 1 } },
  {
    ...base,
    lang: 'tr',
    tags: { O: 1, 'B-MISC': 1 },
    entities: { MISC: 1 },
    subwords: {
      subwords: 5,
      subwordsPerToken: 2.5,
      length: lengths,
      truncatedRows: 1,
      truncatedWords: 2,
      emptyWords: 3,
    },
  },
];

it('statisticsText leaves open what a language does not have', () => {
  expect(statisticsText(counted, 120)).toBe(
    [
      'Rows, tokens, and tokens a row',
      'lang  split   rows  tokens  unique  mean  median  p95  longest',
      'en    train  1,000       2       2  0.33    1.25    2    1,234',
      'tr    train  1,000       2       2  0.33    1.25    2    1,234',
      '',
      'Tokens with each tag',
      'lang  split  O  B-PER  B-MISC',
      'en    train  1      1       –',
      'tr    train  1      –       1',
      '',
      'Entities',
      'lang  split  PER  MISC  all',
      'en    train    1     –    1',
      'tr    train    –     1    1',
      '',
      'Subwords, and subwords a row with special tokens',
      'lang  split  subwords  a token  mean  median  p95  longest  rows cut  words cut  words without',
      'en    train         –        –     –       –    –        –         –          –              –',
      'tr    train         5     2.50  0.33    1.25    2    1,234         1          2              3',
      '',
    ].join('\n'),
  );
});

it('statisticsCsv leaves empty what a language does not have', () => {
  expect(statisticsCsv(counted.slice(0, 1).concat({ ...base, lang: 'de', tags: { O: 2 }, entities: {} }))).toBe(
    [
      'lang,split,rows,tokens,unique_tokens,tag_O,tag_B-PER,entities_PER,tokens_per_row_mean,tokens_per_row_median,tokens_per_row_p95,tokens_per_row_max',
      'en,train,1000,2,2,1,1,1,0.3333,1.25,2,1234',
      'de,train,1000,2,2,2,,,0.3333,1.25,2,1234',
      '',
    ].join('\n'),
  );
});

it('both count segments where rows are split, and of a split whose rows are all short its rows', () => {
  const { subwords, ...tr } = counted[1]!;
  const split = [
    { ...tr, subwords: { ...subwords!, segments: 1100 } },
    { ...tr, split: 'test' as const, subwords: subwords! },
  ];
  expect(statisticsText(split, 120).split('\n\n').at(-1)).toBe(
    [
      'Subwords, and subwords a segment with special tokens',
      'lang  split  subwords  a token  segments  mean  median  p95  longest  rows cut  words cut  words without',
      'tr    train         5     2.50     1,100  0.33    1.25    2    1,234         1          2              3',
      'tr    test          5     2.50     1,000  0.33    1.25    2    1,234         1          2              3',
      '',
    ].join('\n'),
  );
  const lines = statisticsCsv(split).split('\n');
  expect(lines.map(line => line.split(',').slice(-2).join(','))).toEqual([
    'empty_words,segments',
    '3,1100',
    '3,1000',
    '',
  ]);
});
