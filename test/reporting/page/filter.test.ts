import { describe, expect, it } from 'vitest';
import { createMatcher, everything, type SentenceFilter } from '../../../src/reporting/page/filter.js';
import { readSentence } from '../../../src/reporting/page/report-content.js';
import { fixtureRows } from './example-content.js';

const sentences = fixtureRows.map((row, i) => readSentence(row, i, null)!);
const shown = (filter: Partial<SentenceFilter>) =>
  sentences.filter(createMatcher({ ...everything, ...filter })).map(({ row }) => row);

describe('a filter', () => {
  it('asks for nothing by default', () => {
    expect(shown({})).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('asks for a kind', () => {
    expect(shown({ kind: 'missed' })).toEqual([3, 4]);
    expect(shown({ kind: 'spurious' })).toEqual([2, 4]);
    expect(shown({ kind: 'type' })).toEqual([1]);
    expect(shown({ kind: 'both' })).toEqual([2]);
    expect(shown({ kind: 'correct' })).toEqual([0, 3]);
    expect(shown({ kind: 'error' })).toEqual([1, 2, 3, 4]);
  });

  it('asks for types of true and predicted entities, and for none', () => {
    expect(shown({ gold: 'LOC', predicted: 'ORG' })).toEqual([1]);
    expect(shown({ gold: 'O' })).toEqual([2, 4]);
    expect(shown({ predicted: 'O' })).toEqual([3, 4]);
  });

  it('asks for all of one entity, not of several', () => {
    // Row 4 misses a PER and has an ORG too much.
    expect(shown({ kind: 'missed', gold: 'PER' })).toEqual([3, 4]);
    expect(shown({ kind: 'missed', gold: 'ORG' })).toEqual([]);
  });

  it('asks for the length of the true entity, of a spurious one its own', () => {
    expect(shown({ length: '3' })).toEqual([1, 3]);
    expect(shown({ length: '4+' })).toEqual([]);
    expect(shown({ kind: 'spurious', length: '1' })).toEqual([2, 4]);
  });

  it('asks for what was seen in training, and shows nothing where that is not known', () => {
    expect(shown({ seen: 'unseen' })).toEqual([]);
    const seen = sentences.map(one => ({
      ...one,
      entities: one.entities.map(entity => ({ ...entity, seen: 'same type' as const })),
    }));
    expect(seen.filter(createMatcher({ ...everything, seen: 'same-type' }))).toHaveLength(5);
  });

  it('searches in words, whatever case and accents', () => {
    expect(shown({ search: ' bank OF ' })).toEqual([1]);
    expect(shown({ search: 'ann', kind: 'missed' })).toEqual([4]);
    expect(shown({ search: '"ann"' })).toEqual([4]);
    expect(shown({ search: '"an"' })).toEqual([]);
  });
});
