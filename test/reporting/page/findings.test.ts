import { describe, expect, it } from 'vitest';
import { createAnalysis } from '../../../src/evaluation/analysis/analyse.js';
import { attributeNames, bucketNames } from '../../../src/evaluation/analysis/buckets.js';
import type { ScoredRow } from '../../../src/evaluation/foreign-predictions.js';
import { bucketText, seenScores, topConfusions, topCosts, weakBuckets } from '../../../src/reporting/page/findings.js';
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
  for (const attribute of attributeNames) {
    for (const bucket of bucketNames(attribute)) {
      expect(bucketText(attribute, bucket)).toMatch(/^(of|in|with|all|seen|not|that|labelled) /);
    }
  }
  expect(bucketText('entity length', '4 or more')).toBe('of 4 words or more');
  expect(bucketText('seen in training', 'unseen')).toBe('not seen in training');
});
