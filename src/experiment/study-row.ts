import { countPredictions } from '../evaluation/count-predictions.js';
import { readTrusted } from '../evaluation/predictions.js';
import type { RunDirectory } from '../run/directory.js';
import type { ScoringDirectory, StoreDirectory } from '../run/store-directory.js';
import { readCurve } from './epoch-curve.js';
import type { Stage } from './protocols/stage.js';
import { readMetrics } from './records.js';
import { readResult } from './results.js';
import { findScoring, readScores } from './scoring.js';
import { lookUp } from './store.js';
import type { StageTask } from './study.js';
import { type Conditions, epochsOf, type LanguageScores, type Training } from './table.js';
import { tellUnseenOf, tellUnseenOfRun } from './unseen-words.js';

/**
 * A training with its scores from the store; null where one of them is not there any more.
 *
 * @param mode how entities are read
 */
export async function scoredTraining(
  planned: Training,
  task: StageTask,
  mode: Conditions['mode'],
  store: StoreDirectory,
  onNotice: (text: string) => void,
): Promise<Training | null> {
  const scores: Training['scores'] = {};
  let scoringMs = 0;
  for (const scoring of task.scorings) {
    const found = await findScoring(store, scoring, onNotice);
    if (found === null) return null;
    tellUnseenOf(scoring.rows.name, found.scores, task.config);
    scores[scoring.set.lang] = await countScores(store.scoring(scoring.key), mode);
    scoringMs += found.durationMs;
  }
  const { stage } = await lookUp(store, task.identity, onNotice);
  if (stage === null) return null;
  tellUnseenOfRun(await readMetrics(stage.run), task.config);
  return await trainingOf({ ...planned, scores }, task, stage.run, scoringMs);
}

/** A training that is done, with what its run says of it. */
export async function trainingOf(
  planned: Training,
  { config }: Pick<Stage, 'config'>,
  run: RunDirectory,
  scoringMs: number,
): Promise<Training> {
  const { metrics, durationMs } = await readResult(run);
  return {
    ...planned,
    status: 'done',
    epochs: epochsOf(metrics, config),
    steps: metrics.steps,
    durationMs: durationMs + scoringMs,
    curve: await readCurve(run, config),
  };
}

/** The scores that the predictions of a scoring make, whose checksum was looked at. @throws PanxError where they are damaged */
export async function countScores(place: ScoringDirectory, mode: Conditions['mode']): Promise<LanguageScores> {
  const { entities, rows } = await countPredictions(readTrusted(place.predictions), mode);
  const { micro, macro, types } = mode === 'strict' ? entities.strictIob2! : entities.default;
  const prf = ({ precision, recall, f1 }: typeof micro) => ({ precision, recall, f1 });
  const { unseen } = (await readScores(place)).scores;
  const byType = types.map(({ type, precision, recall, f1 }) => [type, { precision, recall, f1 }]);
  return {
    ...{ rows, micro: prf(micro), macro: prf(macro), types: Object.fromEntries(byType) },
    ...(unseen === undefined ? {} : { unseen }),
  };
}
