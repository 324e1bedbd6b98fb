import { describe, expect, it } from 'vitest';
import { createAnalysis } from '../../../src/evaluation/analysis/analyse.js';
import { attributeNames, bucketNames } from '../../../src/evaluation/analysis/buckets.js';
import type { ScoredRow } from '../../../src/evaluation/foreign-predictions.js';
import { bucketText, topConfusions, topCosts, weakBuckets } from '../../../src/reporting/page/findings.js';
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
