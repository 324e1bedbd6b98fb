import { estimateMs, type Pace } from '../../experiment/estimate.js';
import type { PlannedStage } from '../../experiment/plan.js';
import type { StudyPlan } from '../../experiment/study-plan.js';
import { formatCount, formatSeconds } from '../../system/console.js';
import { sharedText, stagesText } from '../stages-text.js';

/** What a sweep would do, for a terminal: each stage with its rows, what it starts from, its steps and its time. */
export function planText(plan: readonly PlannedStage[], study: StudyPlan, pace: Pace | null): string {
  const stages = plan.map(({ stage }) => stage);
  const lines = stagesText(stages, stage => timeText(plan[stages.indexOf(stage)]!, pace));
  return `${lines}${sharedText(study)}${totalText(plan, pace)}\n`;
}

function timeText(planned: PlannedStage, pace: Pace | null): string {
  if (planned.state === 'done') return 'done';
  const time = pace === null ? 'unknown' : about(estimateMs(planned, pace));
  return planned.state === 'resume' ? `${time}, begun` : time;
}

function totalText(plan: readonly PlannedStage[], pace: Pace | null): string {
  const left = plan.filter(({ state }) => state !== 'done');
  if (left.length === 0) return `All ${plan.length} stages are done.`;
  const steps = formatCount(left.reduce((sum, { stage }) => sum + stage.steps, 0));
  const what = `${left.length} of ${plan.length} stages to run, ${steps} steps`;
  if (pace === null) return `${what}; how long they take is unknown until the first stage has run.`;
  const totalMs = left.reduce((sum, planned) => sum + estimateMs(planned, pace), 0);
  const scoring = pace.scoringMs === null ? ', scoring not counted' : '';
  return `${what}, ${about(totalMs)} at the ${(1000 / pace.msPerRow).toFixed(1)} rows/s measured here${scoring}.`;
}

function about(ms: number): string {
  return `about ${formatSeconds(ms / 1000)}`;
}
