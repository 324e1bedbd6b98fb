import { learningRates, type ScheduleSettings, totalSteps } from './schedule.js';

/** The course of a training, as far as its settings and the number of its rows say it beforehand. */
export interface Course {
  /** Optimizer steps in all. */
  steps: number;
  stepsPerEpoch: number;
  /** What a training does in step k, counted from 1. @param peak of the learning rate, where it was reduced */
  at(step: number, peak?: number): { epoch: number; rows: number; learningRate: number };
  /** Where it stands after step k; see `Position` of loop.ts. */
  positionAfter(step: number): { step: number; epoch: number; window: number };
  /**
   * What weight decay has made of the word rows that no batch holds after step k: see `TokenClassifier.unusedRowScale`.
   *
   * @param peaks the peak of the learning rate after 1, 2, ... epochs, where it was reduced
   */
  unusedRowScaleAfter(step: number, peaks?: readonly number[]): number;
}

export interface CourseSettings extends ScheduleSettings {
  batchSize: number;
  epochs: number;
  gradientAccumulationSteps: number;
  maxSteps: number | null;
  learningRate: number;
  weightDecay: number;
}

/** @param rows of the training data, 1 or more */
export function courseOf(rows: number, settings: CourseSettings): Course {
  const steps = totalSteps(rows, settings);
  const stepsPerEpoch = totalSteps(rows, { ...settings, epochs: 1, maxSteps: null });
  const rowsPerStep = settings.batchSize * settings.gradientAccumulationSteps;
  const rate = (step: number, peak = settings.learningRate) => learningRates(peak, settings, steps)(step);
  return {
    steps,
    stepsPerEpoch,
    at(step, peak) {
      const before = (step - 1) % stepsPerEpoch;
      return {
        epoch: Math.floor((step - 1) / stepsPerEpoch),
        rows: Math.min(rowsPerStep, rows - before * rowsPerStep),
        learningRate: rate(step - 1, peak),
      };
    },
    positionAfter(step) {
      if (step === 0) return { step, epoch: 0, window: 0 };
      return { step, epoch: this.at(step).epoch, window: ((step - 1) % stepsPerEpoch) + 1 };
    },
    unusedRowScaleAfter(step, peaks = []) {
      let scale = 1;
      for (let k = 0; k < step; k++) {
        const peak = peaks[Math.floor(k / stepsPerEpoch) - 1];
        scale *= 1 - rate(k, peak) * settings.weightDecay;
      }
      return scale;
    },
  };
}
