import type { Stage } from '../experiment/protocols/stage.js';
import type { NotSupportedModels } from '../experiment/study.js';
import type { StudyPlan } from '../experiment/study-plan.js';
import { renderTerminal } from '../reporting/render/terminal.js';
import { column, plainTable } from '../reporting/table.js';
import { formatCount } from '../system/console.js';
import { visible } from '../system/visible.js';
import { endlessWarmup } from '../training/schedule.js';

/** Stages that are to come, for a terminal, and below them what is to be said of their warm-up. @param timeOf what stands in the last column */
export function stagesText(stages: readonly Stage[], timeOf: (stage: Stage) => string): string {
  const isSplit = stages.some(({ segments }) => segments !== undefined);
  const text = renderTerminal(
    plainTable(
      [
        ...[column('stage'), column('rows', 'count')],
        ...(isSplit ? [column('segments', 'count')] : []),
        ...[column('starts from'), column('steps', 'count'), column('time')],
      ],
      stages.map(stage => [
        ...[stage.id, stage.samples, ...(isSplit ? [stage.segments ?? stage.samples] : [])],
        ...[stage.startStage ?? 'the model', stage.steps, timeOf(stage)],
      ]),
    ),
    { width: Number.POSITIVE_INFINITY },
  );
  const warmups = stages.flatMap(({ id, config, steps }) => {
    const said = endlessWarmup(config.training, steps);
    return said === null ? [] : [`${id}: ${said}\n`];
  });
  return `${text}\n${warmups.join('')}`;
}

/** The stages that are left out because panx does not know their model, a line for each model. */
export function notSupportedText(study: StudyPlan, notSupported: NotSupportedModels): string {
  return [...notSupported]
    .map(([model, why]) => {
      const count = study.stages.filter(({ config }) => config.model === model).length;
      return `${visible(model)}  not supported: ${visible(why)} (${countOfStages(count)})\n`;
    })
    .join('');
}

/**
 * What a study's axes come to, a line: "60 stages of 27,120 rows an epoch: the protocols, cells, seeds and data seeds ask for 88, and share 28."
 * Nothing where there is nothing to say of them.
 */
export function sharedText({ stages, asked }: StudyPlan): string {
  const rows = formatCount(stages.reduce((sum, { samples }) => sum + samples, 0));
  const shared = asked - stages.length;
  const segments = stages.reduce((sum, { samples, segments = samples }) => sum + segments, 0);
  const split = stages.every(({ segments }) => segments === undefined) ? '' : ` (${formatCount(segments)} segments)`;
  const all = `${countOfStages(stages.length)} of ${rows} rows${split} an epoch in all`;
  if (shared === 0) return `${all}.\n`;
  return `${all}; of ${formatCount(asked)} that were asked for, ${formatCount(shared)} are shared.\n`;
}

/** "1 stage", "22 stages" */
export function countOfStages(count: number): string {
  return `${formatCount(count)} ${count === 1 ? 'stage' : 'stages'}`;
}
