import { makeBatch, slices } from '../batching/batches.js';
import { epochOrder, type OrderSettings } from '../batching/order.js';
import { PanxError } from '../errors.js';
import type { DropoutPlan } from '../model/dropout-plan.js';
import type { TokenClassifier } from '../model/token-classifier.js';
import type { StepEvent } from '../run/events.js';
import { beginRound, phase } from '../system/profile.js';
import type { SubwordRows } from '../tokenization/rows.js';
import type { Optimizer } from './optimizer.js';
import { learningRates, type ScheduleSettings } from './schedule.js';
import { type Accumulation, computeGradients, dropoutPlan } from './step.js';

export interface LoopSettings extends OrderSettings, ScheduleSettings {
  accumulation: Accumulation;
  /** Its peak from where training starts. */
  learningRate: number;
  weightDecay: number;
  totalSteps: number;
  dropout: DropoutPlan['rates'];
}

/**
 * Where a run stands: `step` updates are made, and the next one uses window number `window` of epoch `epoch` (both 0-based).
 * Beyond the last window of an epoch, its end is due.
 */
export interface Position {
  step: number;
  epoch: number;
  window: number;
}

/** One optimizer step, as it is logged, and how long it took. */
export type StepReport = Omit<StepEvent, 'event'> & { durationMs: number };

/** What happens around the steps. Evaluation and saving come in from outside: training knows neither files nor metrics. */
export interface LoopHooks {
  /** After every step, when `position` is the one to go on from. May save, and may throw to be interrupted there. */
  onStep(report: StepReport, position: Position): Promise<'go on' | 'stop'>;
  /**
   * After the last step of an epoch, and after the last step of all; going on from `position` comes here again. `epoch` counts
   * the epochs done, from 1.
   */
  onEpochEnd(epoch: number, position: Position): Promise<Verdict>;
}

/**
 * Whether training is to go on; after `stop` it is over, and its end is as good as that of the last step. `peak`: it goes on, and from here
 * on this is the peak of the learning rate.
 */
export type Verdict = 'go on' | 'stop' | { peak: number };

/**
 * THE loop. Each epoch visits the rows in its own seeded order, in consecutive batches, the last one short; a window of
 * `gradientAccumulationSteps` batches makes one optimizer step. Starting from a saved position it does exactly what an
 * unbroken run would have done from there: nothing else carries state from step to step but weights and optimizer.
 *
 * @returns where it ended: after `totalSteps`, or where a hook stopped it
 */
export async function train(
  model: TokenClassifier,
  optimizer: Optimizer,
  data: SubwordRows,
  settings: LoopSettings,
  start: Position,
  hooks: LoopHooks,
): Promise<Position> {
  const ratesFrom = (peak: number) => learningRates(peak, settings, settings.totalSteps);
  let rate = ratesFrom(settings.learningRate);
  let { step, epoch, window } = start;
  while (step < settings.totalSteps || window > 0) {
    const batches = [...slices(epochOrder(data, settings, epoch), settings.batchSize)];
    const windows = chunk(batches, settings.gradientAccumulationSteps);
    for (; window < windows.length && step < settings.totalSteps; window++) {
      const endStep = beginRound('step', step + 1);
      const microBatches = phase('make batch', () => windows[window]!.map(rows => makeBatch(data, rows)));
      const firstBatch = epoch * batches.length + window * settings.gradientAccumulationSteps;
      const { loss, batchesWithoutLabels } = await computeGradients(
        model,
        microBatches,
        index => dropoutPlan(settings.dropout, settings.seed, firstBatch + index),
        settings.accumulation,
      );
      const learningRate = rate(step);
      const gradNorm = await phase('optimizer', () => optimizer.update(learningRate));
      if (model.network.wordTable.trainable) model.unusedRowScale *= 1 - learningRate * settings.weightDecay;
      step++;
      if (!Number.isFinite(loss) || !Number.isFinite(gradNorm)) throw diverged(step, loss, gradNorm);
      const report: StepReport = {
        step,
        epoch,
        loss,
        gradNorm,
        learningRate,
        rows: microBatches.reduce((rows, batch) => rows + batch.rows.length, 0),
        subwords: microBatches.reduce((subwords, batch) => subwords + batch.inputIds.length, 0),
        ...(batchesWithoutLabels === 0 ? {} : { batchesWithoutLabels }),
        durationMs: endStep(),
      };
      const position = { step, epoch, window: window + 1 };
      if ((await hooks.onStep(report, position)) === 'stop') return position;
    }
    const verdict = await hooks.onEpochEnd(epoch + 1, { step, epoch, window });
    if (verdict === 'stop') return { step, epoch, window };
    if (verdict !== 'go on') rate = ratesFrom(verdict.peak);
    epoch++;
    window = 0;
  }
  return { step, epoch, window };
}

function chunk<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

/**
 * What is to be said of a training that ended in finite numbers, and far above what guessing every label alike would give, ln L; null of
 * any other. The last tenth of the steps counts, since single batches differ.
 *
 * @param losses of all steps, those without labels left out
 * @param labels L
 */
export function worseThanGuessing(losses: readonly number[], labels: number): string | null {
  const last = losses.slice(-Math.ceil(losses.length / 10));
  const mean = last.reduce((sum, loss) => sum + loss, 0) / last.length;
  const guessing = Math.log(labels);
  if (last.length === 0 || mean <= 2 * guessing) return null;
  return (
    `training has not converged: the loss of its last ${last.length === 1 ? 'step' : `${last.length} steps`} is ${mean.toPrecision(3)}, ` +
    `and guessing would give ${guessing.toPrecision(3)}; use a lower learning rate or a warm-up`
  );
}

/** A training whose numbers are none any more: from the same start it always comes to that. */
export class Diverged extends PanxError {}

function diverged(step: number, loss: number, gradNorm: number): Diverged {
  // The loss of the first step is that of the weights that training starts from.
  if (step === 1 && !Number.isFinite(loss)) {
    return new Diverged(`The first loss is ${loss}, before any weight was changed; expected a number.`, {
      hint: 'The weights of the starting checkpoint are finite, but too large to compute with: use another one.',
    });
  }
  return new Diverged(`Training diverged at step ${step}: the loss is ${loss}, the gradient norm ${gradNorm}.`, {
    hint: 'Use a lower learning rate (--learning-rate) or a warm-up (--set training.warmupSteps=100).',
  });
}
