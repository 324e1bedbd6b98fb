import type { Config } from '../config/schema.js';
import type { Stage } from '../experiment/protocols/stage.js';
import { readScores, scoringMs } from '../experiment/scoring.js';
import { holdsKey, registeredRun } from '../experiment/store.js';
import type { StageTask } from '../experiment/study.js';
import type { SweepTable } from '../experiment/table.js';
import { type FollowedRun, follow } from '../reporting/tensorboard/follow.js';
import { removeOtherStages, type ShownStage } from '../reporting/tensorboard/stages.js';
import { isBegun, isDone } from '../run/directory.js';
import type { StoreDirectory } from '../run/store-directory.js';
import { notice } from '../system/console.js';

/** Shows the stages of a study or a sweep in TensorBoard while they are worked on. */
export interface FollowedStages {
  begin(): Promise<void>;
  /** Hear which stages have failed. */
  note(table: SweepTable): void;
  end(): Promise<void>;
}

/** @param logOf where the log of a stage is found, and its scores beside that */
export function followStages(
  log: Config['log'],
  shown: readonly ShownStage[],
  folder: string,
  logOf: (stage: Stage) => Pick<FollowedRun, 'find' | 'later'>,
): FollowedStages {
  if (log === 'none') return { begin: async () => {}, note: () => {}, end: async () => {} };
  const runs = shown.map(one => ({ ...one, ...logOf(one.stage), folder }));
  const { begin, end } = follow(runs, { onNotice: notice, removeOld: () => removeOtherStages(folder, shown) });
  let failed: readonly string[] = [];
  return {
    begin,
    note({ rows }) {
      const ids = rows.flatMap(({ trainings }) =>
        trainings.flatMap(({ id, status }) => (status === 'failed' ? id : [])),
      );
      failed = shown.flatMap(({ stage, path }) => (ids.includes(stage.id) ? path : []));
    },
    async end() {
      await end(failed);
    },
  };
}

/** Where a store has the log of a study's stage, and its scores. @param task nothing of a stage that is left out */
export function storedLog(store: StoreDirectory, task: StageTask | undefined): Pick<FollowedRun, 'find' | 'later'> {
  if (task === undefined) return { find: async () => null };
  const { key } = task.identity;
  return {
    async find() {
      const own = store.stage(key);
      if (isDone(own)) return own;
      const elsewhere = await registeredRun(store, key);
      if (elsewhere !== null && isDone(elsewhere) && (await holdsKey(elsewhere, key))) return elsewhere;
      return isBegun(own) ? own : null;
    },
    async later() {
      const found = task.scorings.map(async ({ key, set: { lang, split } }) => {
        const place = store.scoring(key);
        const { scores } = await readScores(place);
        return { lang, split, ...scores, durationMs: (await scoringMs(place)) ?? 0 };
      });
      // One that is not there is still to be made.
      return await Promise.all(found).catch(() => null);
    },
  };
}
