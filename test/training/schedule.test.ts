import { describe, expect, it } from 'vitest';
import { endlessWarmup, linearSchedule, totalSteps } from '../../src/training/schedule.js';

describe('linearSchedule', () => {
  it('falls from the peak to peak / T, as Hugging Face Trainer does', () => {
    const rate = linearSchedule(1, 0, 4);
    expect([0, 1, 2, 3].map(rate)).toEqual([1, 0.75, 0.5, 0.25]);
  });

  it('rises from 0 over the warm-up, then falls', () => {
    const rate = linearSchedule(1, 2, 6);
    expect([0, 1, 2, 3, 4, 5].map(rate)).toEqual([0, 0.5, 1, 0.75, 0.5, 0.25]);
  });

  it('a warm-up longer than the run only rises', () => {
    expect(linearSchedule(1, 10, 4)(3)).toBeCloseTo(0.3);
  });
});

describe('totalSteps', () => {
  const settings = { batchSize: 32, epochs: 3, gradientAccumulationSteps: 1, maxSteps: null };

  it("the curriculum's stages at batch 32 and 3 epochs have the published numbers of steps", () => {
    const sizes = [250, 500, 1000, 2000, 5000, 10000, 20000];
    expect(sizes.map(rows => totalSteps(rows, settings))).toEqual([24, 48, 96, 189, 471, 939, 1875]);
  });

  it('a short last window of micro-batches makes a step too', () => {
    expect(totalSteps(100, { ...settings, gradientAccumulationSteps: 3, epochs: 1 })).toBe(2);
  });

  it('max steps stands for the number of epochs', () => {
    expect(totalSteps(100, { ...settings, maxSteps: 5 })).toBe(5);
    expect(totalSteps(100, { ...settings, maxSteps: 500 })).toBe(500);
  });
});

describe('endlessWarmup', () => {
  it('says how far the learning rate comes where it never comes to its peak', () => {
    const said = (warmupSteps: number, steps: number) => endlessWarmup({ warmupSteps, learningRate: 2e-5 }, steps);
    expect([said(0, 4), said(0, 1), said(3, 4)]).toEqual([null, null, null]);
    expect(said(4, 4)).toBe(
      'the warm-up (training.warmupSteps: 4) is not over after the last step (4): the learning rate comes to 1.50e-5, and never to 2e-5',
    );
    expect(said(1, 1)).toContain('the learning rate comes to 0.00e+0, and never to 2e-5');
    expect(said(9007199254740991, 100)).toContain(
      'is not over after the last step (100): the learning rate comes to 2.20e-19',
    );
  });

  it('is silent exactly where some step is made at the peak', () => {
    for (let warmupSteps = 1; warmupSteps < 8; warmupSteps++) {
      for (let steps = 1; steps < 8; steps++) {
        const rate = linearSchedule(1, warmupSteps, steps);
        const highest = Math.max(...Array.from({ length: steps }, (_, step) => rate(step)));
        expect(endlessWarmup({ warmupSteps, learningRate: 1 }, steps) === null).toBe(highest === 1);
      }
    }
  });
});
