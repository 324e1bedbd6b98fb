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
