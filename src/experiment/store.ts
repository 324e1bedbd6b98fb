import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { codeOf, PanxError } from '../errors.js';
import { isDone, type RunDirectory, runDirectory } from '../run/directory.js';
import { runLayout } from '../run/layouts.js';
import { lockedBy } from '../run/lock.js';
import { checkPlace, writeMark } from '../run/mark.js';
import { type StoreDirectory, storeDirectory } from '../run/store-directory.js';
import { object, readJsonAs, text } from '../system/checked-json.js';
import { type Checksums, changesText } from '../system/checksums.js';
import { cannotWrite, makeFolder, writeJson } from '../system/files.js';
import { removeAbandonedNeighbours, removeMade } from '../system/made.js';
import { temporaryNeighbour } from '../system/temporary.js';
import { withLock } from '../system/waiting-lock.js';
import { epochScoresFit } from './differences.js';
import { isCurrent, type StageIdentity } from './identity.js';
import { checkpointChanges, checkpointChecksums } from './outputs.js';
import { readIdentity } from './records.js';
import { checkDone } from './results.js';

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
 * @throws PanxError where something else lies there
 */
export async function openStore(path: string): Promise<StoreDirectory> {
  const store = storeDirectory(path);
  await checkPlace(path, 'store');
  makeFolder(path);
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
    if (!isDone(run)) continue;
    const { stage, damage } = await lookAtStage(run, wanted, isOwn);
    if (damage !== null) onNotice(await leaveDamaged(store, wanted, run, isOwn && !only, damage));
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

async function lookAtStage(
  run: RunDirectory,
  wanted: StageIdentity,
  isOwn: boolean,
): Promise<{ stage: StoredStage | null; damage: string | null }> {
  try {
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

/** A folder of the store that was changed makes room, and is kept; one elsewhere stays where it is. */
async function leaveDamaged(
  store: StoreDirectory,
  { id, key }: StageIdentity,
  run: RunDirectory,
  away: boolean,
  damage: string,
): Promise<string> {
  const what = `${id} in ${run.root} is not as its run left it, and is not taken: ${damage}`;
  return away ? `${what}; it is set aside as ${await setAside(store, key, run.root)}` : what;
}

/** Move a folder of the store away, so that what was in it is made anew. @returns where it is now */
export async function setAside(store: StoreDirectory, key: string, folder: string): Promise<string> {
  for (let number = 1; ; number++) {
    const place = store.setAside(key, number);
    if (existsSync(place)) continue;
    await mkdir(dirname(place), { recursive: true });
    await rename(folder, place);
    return place;
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
    await writeJson(store.registration(key), { path: relative(store.root, run.root).replaceAll('\\', '/') });
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
  return registration === null ? null : runDirectory(resolve(store.root, registration.path));
}

async function holdsKey(run: RunDirectory, key: string): Promise<boolean> {
  return (await readIdentity(run).catch(() => null))?.key === key;
}

/** Put a stage that was trained once more in the place of the one before, which lacks its weights, or scores. */
export async function replaceByAgain(store: StoreDirectory, key: string): Promise<void> {
  const there = store.stage(key).root;
  // Two processes may have waited for it: the second would put the new one aside.
  await withLock(
    store.lock(`again-${key}`),
    () => {},
    async () => {
      if (!isDone(store.again(key))) return;
      const old = temporaryNeighbour(there);
      await rename(there, old).catch((error: unknown) => {
        if (codeOf(error) !== 'ENOENT') throw cannotWrite(there, error);
      });
      await rename(store.again(key).root, there);
      await removeMade(old, runLayout);
    },
  );
}

/** What a killed process left undone of `replaceByAgain`. */
async function finishReplacing(store: StoreDirectory, key: string): Promise<void> {
  const { root } = store.stage(key);
  if (!existsSync(root) && isDone(store.again(key))) await replaceByAgain(store, key);
  await removeAbandonedNeighbours(root, runLayout);
}
