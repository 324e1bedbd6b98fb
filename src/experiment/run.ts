import { returnFreeMemory } from '../engine/memory.js';
import { openEngine } from '../engine/open.js';
import { messageOf } from '../errors.js';
import { type RunDirectory, runDirectory } from '../run/directory.js';
import { stateLayout } from '../run/layouts.js';
import { notice } from '../system/console.js';
import { removeMade } from '../system/made.js';
import { collectGarbage } from '../system/memory.js';
import { hasRounds } from '../system/profile.js';
import { writeTrace } from '../system/trace.js';
import { goingOn } from './damaged-run.js';
import { gitState } from './environment.js';
import { planOf } from './history.js';
import { readRunData, refuseOtherRows, rowsVisited } from './read-rows.js';
import { begin, clearLeftovers, inRunFolder } from './run-folder.js';
import { finish } from './score-stage.js';
import { openSession } from './session.js';
import type { StageRequest, StageResult } from './stage.js';
import { atTheBeginning, standingOf } from './standing.js';
import { trainAndSave } from './train-stage.js';

/**
 * Train one stage into its run directory: data, model, THE loop with evaluation after every epoch, the checkpoint, the test
 * scores. `metrics.json` is written last. Stopped at any moment, it goes on with `resume` from the newest training state, or,
 * where training was over already, from the checkpoint; it then ends with the bytes of a run that was not stopped.
 *
 * @throws PanxError, among others when `signal` is aborted: then a training state was saved first; and with `resume` where the
 *   settings, the data or the starting checkpoint are not those that the run was begun with.
 */
export async function runStage(request: StageRequest): Promise<StageResult> {
  const run = runDirectory(request.out);
  return await inRunFolder(run, request, async () => {
    try {
      return await runLocked(request, run);
    } finally {
      await leaveTrace(request, run);
    }
  });
}

async function runLocked(request: StageRequest, run: RunDirectory): Promise<StageResult> {
  const { config } = request;
  const git = gitState(); // 40 ms that pass beside the loading.
  const data = request.data ?? (await readRunData(config, request.startFrom, request.dataDir, request.label));
  refuseOtherRows(request.identity, config, data);
  const engine = await openEngine(config, request.profile);
  // The whole splits, and the parts that they were joined from, are twice as large as the rows that were taken of them.
  if (data.train.inputIds.length > manySubwords) await collectGarbage();
  returnFreeMemory();
  await clearLeftovers(run);
  if (!request.resume) await begin(run, request);
  await request.onBegun?.();
  const plan = planOf(config, rowsVisited(data));
  const standing = request.resume ? await goingOn(() => standingOf(run, plan, request.identity)) : atTheBeginning;
  const session = await openSession({ request, run, data, engine, plan, standing, git: await git });
  try {
    if (!standing.trained) await trainAndSave(session);
    else await removeMade(run.state, stateLayout); // A kill right after the seal of the checkpoint leaves it.
    return await finish(session);
  } finally {
    await session.recordUntold(null);
    session.close();
  }
}

/** 70,000 rows of PAN-X: for fewer a collection takes longer than it is worth. */
const manySubwords = 1 << 20;

/** Where a profile is recorded, write what it has of a run that came as far as working; also of one that was stopped. */
async function leaveTrace({ profile }: StageRequest, run: RunDirectory): Promise<void> {
  if (!profile || !hasRounds(profile)) return;
  // The run is worth no less without, and its own error is the one to tell.
  await writeTrace(run.trace, profile).catch((error: unknown) => notice(messageOf(error)));
}
