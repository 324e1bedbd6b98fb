import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { PanxError } from '../errors.js';
import { canResume, isBegun, isDone, type RunDirectory, standOf } from '../run/directory.js';
import { modelLayout } from '../run/layouts.js';
import { InUse } from '../run/lock.js';
import type { StoreDirectory } from '../run/store-directory.js';
import type { Checksums } from '../system/checksums.js';
import { removeMade } from '../system/made.js';
import { temporaryNeighbour } from '../system/temporary.js';
import { Busy } from './busy.js';
import { DamagedRun } from './damaged-run.js';
import { epochScoresFit } from './differences.js';
import { checkpointChecksums, otherThanFolder } from './outputs.js';
import { otherVersion, readCurrentIdentity, readRunConfig } from './records.js';
import type { StageRequest, StageResult } from './stage.js';
import { lookUp, type StoredStage } from './store.js';
import { replaceByAgain, setAside } from './store-moves.js';
import type { StageTask } from './study.js';
import { withWeightsLock } from './weights-lock.js';

/** Where stages are worked on, and from what. */
export interface Workplace {
  store: StoreDirectory;
  /** Folder of the base model, and the checksums of its files. */
  modelDir: string;
  startFiles: Checksums;
  dataDir: string;
  /** Try again also what diverged before. */
  retryFailed: boolean;
  signal?: AbortSignal | undefined;
  /** How long is left after this stage, at a pace: see narration.ts. */
  outlook?: StageRequest['outlook'];
  runStage(request: StageRequest): Promise<StageResult>;
  onNotice(text: string): void;
}

/** A stage from the store, trained where it is not there. @throws Busy where somebody else is training it */
export async function trained(task: StageTask, place: Workplace, withWeights: boolean): Promise<StoredStage> {
  const { store } = place;
  const { key } = task.identity;
  for (let times = 0; ; times++) {
    const { stage, recorded, busy } = await lookUp(store, task.identity, place.onNotice);
    if (stage !== null && (stage.hasWeights || !withWeights)) return stage;
    if (busy !== null) throw new Busy(busy);
    // Somebody may change what was just trained; whoever goes on doing so is not to have it trained for ever.
    if (times === 3)
      throw new PanxError(`${task.label} was trained ${times} times, and each time it was changed at once.`);
    const isThere = isDone(store.stage(key));
    if (isThere && !isDone(store.again(key)))
      place.onNotice(
        `${task.label}  is trained once more: ${stage === null ? 'its scores after each epoch are wanted' : 'its weights were let go'}`,
      );
    await trainInto(isThere ? store.again(key) : store.stage(key), task, place);
    if (!isThere) continue;
    await replaceByAgain(store, key, async again => {
      refuseOtherWeights(again, recorded!, await checkpointChecksums(again));
    });
  }
}

async function trainInto(run: RunDirectory, task: StageTask, place: Workplace): Promise<void> {
  if (isDone(run)) return;
  const { modelDir, startFiles, signal, outlook } = place;
  const start = task.start === null ? null : await trained(task.start, place, true);
  const begun = await begunIn(run, task).catch((error: unknown) => leaveDamaged(error, run, task, place));
  const seen = await standOf(run);
  try {
    await place.runStage({
      ...(begun ?? { config: task.config, identity: task.identity }),
      startFrom: start?.run.checkpoint ?? modelDir,
      startFiles: start?.checkpoint ?? startFiles,
      dataDir: place.dataDir,
      out: run.root,
      resume: begun !== null,
      check: async () => {
        if (isDone(run)) throw new Busy('another process');
        if ((await standOf(run)) !== seen) throw new Busy('another process');
      },
      label: task.label,
      ...(signal === undefined ? {} : { signal }),
      ...(outlook === undefined ? {} : { outlook }),
    });
  } catch (error) {
    if (error instanceof InUse) throw new Busy('another process');
    if (!(error instanceof DamagedRun)) throw error;
    await leaveDamaged(error, run, task, place);
  }
}

/** What was begun and changed since is set aside, whole, so that the stage is trained anew. @returns null: there is nothing to go on from */
async function leaveDamaged(
  error: unknown,
  run: RunDirectory,
  { label, identity }: StageTask,
  place: Workplace,
): Promise<null> {
  if (!(error instanceof PanxError)) throw error;
  await withWeightsLock(place.store, async () => {
    if (!existsSync(run.root)) return;
    const aside = await setAside(place.store, identity.key, run.root);
    place.onNotice(
      `${label}  cannot be gone on with: ${error.message.replace(/\.$/, '')}; it is set aside as ${aside}`,
    );
  });
  return null;
}

/**
 * What the interrupted training in a folder was begun as, where it can be gone on with: it may have scores after each epoch that are not
 * asked for now.
 */
async function begunIn(
  run: RunDirectory,
  { identity }: StageTask,
): Promise<Pick<StageRequest, 'config' | 'identity'> | null> {
  if (!isBegun(run) || !canResume(run)) return null;
  if ((await otherVersion(run)) !== null) return null;
  const there = await readCurrentIdentity(run);
  if (there.key !== identity.key || !epochScoresFit(there, identity)) return null;
  return { config: await readRunConfig(run), identity: there };
}

/**
 * Set aside what was trained once more and refused: whoever types a study again may have put right what was wrong, such as the machine.
 *
 * @param onNotice told of it, in a sentence
 */
export async function setRefusedAside(
  store: StoreDirectory,
  keys: readonly string[],
  onNotice: (text: string) => void,
): Promise<void> {
  for (const key of keys) {
    const [there, again] = [store.stage(key), store.again(key)];
    if (!isDone(again)) continue;
    await withWeightsLock(store, async () => {
      if (!isDone(again) || !isDone(there)) return;
      const sums = await Promise.all([there, again].map(run => checkpointChecksums(run).catch(() => null)));
      if (sums.includes(null) || namesOfOthers(sums[0]!, sums[1]!).length === 0) return;
      onNotice(
        `${again.root} has other weights than the first time; it is set aside as ${await setAside(store, key, again.root)}`,
      );
    });
  }
}

function namesOfOthers(recorded: Checksums, now: Checksums): string[] {
  return Object.keys(recorded).filter(name => recorded[name] !== now[name]);
}

function refuseOtherWeights(again: RunDirectory, recorded: Checksums, now: Checksums): void {
  const different = namesOfOthers(recorded, now);
  if (different.length === 0) return;
  throw new PanxError(
    `${again.root} was trained once more, and its ${different.join(', ')} is not what it was the first time: what was made from that would not fit.`,
    {
      hint: 'Bytes are the same on the machine and the engine of the first time (its environment.json names them). Or begin the study in another store.',
    },
  );
}

/** Let the weights of a stage of the store go; its scores, events and checksums stay. @returns whether they were there */
export async function dropWeights(run: RunDirectory): Promise<boolean> {
  const aside = temporaryNeighbour(run.checkpoint);
  if (!existsSync(run.checkpoint) || !isDone(run) || (await otherThanFolder(run.root)) !== null) return false;
  await rename(run.checkpoint, aside);
  await removeMade(aside, modelLayout);
  return true;
}
