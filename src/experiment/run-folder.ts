import { restoreCheckpointFolder } from '../checkpoint/folder.js';
import { messageOf, PanxError } from '../errors.js';
import { clearRun, type RunDirectory, refuseStrangers } from '../run/directory.js';
import { runLayout } from '../run/layouts.js';
import { takeLock } from '../run/lock.js';
import { checkPlace, writeMark } from '../run/mark.js';
import { notice } from '../system/console.js';
import { cannotWrite, writeJson } from '../system/files.js';
import { removeLeftovers } from '../system/made.js';
import { goingOn } from './damaged-run.js';
import { differencesInTraining } from './differences.js';
import type { StageIdentity } from './identity.js';
import { readCurrentIdentity } from './records.js';
import type { StageRequest } from './stage.js';

/**
 * Do a stage's work while holding the lock of its run directory, where nothing else is and, if it is to go on, what it was begun with is what
 * is asked for.
 *
 * @throws PanxError where another process works there, or the folder holds something else
 */
export async function inRunFolder<Result>(
  run: RunDirectory,
  request: StageRequest,
  work: () => Promise<Result>,
): Promise<Result> {
  await checkPlace(run.root, 'run'); // Not even a lock is made in a folder of something else.
  const unlock = await takeLock(run.lock);
  try {
    // What was true before may have changed until the lock was taken.
    await checkPlace(run.root, 'run');
    await request.check?.();
    await refuseStrangers(run.root, runLayout);
    if (request.resume) await goingOn(() => refuseChanges(run, request.identity));
    return await work();
  } finally {
    // A lock that stays is taken over when this process is gone; what the work came to is what to tell.
    await unlock().catch((error: unknown) => notice(messageOf(error)));
  }
}

/** Put right what a killed process left here, so that this run finds whole files only. */
export async function clearLeftovers(run: RunDirectory): Promise<void> {
  try {
    await restoreCheckpointFolder(run.checkpoint);
    await removeLeftovers(run.root, runLayout, true);
    await writeMark(run.root, 'run'); // Runs of 0.1.0 have none.
  } catch (error) {
    throw error instanceof PanxError ? error : cannotWrite(run.root, error);
  }
}

/** Remove what an earlier run left, and say what this one is; files that are not a run's stay. */
export async function begin(run: RunDirectory, { config, identity }: StageRequest): Promise<void> {
  try {
    await clearRun(run);
  } catch (error) {
    throw cannotWrite(run.root, error);
  }
  await writeJson(run.config, config);
  await writeJson(run.identity, identity);
}

async function refuseChanges(run: RunDirectory, now: StageIdentity): Promise<void> {
  const different = differencesInTraining(await readCurrentIdentity(run), now);
  if (different.length === 0) return;
  throw new PanxError(`${run.root} was begun otherwise: ${different.join('; ')}.`, {
    hint: 'Go on with the settings, data and model that it was begun with, or start anew (panx train: with --force, or another --out).',
    exitCode: 2,
  });
}
