import { expect, it } from 'vitest';
import { labelQuality } from '../../../src/evaluation/analysis/losses.js';

const lossOf = (p: number) => -Math.log(p);

it('is the softmin of the given labels at temperature 0.05', () => {
  expect(labelQuality([0.9, 0.6].map(lossOf))).toEqual({ score: expect.closeTo(0.60074, 5), word: 1 });
});

it('leaves out words without a prediction', () => {
  expect(labelQuality([null, lossOf(0.9), null, lossOf(0.6)])).toEqual({ score: expect.closeTo(0.60074, 5), word: 3 });
});

it('is the one label there is, and stands where a label is as good as impossible', () => {
  expect(labelQuality([lossOf(0.25)])).toEqual({ score: expect.closeTo(0.25, 12), word: 0 });
  expect(labelQuality([800, 0])).toEqual({ score: expect.closeTo(0, 6), word: 0 });
  expect(labelQuality([null])).toEqual({ score: 1, word: -1 });
});
