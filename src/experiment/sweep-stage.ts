import { existsSync } from 'node:fs';
import { PanxError } from '../errors.js';
import { type RunDirectory, refuseIfChanged, standOf, sweepDirectory } from '../run/directory.js';
import { changesText } from '../system/checksums.js';
import { progress } from '../system/console.js';
import { overlap } from '../system/place.js';
import { waitAWhile } from './busy.js';
import { forgetFailure, recordFailure, refuseDiverged } from './failures.js';
import { checkpointChanges, checkpointChecksums } from './outputs.js';
import type { PlannedStage } from './plan.js';
import type { Stage } from './protocols/stage.js';
import type { StageRequest, StageResult } from './stage.js';
import { lookUp, register } from './store.js';
import type { SweepHooks, SweepRequest } from './sweep.js';
import { takeStage } from './take.js';

/**
 * Do the work of one stage of a sweep in its folder: take it from the store, go on with it, or train it.
 *
 * @param wait while another process trains it; else `busy` is returned
 * @throws PanxError as `runStage`, and where the stage that it starts from is not as it was left
 */
export async function runSweepStage(
  request: SweepRequest,
  hooks: SweepHooks,
  planned: PlannedStage,
  label: string,
  wait: boolean,
): Promise<StageResult | 'busy'> {
  const { contents, modelDir, dataDir, out, store, signal } = request;
  const { stage, identity, run, state, seen } = planned;
  await refuseDiverged(store, identity.key, request.retryFailed);
  const start =
    stage.startStage === null
      ? { startFrom: modelDir, startFiles: contents.checkpoint }
      : await checkpointOf(sweepDirectory(out).stage(stage.startStage), stage);
  const asked: StageRequest = {
    ...start,
    config: stage.config,
    dataDir,
    out: run.root,
    identity,
    resume: state === 'resume',
    check: () => refuseIfChanged(run, seen),
    onBegun: () => noteAll(request, hooks, [planned]),
    label,
    ...(signal === undefined ? {} : { signal }),
  };
  const taken = request.force ? null : await takeFromStore(asked, run, request, hooks, wait);
  if (taken === 'busy') return 'busy';
  try {
    const result = await hooks.runStage(taken ?? asked);
    await forgetFailure(store, identity.key);
    await noteAll(request, hooks, [planned]);
    return result;
  } catch (error) {
    if (!signal?.aborted) await recordFailure(store, identity.key, error);
    throw error;
  }
}

/**
 * Take a stage that was trained elsewhere, and wait for one that is being trained.
 *
 * @returns how to go on with it; null where the store does not have it, and nothing was changed
 */
async function takeFromStore(
  asked: StageRequest,
  run: RunDirectory,
  { store, signal }: SweepRequest,
  { onNotice }: SweepHooks,
  wait: boolean,
): Promise<StageRequest | 'busy' | null> {
  let untaken: StageRequest | null = null;
  for (;;) {
    const { stage, busy } = await lookUp(store, asked.identity, onNotice);
    if (stage?.hasWeights && (await overlap(stage.run.root, run.root)) !== 'is') {
      onNotice(`${asked.label}  is taken from ${stage.run.root}, where it was trained`);
      if (!(await takeStage(stage, asked, run))) {
        // Its weights were let go meanwhile.
        const now = await standOf(run);
        untaken = { ...asked, resume: false, check: () => refuseIfChanged(run, now) };
        continue;
      }
      const seen = await standOf(run);
      return { ...asked, resume: true, check: () => refuseIfChanged(run, seen) };
    }
    if (busy === null) return untaken;
    if (!wait) return 'busy';
    progress(`${asked.label}  waiting for ${busy}, which is training it`);
    await waitAWhile(signal);
  }
}

/** Note where stages lie, so that studies and other sweeps find them. */
export async function noteAll(
  { store }: SweepRequest,
  { onNotice }: SweepHooks,
  stages: readonly PlannedStage[],
): Promise<void> {
  for (const { identity, run } of stages) {
    const fault = await register(store.root, identity.key, run);
    if (fault !== null) return onNotice(`the store does not know of these stages: ${fault}`);
  }
}

/** The checkpoint that an earlier stage has left, checked to be what it wrote. */
async function checkpointOf(run: RunDirectory, { id, startStage }: Stage): Promise<Start> {
  const hint = `Remove ${run.root} to have ${startStage} trained again.`;
  if (!existsSync(run.checkpoint))
    throw new PanxError(`${run.checkpoint} is gone, and ${id} starts from it.`, { hint });
  const changes = changesText(await checkpointChanges(run));
  if (changes === null) return { startFrom: run.checkpoint, startFiles: await checkpointChecksums(run) };
  throw new PanxError(`${run.checkpoint} is not as ${startStage} left it, and ${id} starts from it: ${changes}.`, {
    hint,
  });
}

type Start = Pick<StageRequest, 'startFrom' | 'startFiles'>;
