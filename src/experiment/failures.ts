import { rm } from 'node:fs/promises';
import { messageOf, PanxError } from '../errors.js';
import type { StoreDirectory } from '../run/store-directory.js';
import { boolean, object, readJsonAs, text } from '../system/checked-json.js';
import { toldOf } from '../system/faults.js';
import { writeJson } from '../system/files.js';
import { Diverged } from '../training/loop.js';
import { openStore } from './store.js';

/** Why a stage failed; it is tried again when its study is typed again, unless it diverged: it always would. */
export interface Failure {
  sentence: string;
  diverged: boolean;
  failedAt: string;
}

const failureShape = object({ sentence: text(), diverged: boolean, failedAt: text() });

/** @returns null where the stage did not fail when it was last tried */
export async function readFailure(store: StoreDirectory, key: string): Promise<Failure | null> {
  return await readJsonAs(store.failure(key), failureShape).catch(() => null);
}

export async function recordFailure(store: StoreDirectory, key: string, error: unknown): Promise<void> {
  if (error instanceof DivergedBefore) return;
  try {
    await openStore(store.root);
  } catch (error) {
    if (error instanceof PanxError) return; // Without a store there is nothing that could be told later.
    throw error;
  }
  const failure: Failure = {
    sentence: describeError(error),
    diverged: error instanceof Diverged,
    failedAt: new Date().toISOString(),
  };
  await writeJson(store.failure(key), failure);
}

export async function forgetFailure(store: StoreDirectory, key: string): Promise<void> {
  await rm(store.failure(key), { force: true });
}

class DivergedBefore extends PanxError {}

/** @throws PanxError where a stage diverged before, unless it is to be tried again all the same */
export async function refuseDiverged(store: StoreDirectory, key: string, retryFailed: boolean): Promise<void> {
  const failure = await readFailure(store, key);
  if (failure === null || !failure.diverged || retryFailed) return;
  throw new DivergedBefore(`${failure.sentence} (on ${failure.failedAt.slice(0, 10)}; it would again)`, {
    hint: 'Change its settings; or try again all the same with --retry-failed.',
  });
}

/** A user's error as its sentence and remedy; a bug of panx with the place that it comes from. */
export function describeError(error: unknown): string {
  const told = toldOf(error);
  if (told !== null) return told.hint === undefined ? told.message : `${told.message} ${told.hint}`;
  const stack = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
  return stack.replaceAll(/\s*\n\s*/g, ' '); // A notice is a line.
}
