import type { Stage } from '../experiment/protocols/stage.js';
import { alignColumns } from '../reporting/text-table.js';
import { formatCount } from '../system/console.js';
import { endlessWarmup } from '../training/schedule.js';

/** Stages that are to come, for a terminal, and below them what is to be said of their warm-up. @param timeOf what stands in the last column */
export function stagesText(stages: readonly Stage[], timeOf: (stage: Stage) => string): string {
  const lines = alignColumns(
    [
      { head: 'stage', align: 'left' },
      { head: 'rows', align: 'right' },
      { head: 'starts from', align: 'left' },
      { head: 'steps', align: 'right' },
      { head: 'time', align: 'left' },
    ],
    stages.map(stage => [
      stage.id,
      formatCount(stage.samples),
      stage.startStage ?? 'the model',
      formatCount(stage.steps),
      timeOf(stage),
    ]),
    80,
  );
  const warmups = stages.flatMap(({ id, config, steps }) => {
    const said = endlessWarmup(config.training, steps);
    return said === null ? [] : [`${id}: ${said}\n`];
  });
  return `${lines.join('\n')}\n\n${warmups.join('')}`;
}
