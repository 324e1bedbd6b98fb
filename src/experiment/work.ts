import { progress } from '../system/console.js';
import { Busy, waitAWhile } from './busy.js';
import { forgetFailure, recordFailure, refuseDiverged } from './failures.js';
import { scoreStage } from './score-stored.js';
import { findScoring } from './scoring.js';
import type { StageTask } from './study.js';
import { trained, type Workplace } from './train-stored.js';

/**
 * Train a stage unless the store has it, and score it on what it is not scored on yet.
 *
 * @param wait while another process works on it; else `busy` is returned
 * @throws PanxError where it cannot be trained or scored, and with exit code 130 where the signal is aborted
 */
export async function workOnStage(task: StageTask, place: Workplace, wait: boolean): Promise<'done' | 'busy'> {
  for (;;) {
    try {
      await refuseDiverged(place.store, task.identity.key, place.retryFailed);
      const stage = await trained(task, place, task.keep);
      const missing = [];
      for (const scoring of task.scorings) {
        if ((await findScoring(place.store, scoring, place.onNotice)) === null) missing.push(scoring);
      }
      if (missing.length === 0) break;
      const { store, dataDir, signal } = place;
      const withWeights = stage.hasWeights ? stage : await trained(task, place, true);
      const { config, label } = task;
      await scoreStage({ store, stage: withWeights, tasks: missing, config, dataDir, label, signal });
      break;
    } catch (error) {
      if (!(error instanceof Busy)) {
        if (!place.signal?.aborted) await recordFailure(place.store, task.identity.key, error);
        throw error;
      }
      if (!wait) {
        place.onNotice(`${task.label}  is being trained by ${error.by}; it is put aside`);
        return 'busy';
      }
      progress(`${task.label}  waiting for ${error.by}, which is training it`);
      await waitAWhile(place.signal);
    }
  }
  await forgetFailure(place.store, task.identity.key);
  return 'done';
}
