import { integer, number, object, orNull, type Shape } from '../system/checked-json.js';
import type { ScheduleSettings } from './schedule.js';

/** What a training listens to after each epoch, and what it makes of that. */
export interface MonitorSettings extends Pick<ScheduleSettings, 'schedule'> {
  /** `loss`: the validation loss, the lower the better; `f1`: micro F1, the higher the better. */
  monitor: 'loss' | 'f1';
  /** Training ends after so many epochs in a row that were not better than the best before them; null: it goes on. */
  patience: number | null;
  /** Under `plateau`: so many epochs in a row may be no better before the learning rate is reduced. */
  plateauPatience: number;
  /** What it is multiplied with then. */
  plateauFactor: number;
  /** Which weights are kept: those of the last epoch, of the best one, or the mean of all epochs'. */
  select: 'last' | 'best' | 'average';
  /** The peak that the learning rate begins with. */
  learningRate: number;
}

/** What was heard in the epochs so far. */
export interface Heard {
  epochs: number;
  /** The best epoch, counted from 1, and what was heard in it; of equals the first. Null before the first epoch. */
  best: { epoch: number; value: number } | null;
  /** Epochs in a row that were not better than the best before them: what patience counts. */
  withoutBetter: number;
  /** ReduceLROnPlateau's own best and count: for it a tiny improvement is none. */
  plateau: { best: number | null; badEpochs: number };
  /** The peak of the learning rate from here on. */
  peak: number;
}

export const heardShape: Shape<Heard> = object({
  epochs: integer({ min: 0 }),
  best: orNull(object({ epoch: integer({ min: 1 }), value: number() })),
  withoutBetter: integer({ min: 0 }),
  plateau: object({ best: orNull(number()), badEpochs: integer({ min: 0 }) }),
  peak: number({ min: 0 }),
});

/** Whether what a training comes to depends on what it hears. */
export function listens({ patience, schedule, select }: MonitorSettings): boolean {
  return patience !== null || schedule === 'plateau' || select === 'best';
}

export function nothingHeard({ learningRate }: MonitorSettings): Heard {
  return { epochs: 0, best: null, withoutBetter: 0, plateau: { best: null, badEpochs: 0 }, peak: learningRate };
}

/**
 * What was heard with one epoch more. The best and the count of patience are Trainer's (`_determine_best_metric`, and EarlyStoppingCallback with
 * threshold 0); the plateau is torch's ReduceLROnPlateau with its defaults: a relative threshold of 1e-4, no cooldown, no lowest rate, and
 * no reduction that would change the rate by less than 1e-8.
 *
 * @param value of this epoch, in the monitor's unit
 */
export function hear(before: Heard, value: number, settings: MonitorSettings): Heard {
  const epoch = before.epochs + 1;
  const sign = settings.monitor === 'loss' ? -1 : 1;
  const isBest = before.best === null || sign * value > sign * before.best.value;
  return {
    epochs: epoch,
    best: isBest ? { epoch, value } : before.best,
    withoutBetter: isBest ? 0 : before.withoutBetter + 1,
    ...(settings.schedule === 'plateau' ? afterPlateau(before, value, settings) : onlyPeak(before)),
  };
}

function onlyPeak({ plateau, peak }: Heard): Pick<Heard, 'plateau' | 'peak'> {
  return { plateau, peak };
}

function afterPlateau(
  { plateau: { best, badEpochs }, peak }: Heard,
  value: number,
  { monitor, plateauPatience, plateauFactor }: MonitorSettings,
): Pick<Heard, 'plateau' | 'peak'> {
  const isBetter = best === null || (monitor === 'loss' ? value < best * (1 - 1e-4) : value > best * (1e-4 + 1));
  if (isBetter) return { plateau: { best: value, badEpochs: 0 }, peak };
  if (badEpochs + 1 <= plateauPatience) return { plateau: { best, badEpochs: badEpochs + 1 }, peak };
  const reduced = peak * plateauFactor;
  return { plateau: { best, badEpochs: 0 }, peak: peak - reduced > 1e-8 ? reduced : peak };
}

/** Whether patience has run out. */
export function isOver({ withoutBetter }: Heard, { patience }: MonitorSettings): boolean {
  return patience !== null && withoutBetter >= patience;
}

/**
 * What an epoch was worth: the mean over the splits that are listened to, weighted with their rows. Of losses that is the loss of all their rows
 * together, but for batches at the seams.
 */
export function monitored(
  scores: readonly { rows: number; loss: number; f1: number }[],
  { monitor }: Pick<MonitorSettings, 'monitor'>,
): number {
  if (scores.length === 1) return scores[0]![monitor];
  const rows = scores.reduce((sum, score) => sum + score.rows, 0);
  return scores.reduce((sum, score) => sum + score[monitor] * score.rows, 0) / rows;
}
