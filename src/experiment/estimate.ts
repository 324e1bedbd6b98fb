import type { RunDirectory } from '../run/directory.js';
import { readTimes } from '../run/events.js';
import type { PlannedStage } from './plan.js';

/** How fast stages train here, from what earlier ones logged. */
export interface Pace {
  msPerRow: number;
  /** Scoring, the mean of a stage; null where none has been scored yet. */
  scoringMs: number | null;
}

/** The pace of the runs that have left times; null where there are none. */
export async function measuredPace(runs: readonly RunDirectory[]): Promise<Pace | null> {
  let rows = 0;
  let trainingMs = 0;
  const scoringMs: number[] = [];
  for (const run of runs) {
    const times = await readTimes(run.times);
    // The first step of a run includes warming up.
    for (const time of times.slice(1)) {
      if (time.event !== 'step') continue;
      rows += time.rows;
      trainingMs += time.durationMs;
    }
    const scoring = times.flatMap(time => (time.event === 'evaluation' ? [time.durationMs] : []));
    if (scoring.length > 0) scoringMs.push(scoring.reduce((sum, ms) => sum + ms, 0));
  }
  if (rows === 0) return null;
  return { msPerRow: trainingMs / rows, scoringMs: scoringMs.length === 0 ? null : mean(scoringMs) };
}

/** Milliseconds that a whole stage takes at a pace; what an interrupted part has done is not taken off. */
export function estimateMs({ stage }: PlannedStage, { msPerRow, scoringMs }: Pace): number {
  const { epochs, batchSize, gradientAccumulationSteps, maxSteps } = stage.config.training;
  const rows = maxSteps === null ? stage.samples * epochs : stage.steps * batchSize * gradientAccumulationSteps;
  return rows * msPerRow + (scoringMs ?? 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
