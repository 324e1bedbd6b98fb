import { describe, expect, it } from 'vitest';
import { endlessWarmup, learningRates, type ScheduleSettings, totalSteps } from '../../src/training/schedule.js';

const linear = { schedule: 'linear', warmupSteps: 0, warmupRatio: null } as const;
const rates = (settings: ScheduleSettings, steps: number) =>
  Array.from({ length: steps }, (_, step) => learningRates(1, settings, steps)(step));

describe('learningRates', () => {
  it('fall from the peak to peak / T, as Hugging Face Trainer does', () => {
    expect(rates(linear, 4)).toEqual([1, 0.75, 0.5, 0.25]);
  });

  it('rise from 0 over the warm-up, then fall', () => {
    expect(rates({ ...linear, warmupSteps: 2 }, 6)).toEqual([0, 0.5, 1, 0.75, 0.5, 0.25]);
  });

  it('of a warm-up longer than the run only rise', () => {
    expect(rates({ ...linear, warmupSteps: 10 }, 4).at(-1)).toBeCloseTo(0.3);
  });

  it('rise over a share of all steps, rounded up', () => {
    expect(rates({ ...linear, warmupRatio: 0.3 }, 6)).toEqual(rates({ ...linear, warmupSteps: 2 }, 6));
    expect(rates({ ...linear, warmupRatio: 0 }, 6)).toEqual(rates(linear, 6));
    expect(rates({ ...linear, warmupRatio: 1 }, 4)).toEqual([0, 0.25, 0.5, 0.75]);
  });

  it('stay, or fall along half a wave', () => {
    expect(rates({ ...linear, schedule: 'constant', warmupSteps: 2 }, 5)).toEqual([0, 0.5, 1, 1, 1]);
    const wave = rates({ ...linear, schedule: 'cosine', warmupSteps: 1 }, 5);
    expect(wave.slice(0, 2)).toEqual([0, 1]);
    expect(wave[3]).toBeCloseTo(0.5, 15);
    expect(wave[2]! + wave[4]!).toBeCloseTo(1, 15);
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

  it('a part of an epoch is rounded up to whole steps', () => {
    expect(totalSteps(100, { ...settings, epochs: 2.5 })).toBe(10);
    expect(totalSteps(100, { ...settings, epochs: 2.6 })).toBe(11);
    expect(totalSteps(100, { ...settings, epochs: 0.01 })).toBe(1);
  });

  it('max steps stands for the number of epochs', () => {
    expect(totalSteps(100, { ...settings, maxSteps: 5 })).toBe(5);
    expect(totalSteps(100, { ...settings, maxSteps: 500 })).toBe(500);
  });
});

describe('endlessWarmup', () => {
  it('says how far the learning rate comes where it never comes to its peak', () => {
    const said = (warmupSteps: number, steps: number) =>
      endlessWarmup({ ...linear, warmupSteps, learningRate: 2e-5 }, steps);
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
        const highest = Math.max(...rates({ ...linear, warmupSteps }, steps));
        expect(endlessWarmup({ ...linear, warmupSteps, learningRate: 1 }, steps) === null).toBe(highest === 1);
      }
    }
  });
});
