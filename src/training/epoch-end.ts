import type { KeptWeights } from './kept-weights.js';
import type { Verdict } from './loop.js';
import { type Heard, hear, isOver, type MonitorSettings, nothingHeard } from './monitor.js';

/** What goes on from epoch to epoch beside weights and optimizer. */
export interface BesideTraining {
  /** Null where the last weights are those that are kept. */
  kept: KeptWeights | null;
  /** What was heard after each epoch; null where nothing is listened to. */
  heard: Heard[] | null;
}

/**
 * The end of an epoch: hear what it was worth, keep its weights if they are to be kept, and say how training goes on.
 *
 * @param epoch counted from 1
 * @param value what was heard in it; null where nothing is listened to
 */
export function endEpoch(
  { kept, heard }: BesideTraining,
  epoch: number,
  value: number | null,
  settings: MonitorSettings,
): Verdict {
  if (settings.select === 'average') kept!.average(epoch);
  if (heard === null) return 'go on';
  const now = hear(lastHeard(heard, settings), value!, settings);
  heard.push(now);
  if (settings.select === 'best' && now.best!.epoch === epoch) kept!.replace();
  return isOver(now, settings) ? 'stop' : { peak: now.peak };
}

/** What was heard last. */
export function lastHeard(heard: readonly Heard[], settings: MonitorSettings): Heard {
  return heard.at(-1) ?? nothingHeard(settings);
}
