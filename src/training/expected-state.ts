import { shown } from '../system/checked-json.js';
import { canonicalJson } from '../system/json.js';
import type { Course } from './course.js';
import type { Heard, MonitorSettings } from './monitor.js';
import type { SavedState } from './saved-state.js';

/** What a state is to say beside its tensors, as the run's settings and its log make it. */
export interface ExpectedOfState {
  course: Course;
  select: MonitorSettings['select'];
  /** What was heard after each epoch that is over; null where nothing is listened to. */
  heard: readonly Heard[] | null;
  /** The same before the first epoch. */
  nothingHeard: Heard;
}

/**
 * How the numbers of a saved state differ from those that follow from settings and log, in words; null where they do not.
 *
 * @param decays whether the word table is trained
 */
export function differenceFrom(
  { course, select, heard, nothingHeard }: ExpectedOfState,
  state: SavedState,
  decays: boolean,
): string | null {
  const { step, epoch } = state.position;
  const now = heard === null ? undefined : (heard.at(-1) ?? nothingHeard);
  const peaks = (heard ?? []).map(({ peak }) => peak);
  const scaleAfter = (step: number) => (decays ? course.unusedRowScaleAfter(step, peaks) : 1);
  const scaleAfterEpoch = (epoch: number) => scaleAfter(epoch * course.stepsPerEpoch);
  const expected = {
    unusedRowScale: scaleAfter(step),
    heard: now,
    keptRowScale: epoch === 0 ? undefined : keptScale(select, epoch, now, scaleAfterEpoch),
  };
  for (const [name, value] of Object.entries(expected)) {
    const found = state[name as keyof typeof expected];
    if (canonicalJson(found ?? null) === canonicalJson(value ?? null)) continue;
    return `${name} is ${shown(found ?? null)}, expected ${shown(value ?? null)}`;
  }
  return null;
}

/** The scale of the weights that are kept after some epochs; undefined where those of the last are. */
function keptScale(
  select: MonitorSettings['select'],
  epochs: number,
  heard: Heard | undefined,
  scaleAfterEpoch: (epoch: number) => number,
): number | undefined {
  switch (select) {
    case 'last':
      return undefined;
    case 'best':
      return scaleAfterEpoch(heard!.best!.epoch);
    case 'average': {
      let mean = scaleAfterEpoch(1);
      for (let n = 2; n <= epochs; n++) mean += (scaleAfterEpoch(n) - mean) / n;
      return mean;
    }
  }
}
