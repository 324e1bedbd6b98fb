import { existsSync } from 'node:fs';
import type { RunDirectory } from '../run/directory.js';
import { findState, openState } from '../training/state.js';
import { scoresTheSame } from './differences.js';
import type { Environment } from './environment.js';
import { checkHistory, type History, noHistory, type Plan, planOf } from './history.js';
import type { StageIdentity } from './identity.js';
import { checkCheckpoint, sealedLog, sealLogAs } from './outputs.js';
import { readCurrentIdentity, readEnvironment, readRunConfig } from './records.js';

/** Where a run stands that begins, or that is gone on with. */
export interface Standing {
  /** Training is over, and its checkpoint written; it is still to be scored. */
  trained: boolean;
  /** The training state to go on from; null where there is none. */
  stateFolder: string | null;
  /** Epochs whose end it has seen; of one that is trained, none. */
  epochs: number;
  history: History;
  /** What environment.json said; null where the run has none yet. */
  environment: Environment | null;
}

/** Where a run stands that begins. */
export const atTheBeginning: Standing = {
  ...{ trained: false, stateFolder: null, epochs: 0 },
  ...{ history: noHistory, environment: null },
};

/**
 * Find out where an interrupted run stands. All that it is to go on from is looked at first, but for the tensors of its
 * state, which are when they are read. Nothing is changed, but that scores at the end that are not asked for any more are given up.
 *
 * @param plan what the run's log is to say
 *
 * @throws PanxError where something is not as the run left it
 */
export async function standingOf(run: RunDirectory, plan: Plan, now: StageIdentity): Promise<Standing> {
  if (existsSync(run.checkpoint) && existsSync(run.checksums)) {
    await checkCheckpoint(run);
    const { steps } = plan.course;
    const seal = { when: 'the trained model was sealed', step: steps, trained: true, log: await sealedLog(run) };
    const environment = await readEnvironment(run);
    const scored = { trained: true, stateFolder: null, epochs: 0, environment };
    if (scoresTheSame(await readCurrentIdentity(run), now)) {
      return { ...scored, history: await checkHistory(run, plan, seal) };
    }
    // It was to be scored otherwise: what it has of such scores goes.
    const { limit, test } = planOf(await readRunConfig(run), 1);
    const history = await checkHistory(run, { ...plan, limit, test }, seal);
    await sealLogAs(run, history.trained!.log);
    return { ...scored, history: withoutEnd(history, plan) };
  }
  const stateFolder = await findState(run.state);
  if (stateFolder === null) return atTheBeginning; // What earlier sessions did is gone.
  const environment = await readEnvironment(run);
  const { position, log } = await openState(stateFolder, plan.course);
  const { step, epoch } = position;
  const when = `the training state of step ${step} was saved`;
  const history = await checkHistory(run, plan, { when, step, trained: false, log });
  return { trained: false, stateFolder, epochs: epoch, history, environment };
}

function withoutEnd({ evaluations, trained }: History, { endSplit }: Plan): History {
  const kept = evaluations.filter(({ split }) => split !== endSplit);
  return { evaluations: kept, bytes: trained!.bytes, trained };
}
