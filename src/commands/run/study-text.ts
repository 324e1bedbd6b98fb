import { weightsToMake } from '../../experiment/disk.js';
import { type Pace, stageMs } from '../../experiment/estimate.js';
import type { PlannedWork } from '../../experiment/look-at-study.js';
import type { StudyPlan } from '../../experiment/study-plan.js';
import { formatCount, formatSeconds } from '../../system/console.js';
import { countOfStages, sharedText, stagesText } from '../stages-text.js';

/**
 * What a study would do, for a terminal: each stage with its rows, what it starts from, its steps, and what of it is there.
 *
 * @param scoringMs what scoring on one set of rows takes, as far as any was scored; null where none was
 */
export function studyText(
  plan: readonly PlannedWork[],
  study: StudyPlan,
  pace: Pace | null,
  scoringMs: number | null,
): string {
  const toTrain = weightsToMake(plan);
  const stages = plan.map(({ stage }) => stage);
  const lines = stagesText(stages, stage => timeText(plan[stages.indexOf(stage)]!, toTrain.has(stage.id), pace));
  return `${lines}${sharedText(study)}${totalText(plan, toTrain, pace, scoringMs)}\n`;
}

function timeText({ stage, done, trained }: PlannedWork, isToTrain: boolean, pace: Pace | null): string {
  if (!isToTrain) return done ? 'done' : 'trained, to be scored';
  const time = pace === null ? 'unknown' : `about ${formatSeconds(stageMs(stage, pace.msPerRow) / 1000)}`;
  return trained ? `${time}, once more` : time;
}

function totalText(
  plan: readonly PlannedWork[],
  toTrain: ReadonlySet<string>,
  pace: Pace | null,
  scoringMs: number | null,
): string {
  const left = plan.filter(({ stage, done }) => !done || toTrain.has(stage.id));
  if (plan.length === 0) return 'No stage can be run.';
  if (left.length === 0) return plan.length === 1 ? 'Its stage is done.' : `All ${plan.length} stages are done.`;
  const training = plan.filter(({ stage }) => toTrain.has(stage.id));
  const again = training.some(({ trained }) => trained) ? ' (once more: their weights were let go)' : '';
  const steps = formatCount(training.reduce((sum, { stage }) => sum + stage.steps, 0));
  const what = `${left.length} of ${countOfStages(plan.length)} to run, ${steps} steps${again}`;
  if (pace === null) return `${what}; how long they take is unknown until the first stage has run.`;
  const scorings = left.reduce((sum, { unscored }) => sum + unscored, 0);
  const trainingMs = training.reduce((sum, { stage }) => sum + stageMs(stage, pace.msPerRow), 0);
  const about = formatSeconds((trainingMs + scorings * (scoringMs ?? 0)) / 1000);
  const counted = scoringMs === null ? ', scoring not counted' : `, ${scorings} scorings counted`;
  return `${what}, about ${about} at the ${(1000 / pace.msPerRow).toFixed(1)} rows/s measured here${counted}.`;
}
