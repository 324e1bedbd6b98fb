/**
 * The learning rate of update k (0-based) of T: linear from 0 to the peak over the warm-up, then linear to 0
 * (get_linear_schedule_with_warmup in transformers). Update 0 of a run without warm-up uses the peak itself, and the last one
 * peak / T.
 */
export function linearSchedule(peak: number, warmupSteps: number, totalSteps: number): (step: number) => number {
  return step => {
    if (step < warmupSteps) return peak * (step / Math.max(1, warmupSteps));
    return peak * Math.max(0, (totalSteps - step) / Math.max(1, totalSteps - warmupSteps));
  };
}

/** What is to be said of a warm-up that takes all of the steps, so that none is made at the learning rate that was asked for; null of another. */
export function endlessWarmup(
  { warmupSteps, learningRate }: { warmupSteps: number; learningRate: number },
  steps: number,
): string | null {
  if (warmupSteps === 0 || warmupSteps < steps) return null;
  const highest = linearSchedule(learningRate, warmupSteps, steps)(steps - 1);
  return (
    `the warm-up (training.warmupSteps: ${warmupSteps}) is not over after the last step (${steps}): ` +
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
