import type { StoreDirectory } from '../run/store-directory.js';
import { findScoring } from './scoring.js';
import { lookUp } from './store.js';
import type { StudyStage } from './study.js';

/** What of each stage the store has, all of it looked at closely. @param only look: what was changed is not set aside */
export async function lookAtStages(
  stages: readonly StudyStage[],
  store: StoreDirectory,
  onNotice: (text: string) => void,
  only = false,
): Promise<PlannedWork[]> {
  const plan: PlannedWork[] = [];
  for (const { stage, task } of stages) {
    const { stage: found } = await lookUp(store, task.identity, onNotice, only);
    let unscored = 0;
    for (const scoring of task.scorings) {
      if ((await findScoring(store, scoring, onNotice, only)) === null) unscored++;
    }
    const hasWeights = found?.hasWeights ?? false;
    const done = found !== null && unscored === 0 && (hasWeights || !task.keep);
    plan.push({ stage, task, trained: found !== null, hasWeights, unscored, done });
  }
  return plan;
}

/** A stage, and what of it is still to be done. */
export interface PlannedWork extends StudyStage {
  trained: boolean;
  hasWeights: boolean;
  /** How many sets of rows it is still to be scored on. */
  unscored: number;
  done: boolean;
}
