import { learningRates, type ScheduleSettings, totalSteps } from './schedule.js';

/** The course of a training, as far as its settings and the number of its rows say it beforehand. */
export interface Course {
  /** Optimizer steps in all. */
  steps: number;
  stepsPerEpoch: number;
  /** What a training does in step k, counted from 1. */
  at(step: number): { epoch: number; rows: number; learningRate: number };
  /** Where it stands after step k; see `Position` of loop.ts. */
  positionAfter(step: number): { step: number; epoch: number; window: number };
  /**
   * What weight decay has made of the word rows that no batch holds after step k: see `TokenClassifier.unusedRowScale`.
   */
  unusedRowScaleAfter(step: number): number;
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
  const rate = learningRates(settings.learningRate, settings, steps);
  return {
    steps,
    stepsPerEpoch,
    at(step) {
      const before = (step - 1) % stepsPerEpoch;
      return {
        epoch: Math.floor((step - 1) / stepsPerEpoch),
        rows: Math.min(rowsPerStep, rows - before * rowsPerStep),
        learningRate: rate(step - 1),
      };
    },
    positionAfter(step) {
      if (step === 0) return { step, epoch: 0, window: 0 };
      return { step, epoch: this.at(step).epoch, window: ((step - 1) % stepsPerEpoch) + 1 };
    },
    unusedRowScaleAfter(step) {
      let scale = 1;
      for (let k = 0; k < step; k++) scale *= 1 - rate(k) * settings.weightDecay;
      return scale;
    },
  };
}
