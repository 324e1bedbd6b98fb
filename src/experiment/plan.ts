import { existsSync } from 'node:fs';
import type { Config } from '../config/schema.js';
import { PanxError } from '../errors.js';
import { canResume, isDone, type RunDirectory, standOf, sweepDirectory } from '../run/directory.js';
import { readJson } from '../run/files.js';
import { checkPlace } from '../run/mark.js';
import { curriculum, type Stage } from './curriculum.js';
import { type Contents, differences, identitiesOf, type StageIdentity } from './identity.js';

/** What a sweep works on, found out before any training. */
export interface SweepInputs {
  /** Rows of the train splits of both languages. */
  trainRows: Record<string, number>;
  contents: Contents;
}

/** A stage, where it goes, and what is there. */
export interface PlannedStage {
  stage: Stage;
  identity: StageIdentity;
  run: RunDirectory;
  /** `done`: its results are there; `resume`: an interrupted part is; `start`: nothing of use is. */
  state: 'done' | 'resume' | 'start';
  /** What its run directory was like when that was found out: see `standOf`. */
  seen: string;
}

/**
 * The stages of a sweep and what of them is already in the folder `out`.
 *
 * @param force plan stages of other settings anew, instead of refusing to mix them with the others
 * @throws PanxError with what differs, where a stage in the folder was trained with other settings, data or model; and where the place of a
 *   stage is taken by what panx did not make
 */
export async function planSweep(
  config: Config,
  inputs: SweepInputs,
  out: string,
  force: boolean,
): Promise<PlannedStage[]> {
  const stages = curriculum(config, inputs.trainRows);
  const identities = identitiesOf(stages, inputs.contents);
  const planned: PlannedStage[] = [];
  const conflicts: Conflict[] = [];
  for (const stage of stages) {
    const run = sweepDirectory(out).stage(stage.id);
    const identity = identities.get(stage.id)!;
    await checkPlace(run.root, 'run');
    const seen = await standOf(run);
    const different = await differencesOnDisk(run, identity);
    if (different.length > 0) conflicts.push({ id: stage.id, different });
    planned.push({ stage, identity, run, state: different.length > 0 ? 'start' : stateOf(run), seen });
  }
  if (conflicts.length > 0 && !force) throw conflictError(out, conflicts);
  return planned;
}

interface Conflict {
  id: string;
  different: string[];
}

function stateOf(run: RunDirectory): PlannedStage['state'] {
  if (isDone(run)) return 'done';
  return canResume(run) ? 'resume' : 'start';
}

/** How what a run directory holds differs from the stage; [] where it holds nothing worth keeping. */
async function differencesOnDisk(run: RunDirectory, now: StageIdentity): Promise<string[]> {
  if (!isDone(run) && !canResume(run)) return [];
  if (!existsSync(run.identity)) return ['it holds a run that no sweep made'];
  const there = await readJson<StageIdentity>(run.identity);
  return there.key === now.key ? [] : differences(there, now);
}

function conflictError(out: string, conflicts: readonly Conflict[]): PanxError {
  // Stages that differ only because an earlier one does say nothing new.
  const first = conflicts[0]!.different;
  const ids = conflicts.map(({ id }) => id);
  return new PanxError(
    `${out} holds stages of other settings (${ids.join(', ')}); in ${conflicts[0]!.id} ${first.join('; ')}.`,
    {
      hint: 'Choose another folder with --out, or add --force to remove what these stages hold and train them anew.',
    },
  );
}
