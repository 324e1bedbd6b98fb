import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { inline } from '../../config/describe.js';
import type { Config } from '../../config/schema.js';
import { epochScoredLangs, langsAtEnd } from '../../experiment/inputs.js';
import { otherThanFolder } from '../../experiment/outputs.js';
import type { Stage } from '../../experiment/protocols/stage.js';
import type { PlannedRow, StudyPlan } from '../../experiment/study-plan.js';
import { eventFileLayout, eventFileName, eventFilesLayout } from '../../run/layouts.js';
import { isMade, removeMade } from '../../system/made.js';
import type { ShownRun } from './event-file.js';
import { hparamsOf } from './hparams.js';
import type { ScoredLangs } from './scalars.js';

/** A stage of a study or a sweep, and its event file. */
export interface ShownStage extends ShownRun {
  stage: Stage;
  path: string;
}

/**
 * What TensorBoard shows of the stages of a study. Those of one row of its table, which differ in their seeds alone, are a group.
 *
 * @param root the study's folder
 * @param folder that of its event files
 */
export function shownStages({ stages, rows }: StudyPlan, root: string, folder: string): ShownStage[] {
  const scoredByAll: ScoredLangs = {
    eval: [...new Set(stages.flatMap(({ config }) => epochScoredLangs(config)))],
    test: [...new Set(stages.flatMap(({ config }) => langsAtEnd(config)))],
  };
  return stages.map(stage => {
    const row = rows.find(({ trainings }) => trainings.some(({ id }) => id === stage.id))!;
    return {
      ...shownRun(stage.config, stage.segments ?? stage.samples, `${basename(root)}/${nameOf(row, rows)}`),
      hparams: { ...hparamsOf(stage.config), protocol: row.protocol, stage: row.stage.id, trained_on: stage.label },
      scoredByAll,
      stage,
      path: join(folder, stage.id, eventFileName),
    };
  });
}

/** "phase-3.1-tr-250", with its protocol where the study has several, and with the settings of its cell of the grid. */
function nameOf({ stage, protocol, cell }: PlannedRow, rows: readonly PlannedRow[]): string {
  const isOneProtocol = rows.every(row => row.protocol === protocol);
  const settings = Object.entries(cell).map(([key, value]) => `${key}=${inline(value)}`);
  return [stage.id, ...(isOneProtocol ? [] : [protocol]), ...settings].join(' ');
}

/** What TensorBoard shows of a run by itself. @param rows of an epoch, which are segments where rows are split */
export function shownRun(config: Config, rows: number, group: string): ShownRun {
  const scored = { eval: epochScoredLangs(config), test: langsAtEnd(config) };
  return { config, rows, group, hparams: hparamsOf(config), scored, scoredByAll: scored };
}

/** Remove the event files of stages that a study does not have any more; what else lies there stays. */
export async function removeOtherStages(folder: string, stages: readonly ShownStage[]): Promise<void> {
  // What a link leads to is not panx's.
  if ((await otherThanFolder(folder)) !== null) return;
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter(name => stages.every(({ stage }) => stage.id !== name))) {
    if (await isMade(folder, name, eventFilesLayout)) await removeMade(join(folder, name), eventFileLayout);
  }
}
