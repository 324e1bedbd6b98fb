import type { Config } from '../config/schema.js';
import type { RunDirectory } from '../run/directory.js';
import { eventsIn } from '../run/events.js';
import { epochSplitOf } from './row-settings.js';

/** What a training came to after an epoch. */
export interface EpochPoint {
  /** From 1. */
  epoch: number;
  /** Mean of the losses of its steps. */
  trainLoss: number;
  /** Of the validation splits, or of what a re-split holds out, by language; {} where none was scored. */
  validation: Record<string, { loss: number; f1: number }>;
}

/**
 * The losses and scores of a finished run after each epoch, from its log.
 *
 * @param config that of the run: what is scored after an epoch has another name where its rows were split again
 * @throws PanxError where the log is damaged
 */
export async function readCurve({ events }: RunDirectory, config: Pick<Config, 'training'>): Promise<EpochPoint[]> {
  const epochSplit = epochSplitOf(config);
  const losses = new Map<number, { sum: number; steps: number }>();
  const validation = new Map<number, EpochPoint['validation']>();
  for await (const { value: event } of eventsIn(events)) {
    if (event.event === 'step') {
      const before = losses.get(event.epoch + 1) ?? { sum: 0, steps: 0 };
      losses.set(event.epoch + 1, { sum: before.sum + event.loss, steps: before.steps + 1 });
    } else if (event.split === epochSplit) {
      const { lang, loss, f1 } = event;
      validation.set(event.epoch, { ...validation.get(event.epoch), [lang]: { loss, f1 } });
    }
  }
  return [...losses].map(([epoch, { sum, steps }]) => ({
    epoch,
    trainLoss: sum / steps,
    validation: validation.get(epoch) ?? {},
  }));
}
