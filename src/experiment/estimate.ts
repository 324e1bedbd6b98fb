import { PanxError } from '../errors.js';
import type { RunDirectory } from '../run/directory.js';
import { timesIn } from '../run/events.js';
import type { PlannedStage } from './plan.js';
import type { Stage } from './protocols/stage.js';

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
    let [first, scored, ms] = [true, false, 0];
    try {
      for await (const { value: time } of timesIn(run.times)) {
        // The first step of a run includes warming up.
        if (time.event === 'step' && !first) {
          rows += time.rows;
          trainingMs += time.durationMs;
        }
        first = false;
        if (time.event !== 'evaluation') continue;
        scored = true;
        ms += time.durationMs;
      }
    } catch (error) {
      // A stage that has not begun has no times, and the last line of one that was killed may be torn: what came before
      // it counts.
      if (!(error instanceof PanxError)) throw error;
    }
    if (scored) scoringMs.push(ms);
  }
  if (rows === 0) return null;
  return { msPerRow: trainingMs / rows, scoringMs: scoringMs.length === 0 ? null : mean(scoringMs) };
}

/** Milliseconds that a whole stage takes at a pace; what an interrupted part has done is not taken off. */
export function estimateMs({ stage }: PlannedStage, { msPerRow, scoringMs }: Pace): number {
  return stageMs(stage, msPerRow) + (scoringMs ?? 0);
}

/** Milliseconds that the training of a stage takes at a pace. */
export function stageMs(stage: Pick<Stage, 'config' | 'samples' | 'segments' | 'steps'>, msPerRow: number): number {
  const { epochs, batchSize, gradientAccumulationSteps, maxSteps } = stage.config.training;
  return (
    msPerRow *
    (maxSteps === null
      ? (stage.segments ?? stage.samples) * epochs
      : stage.steps * batchSize * gradientAccumulationSteps)
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
