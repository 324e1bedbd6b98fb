import { describe, expect, it } from 'vitest';
import { createAnalysis } from '../../src/evaluation/analysis/analyse.js';
import type { ScoredRow } from '../../src/evaluation/foreign-predictions.js';
import { costSentences, costsOf, kindCosts } from '../../src/reporting/error-costs.js';
import { fixtureRows } from './page/example-content.js';

const analysisOf = (rows: readonly ScoredRow[]) => {
  const analysis = createAnalysis({ surfaces: null, most: 5, trainedOn: () => false });
  for (const row of rows) analysis.add(row);
  return analysis.result();
};
const fixture = analysisOf(fixtureRows);

/** Rows that miss entities of these types. */
const missing = (...types: string[]) =>
  analysisOf([
    ...fixtureRows.slice(0, 1),
    ...types.map(type => ({ words: ['x'], gold: [`B-${type}`], predicted: ['O'], loss: [1], probability: [0.9] })),
  ]);

describe('what costs most', () => {
  it('is a sentence with the F1 before and after, and the types', () => {
    expect(costSentences(fixture, 3).join(' ')).toBe(
      'Entities with the wrong bounds cost most: mending them would raise F1 from 0.300 to 0.600. ' +
        'They are 3: ORG 2, PER 1. Next are missed entities (2; to 0.455).',
    );
  });

  it('names three types, the most frequent first, and counts the others together', () => {
    const types = ['A', 'B', 'B', 'C', 'C', 'C', 'D', 'E', 'B', 'A'];
    expect(costSentences(missing(...types), 2).join(' ')).toBe(
      'Missed entities cost most: mending them would raise F1 from 0.29 to 1.00. They are 10: B 3, C 3, A 2, other types 2.',
    );
    expect(costSentences(missing('A'), 2).join(' ')).toContain('There is one, of A.');
  });

  it('is by kind what mending it would give', () => {
    expect(kindCosts(fixture).map(({ kind, gain }) => [kind, Number(gain.toFixed(4))])).toEqual([
      ['boundary', 0.3],
      ['missed', 0.1545],
      ['type', 0.1],
      ['both', 0.1],
      ['spurious', 0.0333],
    ]);
  });

  it('is by kind and type the same of a part of the errors', () => {
    const [first, second] = costsOf(fixture);
    expect(first).toMatchObject({ kind: 'boundary', type: 'ORG', count: 2 });
    expect(second).toMatchObject({ kind: 'missed', type: 'PER', count: 2 });
  });

  it('says so where there is no error, and where there is no entity', () => {
    expect(costSentences(analysisOf(fixtureRows.slice(0, 1)), 3).join(' ')).toBe('There is no error.');
    expect(costSentences(analysisOf(fixtureRows.slice(5)), 3).join(' ')).toBe('There is no entity in these rows.');
  });
});
