import { dirname } from 'node:path';
import { type RunDirectory, sweepDirectory } from '../run/directory.js';
import type { Environment } from './environment.js';
import type { OldIdentity, StageIdentity } from './identity.js';
import { readEnvironment, readIdentity } from './records.js';

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
  const startFrom =
    'stage' in identity.start
      ? sweepDirectory(dirname(run.root)).stage(identity.start.stage).checkpoint
      : (places.model ?? environment.startFrom.folder);
  return { environment, identity, startFrom, dataDir: places.data ?? environment.data.folder };
}
