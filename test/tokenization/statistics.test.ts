import { expect, it } from 'vitest';
import { encodeSplit } from '../../src/tokenization/encode.js';
import { concatRows } from '../../src/tokenization/rows.js';
import { subwordStatistics } from '../../src/tokenization/statistics.js';
import { openTokenizer } from '../../src/tokenization/tokenizer.js';
import { splitOf, tokenizerFolder } from './fixtures.js';

it('subwordStatistics counts subwords as they were before the cut, and lengths as the model gets them', async () => {
  const tokenizer = await openTokenizer(tokenizerFolder('unigram'));
  const sentences = [
    ['Oslo', '\u200e'],
    ['Oslo', 'Oslo', 'Oslo', 'Oslo'],
  ];
  const encode = async (maxLength: number, longRows: 'cut' | 'split' = 'cut') => {
    const settings = { maxLength, longRows, emptyWords: 'drop', cacheDir: null } as const;
    return concatRows((await encodeSplit(splitOf(sentences), tokenizer, settings)).parts);
  };
  // "Oslo" is 3 subwords.
  expect(subwordStatistics(await encode(512), 6)).toEqual({
    subwords: 15,
    subwordsPerToken: 2.5,
    length: { mean: 9.5, median: 9.5, p95: expect.closeTo(13.55, 10), max: 14 },
    truncatedRows: 0,
    truncatedWords: 0,
    emptyWords: 1,
  });
  expect(subwordStatistics(await encode(8), 6)).toMatchObject({
    subwords: 15,
    subwordsPerToken: 2.5,
    length: { mean: 6.5, max: 8 },
    truncatedRows: 1,
    truncatedWords: 2,
    emptyWords: 1,
  });
  // Segments of 5, 8 and 8 subwords.
  expect(subwordStatistics(await encode(8, 'split'), 6)).toMatchObject({
    ...{ subwords: 15, length: { mean: 7, median: 8, max: 8 }, truncatedRows: 0, truncatedWords: 0 },
    segments: 3,
  });
  expect(subwordStatistics(await encode(14, 'split'), 6)).not.toHaveProperty('segments');
});
