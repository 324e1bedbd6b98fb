import { existsSync } from 'node:fs';
import { PanxError } from '../errors.js';
import { isDone, type RunDirectory, runDirectory } from '../run/directory.js';
import { lockedBy } from '../run/lock.js';
import { checkPlace, writeMark } from '../run/mark.js';
import { type StoreDirectory, storeDirectory } from '../run/store-directory.js';
import { object, readJsonAs, text } from '../system/checked-json.js';
import { type Checksums, changesText } from '../system/checksums.js';
import { makeFolder, reasonOf, writeJson } from '../system/files.js';
import { pathFrom, seenFrom } from '../system/place.js';
import { epochScoresFit } from './differences.js';
import { isCurrent, type StageIdentity } from './identity.js';
import { checkpointChanges, checkpointChecksums, otherThanFolder } from './outputs.js';
import { readIdentity } from './records.js';
import { checkDone } from './results.js';
import { finishReplacing, setAside } from './store-moves.js';
import { withWeightsLock } from './weights-lock.js';

/**
 * The store keeps every stage that was trained, by the key of its training, so that whoever asks for it again finds it. A stage lies in the
 * store itself, or in the folder of a panx train or a panx sweep that registered it.
 */

/** A trained stage as it was found, and looked at. */
export interface StoredStage {
  run: RunDirectory;
  identity: StageIdentity;
  /** Checksums of its checkpoint's files, by name, also where that is not there any more. */
  checkpoint: Checksums;
  /** Whether its weights are there. */
  hasWeights: boolean;
  /** Whether it lies in the store itself, where panx may let its weights go. */
  isOwn: boolean;
}

/** What the store knows of a key. */
export interface Lookup {
  /** The stage, whole and as it was left; null where there is none that will do. */
  stage: StoredStage | null;
  /** Checksums that its weights must have where the store trains them again; null where it never had them. */
  recorded: Checksums | null;
  /** Who is training it elsewhere, in words; null where nobody is. */
  busy: string | null;
}

/** The folder of the store: what was asked for, else PANX_STORE, else results/store. */
export function storePath(asked: string | undefined): string {
  return asked ?? (process.env.PANX_STORE || defaultStore);
}

const defaultStore = 'results/store';

/**
 * Open a store, made where there is none.
 *
 * @throws PanxError where something else lies there, or it cannot be made
 */
export async function openStore(path: string): Promise<StoreDirectory> {
  const store = storeDirectory(path);
  await checkPlace(path, 'store');
  try {
    makeFolder(path);
  } catch (error) {
    throw new PanxError(`The store ${path} cannot be made: ${reasonOf(error)}.`, {
      hint: 'Choose a folder that you can write to with --store, or in PANX_STORE.',
      cause: error,
    });
  }
  await writeMark(path, 'store');
  return store;
}

/**
 * Look for a trained stage. A stage that is not any more what its run left is not taken: in the store it is set aside, elsewhere it is left
 * alone.
 *
 * @param onNotice told of such a stage, in a sentence
 * @param only look: nothing is set aside
 */
export async function lookUp(
  store: StoreDirectory,
  wanted: StageIdentity,
  onNotice: (text: string) => void,
  only = false,
): Promise<Lookup> {
  const found: Lookup = { stage: null, recorded: null, busy: null };
  for (const { run, isOwn } of await placesOf(store, wanted.key)) {
    found.busy ??= (await lockedBy(run.lock)) ?? (isOwn ? await lockedBy(store.again(wanted.key).lock) : null);
    const stage = await lookClosely(store, wanted, { run, isOwn }, onNotice, only);
    if (stage === null) continue;
    if (isOwn) found.recorded = stage.checkpoint;
    if (!epochScoresFit(stage.identity, wanted)) continue;
    // One with weights is the better one.
    if (found.stage === null || (!found.stage.hasWeights && stage.hasWeights)) found.stage = stage;
  }
  return found;
}

/** Where a stage may lie: in the store, and where it was registered. */
async function placesOf(store: StoreDirectory, key: string): Promise<{ run: RunDirectory; isOwn: boolean }[]> {
  await finishReplacing(store, key);
  const places = [{ run: store.stage(key), isOwn: true }];
  const registered = await registeredRun(store, key);
  return registered === null ? places : [...places, { run: registered, isOwn: false }];
}

