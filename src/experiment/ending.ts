import type { EvaluationEvent } from '../run/events.js';
import { type Heard, isOver } from '../training/monitor.js';
import type { Plan } from './history.js';
import { heardIn, monitorText } from './listening.js';
import type { StageMetrics } from './stage.js';

/** Where a training ends, and whose weights are kept. */
export interface End {
  step: number;
  epoch: number;
  /** After which step and epoch the weights were those that are kept; where they are a mean, the last. */
  kept: { step: number; epoch: number };
}

/**
 * Where the training of a plan ends.
 *
 * @param heard after each epoch; null where nothing is listened to
 */
export function endOf({ course, listening, select }: Plan, heard: readonly Heard[] | null): End {
  const last = heard?.at(-1);
  const isEarly = last !== undefined && isOver(last, listening!.settings);
  const atEpoch = (epoch: number) => ({ step: Math.min(course.steps, epoch * course.stepsPerEpoch), epoch });
  const end = atEpoch(isEarly ? last.epochs : Math.ceil(course.steps / course.stepsPerEpoch));
  return { ...end, kept: select === 'best' ? atEpoch(last!.best!.epoch) : end };
}

/** What a training whose log is whole has heard after each of its epochs; null where it listens to nothing. */
export function heardInAll({ listening }: Plan, evaluations: readonly EvaluationEvent[]): Heard[] | null {
  if (listening === null) return null;
  const epochs = evaluations.reduce((most, { epoch }) => Math.max(most, epoch), 0);
  return heardIn(evaluations, listening, epochs);
}

/** What metrics.json says of a training that listened, or that kept other weights than its last. */
export function selectionOf(plan: Plan, heard: readonly Heard[] | null): Pick<StageMetrics, 'selection'> {
  const { listening, select } = plan;
  if (listening === null && select === 'last') return {};
  const { epoch, kept } = endOf(plan, heard);
  return {
    selection: {
      epochs: epoch,
      select,
      epoch: select === 'average' ? null : kept.epoch,
      monitor: listening === null ? null : monitorText(listening),
      best: heard?.at(-1)?.best ?? null,
    },
  };
}
