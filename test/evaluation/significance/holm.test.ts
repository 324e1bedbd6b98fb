import { describe, expect, it } from 'vitest';
import { holm } from '../../../src/evaluation/significance/holm.js';

describe('holm', () => {
  it('multiplies the smallest with the number of tests, the next with one less, and never falls', () => {
    const adjusted = holm([0.01, 0.04, 0.03, 0.005]);
    expect(adjusted.map(p => Number(p.toFixed(12)))).toEqual([0.03, 0.06, 0.06, 0.02]);
  });

  it('ends at 1, and leaves a family of one as it is', () => {
    expect(holm([0.4, 0.9, 0.5])).toEqual([1, 1, 1]);
    expect(holm([0.2])).toEqual([0.2]);
    expect(holm([])).toEqual([]);
  });

  it('gives ties the same value', () => {
    expect(holm([0.02, 0.02, 0.5])).toEqual([0.06, 0.06, 0.5]);
  });

  it('rejects at every level what the step-down procedure rejects', () => {
    const pValues = [0.012, 0.2, 0.0004, 0.03, 0.012, 0.7, 0.049];
    for (let alpha = 0.001; alpha < 1; alpha += 0.001) {
      // In order, until the first that is not small enough.
      const sorted = [...pValues].sort((a, b) => a - b);
      const kept = sorted.findIndex((p, rank) => p > alpha / (sorted.length - rank));
      const rejected = new Set(kept < 0 ? sorted : sorted.slice(0, kept));
      expect(holm(pValues).map(p => p <= alpha)).toEqual(pValues.map(p => rejected.has(p)));
    }
  });
});