/** A stage where a run is done, whole; one that was changed is left. */
async function lookClosely(
  store: StoreDirectory,
  wanted: StageIdentity,
  { run, isOwn }: { run: RunDirectory; isOwn: boolean },
  onNotice: (text: string) => void,
  only: boolean,
): Promise<StoredStage | null> {
  const isThere = async () => isDone(run) || (isOwn && (await otherThanFolder(run.root)) !== null);
  if (!(await isThere())) return null;
  const notTaken = (damage: string) =>
    `${wanted.id} in ${run.root} is not as its run left it, and is not taken: ${damage}`;
  const first = await lookAtStage(run, wanted, isOwn);
  if (first.damage === null || !isOwn || only) {
    if (first.damage !== null) onNotice(notTaken(first.damage));
    return first.stage;
  }
  // Its weights may have been let go, or another process have replaced it, while it was looked at: not so under this lock.
  return await withWeightsLock(store, async () => {
    if (!(await isThere())) return null;
    const { stage, damage } = await lookAtStage(run, wanted, isOwn);
    if (damage !== null) {
      onNotice(`${notTaken(damage)}; it is set aside as ${await setAside(store, wanted.key, run.root)}`);
    }
    return stage;
  });
}

async function lookAtStage(
  run: RunDirectory,
  wanted: StageIdentity,
  isOwn: boolean,
): Promise<{ stage: StoredStage | null; damage: string | null }> {
  try {
    const other = isOwn ? await otherThanFolder(run.root) : null;
    if (other !== null) return { stage: null, damage: `it ${other}, not a folder` };
    const identity = await readIdentity(run);
    // In the folder of a registered run there may be another one by now.
    if (!isCurrent(identity) || identity.key !== wanted.key) {
      return { stage: null, damage: isOwn ? 'it holds another stage than its name says' : null };
    }
    await checkDone(run);
    const hasWeights = existsSync(run.checkpoint);
    if (!hasWeights && !isOwn) return { stage: null, damage: null };
    const changes = hasWeights ? changesText(await checkpointChanges(run)) : null;
    if (changes !== null) return { stage: null, damage: changes };
    const checkpoint = await checkpointChecksums(run);
    return { stage: { run, identity, checkpoint, hasWeights, isOwn }, damage: null };
  } catch (error) {
    if (!(error instanceof PanxError)) throw error;
    const damage = error.message.replace(`${run.root} is not as its run left it: `, '').replaceAll(`${run.root}/`, '');
    return { stage: null, damage: damage.replace(/\.$/, '') };
  }
}

const registrationShape = object({ path: text({ pattern: /./, expected: 'a folder' }) });

/**
 * Note where a run of panx train or panx sweep lies, so that studies find it. One that is done already under this key stays noted.
 *
 * @returns why it could not be noted, in a sentence; null where it was: the run itself is worth no less
 */
export async function register(storeFolder: string, key: string, run: RunDirectory): Promise<string | null> {
  try {
    const store = await openStore(storeFolder);
    const there = await registeredRun(store, key);
    if (there !== null && isDone(there) && !isDone(run) && (await holdsKey(there, key))) return null;
    await writeJson(store.registration(key), { path: await pathFrom(store.root, run.root) });
    return null;
  } catch (error) {
    if (error instanceof PanxError) return error.message;
    throw error;
  }
}

/** The run that was registered for a key; null where none was. */
export async function registeredRun(store: StoreDirectory, key: string): Promise<RunDirectory | null> {
  const path = store.registration(key);
  if (!existsSync(path)) return null;
  const registration = await readJsonAs(path, registrationShape).catch(() => null);
  return registration === null ? null : runDirectory(await seenFrom(store.root, registration.path));
}

/** Whether a run is of a key by now: others may have been trained in its folder. */
export async function holdsKey(run: RunDirectory, key: string): Promise<boolean> {
  return (await readIdentity(run).catch(() => null))?.key === key;
}
