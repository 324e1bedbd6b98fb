import type { Engine } from '../engine/engine.js';
import type { Precision } from '../engine/precision.js';
import { metricName } from '../evaluation/score.js';
import { scoringLayout } from '../run/layouts.js';
import { writeMark } from '../run/mark.js';
import { type ScoringDirectory, type StoreDirectory, scoringDirectory } from '../run/store-directory.js';
import { checksumsOf } from '../system/checksums.js';
import { flushFolder, makeFolder, renameUnlessTaken, writeJson } from '../system/files.js';
import { removeAbandonedNeighbours, removeMade } from '../system/made.js';
import { readPackage } from '../system/package.js';
import { temporaryNeighbour } from '../system/temporary.js';
import { type FoundScoring, recordOf, type ScoringTask } from './scoring.js';

/**
 * Make a scoring's folder under another name, and give it its own when it is whole.
 *
 * @param score writes the predictions
 */
export async function leaveScoring(
  store: StoreDirectory,
  task: ScoringTask,
  engine: Engine & { precision: Precision },
  score: (place: ScoringDirectory) => Promise<FoundScoring>,
): Promise<void> {
  const { root } = store.scoring(task.key);
  await removeAbandonedNeighbours(root, scoringLayout);
  const place = scoringDirectory(temporaryNeighbour(root));
  try {
    makeFolder(place.root);
    await writeMark(place.root, 'scoring');
    const { scores, durationMs } = await score(place);
    await writeJson(place.scores, { ...recordOf(task), metric: metricName, scores });
    const { name, version, device, threads, operations, precision } = engine;
    await writeJson(place.environment, {
      panx: readPackage().version,
      node: process.version,
      engine: { name, version, device, threads, operations, precision },
      scoredAt: new Date().toISOString(),
      durationMs,
    });
    await writeJson(place.checksums, await checksumsOf(place.root, ['predictions.jsonl.gz', 'scores.json']));
    await flushFolder(place.root);
    // Where another process was sooner, its scoring is as good.
    await renameUnlessTaken(place.root, root);
  } finally {
    await removeMade(place.root, scoringLayout);
  }
}
