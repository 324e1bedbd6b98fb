import { describe, expect, it } from 'vitest';
import { createAnalysis } from '../../../src/evaluation/analysis/analyse.js';
import { attributeNames, bucketNames } from '../../../src/evaluation/analysis/buckets.js';
import type { ScoredRow } from '../../../src/evaluation/foreign-predictions.js';
import { topConfusions } from '../../../src/reporting/error-costs.js';
import { bucketText, seenScores, topCosts, weakBuckets } from '../../../src/reporting/page/findings.js';
import { fixtureRows } from './example-content.js';

const analysisOf = (rows: readonly ScoredRow[]) => {
  const analysis = createAnalysis({ surfaces: null, most: 5, trainedOn: () => false });
  for (const row of rows) analysis.add(row);
  return analysis.result();
};
const fixture = analysisOf(fixtureRows);

it('finds the costliest errors by kind and type', () => {
  expect(topCosts(fixture, 2).map(({ kind, type, count }) => [kind, type, count])).toEqual([
    ['boundary', 'ORG', 2],
    ['missed', 'PER', 2],
  ]);
});

it('has F1 by what was seen in training, where that is known', () => {
  expect(seenScores(fixture)).toEqual([]);
  // "Oslo" was seen as a place, "Paris" as a person.
  const surfaces = {
    add() {},
    of: (surface: string) => {
      const seen = surface === 'Oslo' ? 'same type' : surface === 'Paris' ? 'another type' : 'unseen';
      return { seen, frequency: 1, consistency: 1 } as const;
    },
  };
  const analysis = createAnalysis({ surfaces, most: 5, trainedOn: () => false });
  for (const row of fixtureRows) analysis.add(row);
  const scores = seenScores(analysis.result());
  expect(scores.map(({ bucket, gold }) => [bucket, gold])).toEqual([
    ['same type', 1],
    ['another type', 1],
    ['unseen', 8],
  ]);
  expect(scores.map(({ f1 }) => f1).slice(0, 2)).toEqual([1, 0]);
});

describe('weak spots', () => {
  it('are types taken for others, without those of no entity', () => {
    expect(topConfusions(fixture, 3)).toEqual([
      { gold: 'LOC', predicted: 'ORG', count: 1 },
      { gold: 'PER', predicted: 'LOC', count: 1 },
    ]);
  });

  it('are buckets with many entities and an F1 below that of all', () => {
    expect(weakBuckets(fixture, 3)).toEqual([]);
    const often = analysisOf(Array.from({ length: 20 }, () => fixtureRows).flat());
    const lengths = weakBuckets(often, 20).filter(({ attribute }) => attribute === 'entity length');
    expect(lengths).toEqual([{ attribute: 'entity length', bucket: '3', f1: 0, gold: 40 }]);
  });
});

it('says of every bucket in words which entities it has', () => {
  const texts = attributeNames.flatMap(attribute =>
    bucketNames(attribute).map(bucket => bucketText(attribute, bucket)),
  );
  expect(texts).toMatchInlineSnapshot(`
    [
      "of 1 word",
      "of 2 words",
      "of 3 words",
      "of 4 words or more",
      "in sentences of 1–4 words",
      "in sentences of 5–8 words",
      "in sentences of 9–16 words",
      "in sentences of 17–32 words",
      "in sentences of 33 or more words",
      "in sentences without a true entity",
      "in sentences with up to a quarter of their words in entities",
      "in sentences with a quarter to half of their words in entities",
      "in sentences with half to three quarters of their words in entities",
      "in sentences with more than three quarters of their words in entities",
      "with every word capitalised",
      "with some words capitalised",
      "all in capitals",
      "in lower case",
      "in letters without case",
      "seen in training with their type",
      "seen in training with another type",
      "not seen in training",
      "that were no entity in training",
      "that were an entity once in training",
      "that were an entity 2 to 4 times in training",
      "that were an entity 5 to 9 times in training",
      "that were an entity 10 times or more in training",
      "that never had this type in training",
      "that had this type in at most half of their occurrences in training",
      "that had this type in most of their occurrences in training",
      "that had this type in all of their occurrences in training",
    ]
  `);
});
