import type { StoreDirectory } from '../run/store-directory.js';
import { readResult } from './results.js';
import { findScoring } from './scoring.js';
import { lookUp } from './store.js';
import type { StageTask } from './study.js';
import type { SweepRow } from './table.js';

/** The row of a stage with its scores from the store; null where one of them is not there any more. */
export async function scoredRow(
  row: SweepRow,
  task: StageTask,
  store: StoreDirectory,
  onNotice: (text: string) => void,
): Promise<SweepRow | null> {
  const f1: SweepRow['f1'] = {};
  let durationMs = 0;
  for (const scoring of task.scorings) {
    const found = await findScoring(store, scoring, onNotice);
    if (found === null) return null;
    f1[scoring.set.lang] = found.scores.f1;
    durationMs += found.durationMs;
  }
  const { stage } = await lookUp(store, task.identity, onNotice);
  if (stage !== null) durationMs += (await readResult(stage.run)).durationMs;
  return { ...row, f1, durationMs, status: 'done' };
}
