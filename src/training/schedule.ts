/** How the learning rate goes. */
export interface ScheduleSettings {
  /** After the warm-up: `linear` to 0, `cosine` to 0 along half a wave, `constant`, or `plateau`, constant until it is reduced: see monitor.ts. */
  schedule: 'linear' | 'cosine' | 'constant' | 'plateau';
  /** Steps in which it rises linearly from 0 to its peak. */
  warmupSteps: number;
  /** The same as a share of all steps, rounded up; null goes by `warmupSteps`. */
  warmupRatio: number | null;
}

/**
 * The learning rate of update k (0-based) of T: linear from 0 to the peak over the warm-up, and then as the schedule says
 * (get_linear_schedule_with_warmup, get_cosine_schedule_with_warmup and get_constant_schedule_with_warmup in transformers). Update 0 of a run
 * without warm-up uses the peak itself, and the last one of a linear schedule peak / T.
 */
export function learningRates(peak: number, settings: ScheduleSettings, totalSteps: number): (step: number) => number {
  const warmup = warmupOf(settings, totalSteps);
  return step => {
    if (step < warmup) return peak * (step / Math.max(1, warmup));
    const left = Math.max(1, totalSteps - warmup);
    switch (settings.schedule) {
      case 'linear':
        return peak * Math.max(0, (totalSteps - step) / left);
      case 'cosine':
        return peak * Math.max(0, 0.5 * (1 + Math.cos((Math.PI * (step - warmup)) / left)));
      case 'constant':
      case 'plateau':
        return peak;
    }
  };
}

/** Steps of the warm-up. Trainer rounds a share of them up. */
function warmupOf({ warmupSteps, warmupRatio }: Omit<ScheduleSettings, 'schedule'>, totalSteps: number): number {
  return warmupRatio === null ? warmupSteps : Math.ceil(totalSteps * warmupRatio);
}

/** What is to be said of a warm-up that takes all of the steps, so that none is made at the learning rate that was asked for; null of another. */
export function endlessWarmup(settings: ScheduleSettings & { learningRate: number }, steps: number): string | null {
  const warmup = warmupOf(settings, steps);
  if (warmup === 0 || warmup < steps) return null;
  const { learningRate, warmupRatio } = settings;
  const highest = learningRates(learningRate, settings, steps)(steps - 1);
  const setting = warmupRatio === null ? `training.warmupSteps: ${warmup}` : `training.warmupRatio: ${warmupRatio}`;
  return (
    `the warm-up (${setting}) is not over after the last step (${steps}): ` +
    `the learning rate comes to ${highest.toExponential(2)}, and never to ${learningRate.toExponential()}`
  );
}

/** Optimizer steps of a training stage: an epoch's short last window of micro-batches still makes a step. */
export function totalSteps(
  rows: number,
  {
    batchSize,
    epochs,
    gradientAccumulationSteps,
    maxSteps,
  }: {
    batchSize: number;
    epochs: number;
    gradientAccumulationSteps: number;
    maxSteps: number | null;
  },
): number {
  const stepsPerEpoch = Math.ceil(Math.ceil(rows / batchSize) / gradientAccumulationSteps);
  // Trainer rounds a fractional number of epochs up to whole steps.
  const steps = Math.ceil(stepsPerEpoch * epochs);
  return maxSteps === null ? steps : maxSteps;
}
