import { modelLayout } from '../run/layouts.js';
import type { StoreDirectory } from '../run/store-directory.js';
import { removeAbandonedNeighbours } from '../system/made.js';
import { notedStudies } from './noted-studies.js';
import type { StudyStage } from './study.js';
import { neededWeights, statesOf } from './study-state.js';
import { dropWeights } from './train-stored.js';
import { withWeightsLock } from './weights-lock.js';

/**
 * Let the weights of some stages go that no study in the store needs any more. A stage that lies in the folder of a panx train or a panx
 * sweep is left alone.
 *
 * @param stages of a study, whose weights may have become free
 * @returns the names of those whose weights were let go; and why none were, in a sentence: of a study that the store notes nobody can tell
 *   what it needs
 */
export async function pruneWeights(
  store: StoreDirectory,
  stages: readonly StudyStage[],
): Promise<{ dropped: string[]; fault: string | null }> {
  // Who notes a study holds the same lock: what one process lets go, no other has just found.
  return await withWeightsLock(store, async () => {
    const dropped: string[] = [];
    for (const { task } of stages) {
      await removeAbandonedNeighbours(store.stage(task.identity.key).checkpoint, modelLayout);
    }
    const studies = await notedStudies(store);
    const unknown = studies.find(({ record }) => record === null);
    if (unknown !== undefined) {
      if (stages.every(({ task }) => task.keep)) return { dropped, fault: null };
      const { fault, folder, note } = unknown;
      const remedy =
        folder === null ? `Remove ${note}, if no study is there any more.` : `panx rm ${folder.root} forgets it.`;
      return { dropped, fault: `no weights are let go: ${fault} ${remedy}` };
    }
    const needed = new Set<string>();
    for (const { record } of studies) {
      for (const key of neededWeights(await statesOf(store, record!))) needed.add(key);
    }
    for (const { stage, task } of stages) {
      if (needed.has(task.identity.key)) continue;
      if (await dropWeights(store.stage(task.identity.key))) dropped.push(stage.id);
    }
    return { dropped, fault: null };
  });
}
