import { type Pace, stageMs } from '../../experiment/estimate.js';
import type { PlannedWork } from '../../experiment/run-study.js';
import { alignColumns } from '../../reporting/text-table.js';
import { formatCount, formatSeconds } from '../../system/console.js';

/** What a study would do, for a terminal: each stage with its rows, what it starts from, its steps, and what of it is there. */
export function studyText(plan: readonly PlannedWork[], pace: Pace | null): string {
  const lines = alignColumns(
    [
      { head: 'stage', align: 'left' },
      { head: 'rows', align: 'right' },
      { head: 'starts from', align: 'left' },
      { head: 'steps', align: 'right' },
      { head: 'time', align: 'left' },
    ],
    plan.map(planned => [
      planned.stage.id,
      formatCount(planned.stage.samples),
      planned.stage.startStage ?? 'the model',
      formatCount(planned.stage.steps),
      timeText(planned, pace),
    ]),
    80,
  );
  return `${lines.join('\n')}\n\n${totalText(plan, pace)}\n`;
}

function timeText({ stage, done, trained }: PlannedWork, pace: Pace | null): string {
  if (done) return 'done';
  if (trained) return 'trained, to be scored';
  return pace === null ? 'unknown' : `about ${formatSeconds(stageMs(stage, pace.msPerRow) / 1000)}`;
}

function totalText(plan: readonly PlannedWork[], pace: Pace | null): string {
  const left = plan.filter(({ done }) => !done);
  if (left.length === 0) return `All ${plan.length} stages are done.`;
  const toTrain = left.filter(({ trained }) => !trained);
  const steps = formatCount(toTrain.reduce((sum, { stage }) => sum + stage.steps, 0));
  const what = `${left.length} of ${plan.length} stages to run, ${steps} steps`;
  if (pace === null) return `${what}; how long they take is unknown until the first stage has run.`;
  const totalMs = toTrain.reduce((sum, { stage }) => sum + stageMs(stage, pace.msPerRow), 0);
  const about = formatSeconds(totalMs / 1000);
  return `${what}, about ${about} at the ${(1000 / pace.msPerRow).toFixed(1)} rows/s measured here, scoring not counted.`;
}
