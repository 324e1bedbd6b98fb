import { expect, it } from 'vitest';
import {
  f1IfMended,
  f1OfKinds,
  noKinds,
  pairSpans,
  semevalScores,
} from '../../../src/evaluation/analysis/error-kinds.js';
import type { Span } from '../../../src/evaluation/analysis/spans.js';

const span = (type: string, first: number, last: number): Span => ({ type, first, last });
const kindsOf = (gold: Span[], predicted: Span[]) =>
  pairSpans(gold, predicted).map(({ kind, gold, predicted }) => [kind, gold?.first ?? null, predicted?.first ?? null]);

it('pairs equal bounds before the larger overlap', () => {
  // The true entity 0–3 overlaps both; the second has the bounds of its own.
  expect(kindsOf([span('PER', 0, 3), span('LOC', 4, 5)], [span('PER', 1, 3), span('ORG', 4, 5)])).toEqual([
    ['boundary', 0, 1],
    ['type', 4, 4],
  ]);
});

it('takes the largest overlap first, whatever its type', () => {
  expect(kindsOf([span('PER', 0, 4)], [span('PER', 0, 0), span('LOC', 1, 3)])).toEqual([
    ['both', 0, 1],
    ['spurious', null, 0],
  ]);
});

it('of equal overlaps takes one type first, then the earlier', () => {
  expect(kindsOf([span('PER', 0, 3)], [span('LOC', 0, 1), span('PER', 2, 3)])).toEqual([
    ['boundary', 0, 2],
    ['spurious', null, 0],
  ]);
  expect(kindsOf([span('PER', 0, 3)], [span('PER', 0, 1), span('PER', 2, 3)])).toEqual([
    ['boundary', 0, 0],
    ['spurious', null, 2],
  ]);
});

it('pairs each entity once: what is left over is missed or spurious', () => {
  expect(kindsOf([span('PER', 0, 0), span('PER', 1, 1)], [span('PER', 0, 1)])).toEqual([
    ['boundary', 0, 0],
    ['missed', 1, null],
  ]);
  expect(kindsOf([], [])).toEqual([]);
});

it('takes a row of many entities in proportion to them', () => {
  const gold = Array.from({ length: 50_000 }, (_, i) => span('PER', 2 * i, 2 * i));
  const predicted = Array.from({ length: 50_000 }, (_, i) => span('PER', 2 * i, 2 * i + 1));
  expect(pairSpans(gold, predicted).every(({ kind }) => kind === 'boundary')).toBe(true);
});

it('has scores of 0 where there is no entity', () => {
  const none = noKinds();
  expect(f1OfKinds(none)).toBe(0);
  expect(f1IfMended(none, 'spurious')).toBe(0);
  expect(semevalScores(none).partial).toMatchObject({ precision: 0, recall: 0, f1: 0 });
  expect(f1IfMended({ ...none, spurious: 3 }, 'spurious')).toBe(0);
});
