import { existsSync } from 'node:fs';
import type { Config } from '../config/schema.js';
import { PanxError } from '../errors.js';
import { canResume, holdsWork, isDone, type RunDirectory, standOf, sweepDirectory } from '../run/directory.js';
import { checkPlace } from '../run/mark.js';
import { differences } from './differences.js';
import { type Contents, identitiesOf, type StageIdentity } from './identity.js';
import { type CorpusContents, trainingRowCounts } from './inputs.js';
import { setsOf } from './protocols/language-sets.js';
import { fitName, type Stage, type TrainRows } from './protocols/stage.js';
import { otherVersion, readIdentity } from './records.js';
import { checkDone } from './results.js';
import { rowsLeft } from './row-settings.js';
import { planStudy, splitsOfStudy } from './study-plan.js';

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
  contents: Contents,
  out: string,
  force: boolean,
): Promise<PlannedStage[]> {
  const { stages } = planStudy(config, trainRowsOf(config, contents.contentOf), contents.segments);
  const identities = identitiesOf(stages, contents);
  const planned: PlannedStage[] = [];
  const conflicts: Conflict[] = [];
  const damaged: string[] = [];
  for (const stage of stages) {
    const run = sweepDirectory(out).stage(stage.id);
    const identity = identities.get(stage.id)!;
    await checkPlace(run.root, 'run');
    const seen = await standOf(run);
    const { different, damage } = await lookAt(run, identity);
    if (different.length > 0) conflicts.push({ id: stage.id, different });
    if (damage !== null) damaged.push(damage);
    const anew = different.length > 0 || damage !== null;
    planned.push({ stage, identity, run, state: anew ? 'start' : stateOf(run), seen });
  }
  if (conflicts.length > 0 && !force) throw await conflictError(out, conflicts);
  if (damaged.length > 0 && !force) throw new PanxError(damaged[0]!, { hint: damageHint });
  return planned;
}

/**
 * Rows of the train splits of a study's languages, as far as their fractions leave them. How many rows a re-split of several languages leaves
 * to fit, only their lengths say.
 */
export function trainRowsOf(config: Config, contentOf: CorpusContents): TrainRows {
  const langs = splitsOfStudy(config).flatMap(([lang, split]) => (split === 'train' ? [lang] : []));
  const rows = langs.map(lang => [lang, rowsLeft(config, lang, contentOf(lang, 'train').index.rows)]);
  const { training } = config;
  const sets = training.resplit ? setsOf(config) : [];
  const fits = sets.map(langs => {
    const counts = trainingRowCounts({ ...config, training: { ...training, langs } }, contentOf);
    return [fitName(langs), counts.reduce((sum, count) => sum + count, 0)];
  });
  return Object.fromEntries([...rows, ...fits]);
}

interface Conflict {
  id: string;
  different: string[];
}

function stateOf(run: RunDirectory): PlannedStage['state'] {
  if (isDone(run)) return 'done';
  return canResume(run) ? 'resume' : 'start';
}

/**
 * How what a run directory holds differs from the stage: [] where it holds nothing worth keeping. And what of it is not
 * as it should be, in a sentence, or null: the scores of such a stage are neither taken nor found again unasked.
 */
async function lookAt(run: RunDirectory, now: StageIdentity): Promise<{ different: string[]; damage: string | null }> {
  const done = isDone(run);
  if (!done && !holdsWork(run)) return { different: [], damage: null };
  if (!existsSync(run.identity)) return { different: ['it holds a run that no sweep made'], damage: null };
  if ((await otherVersion(run)) !== null) return { different: ['another version of panx made it'], damage: null };
  try {
    const there = await readIdentity(run);
    const different = differences(there, now);
    if (done && different.length === 0) await checkDone(run);
    return { different, damage: null };
  } catch (error) {
    if (error instanceof PanxError) return { different: [], damage: error.message };
    throw error;
  }
}

const damageHint =
  'Copy the stage again from a backup; or add --force to remove what it holds and train it anew, or choose another folder with --out.';

async function conflictError(out: string, conflicts: readonly Conflict[]): Promise<PanxError> {
  // Stages that differ only because an earlier one does say nothing new.
  const { id, different } = conflicts[0]!;
  const ids = conflicts.map(({ id }) => id);
  const other = await otherVersion(sweepDirectory(out).stage(id));
  return new PanxError(
    `${out} holds stages of other settings (${ids.join(', ')}); in ${id} ${different.join('; ')}.${other === null ? '' : ` ${other}.`}`,
    {
      hint: 'Choose another folder with --out, or add --force to remove what these stages hold and train them anew.',
    },
  );
}
