import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { type RunDirectory, sweepDirectory } from '../run/directory.js';
import { storeDirectory } from '../run/store-directory.js';
import type { Environment } from './environment.js';
import type { OldIdentity, StageIdentity } from './identity.js';
import { readEnvironment, readIdentity } from './records.js';
import { registeredRun } from './store.js';

/** Where the data and the model lie now, where they were moved since the run. */
export interface Places {
  data?: string;
  model?: string;
}

/** What a run's records say, and the folders that it was made from, as they lie now. */
export interface Records {
  environment: Environment;
  identity: StageIdentity | OldIdentity;
  startFrom: string;
  dataDir: string;
}

/** @throws PanxError where they cannot be read */
export async function recordsOf(run: RunDirectory, places: Places): Promise<Records> {
  const [identity, environment] = [await readIdentity(run), await readEnvironment(run)];
  const neighbour = await neighbourOf(run, identity);
  const startFrom = neighbour?.checkpoint ?? places.model ?? environment.startFrom.folder;
  return { environment, identity, startFrom, dataDir: places.data ?? environment.data.folder };
}

/**
 * The run whose checkpoint a stage starts from: in a sweep its neighbour, wherever that lies now; in a store the stage of that key. null where
 * it starts from a model.
 */
export async function neighbourOf(
  run: RunDirectory,
  { start, key }: Pick<OldIdentity, 'start' | 'key'>,
): Promise<RunDirectory | null> {
  if (!('stage' in start)) return null;
  const folder = dirname(run.root);
  if (!isStored(run, key)) return sweepDirectory(folder).stage(start.stage);
  const store = storeDirectory(folder);
  const own = store.stage(start.key);
  return existsSync(own.root) ? own : ((await registeredRun(store, start.key)) ?? own);
}

/** Whether a run lies in a store, where its weights may have been let go. */
export function isStored(run: RunDirectory, key: string): boolean {
  return basename(run.root) === key;
}

/** The same of a run whose weights are not there. */
export async function lacksWeights(run: RunDirectory): Promise<boolean> {
  return !existsSync(run.checkpoint) && isStored(run, (await readIdentity(run)).key);
}
