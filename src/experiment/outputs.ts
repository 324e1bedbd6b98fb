import { readdir } from 'node:fs/promises';
import { relative } from 'node:path';
import { PanxError } from '../errors.js';
import { type Checksums, changesSince, changesText, checksumsOf, sha256 } from '../run/checksums.js';
import type { RunDirectory } from '../run/directory.js';
import { readJson, toJson, writeFileAtomic, writeJson } from '../run/files.js';
import type { StageMetrics } from './stage.js';

/**
 * Record what the run's checkpoint is, right after it was written: from now on it counts as trained, and its training
 * state may go.
 */
export async function sealCheckpoint(run: RunDirectory): Promise<void> {
  const names = (await readdir(run.checkpoint)).sort();
  const paths = names.map(name => inside(run, `${run.checkpoint}/${name}`));
  await writeJson(run.checksums, await checksumsOf(run.root, paths));
}

/** Write metrics.json, which says that the run is done, and before it the checksums of everything that the run has made. */
export async function sealRun(run: RunDirectory, metrics: StageMetrics): Promise<void> {
  const text = toJson(metrics);
  const paths = [run.config, run.identity, run.events].map(path => inside(run, path));
  await writeJson(run.checksums, {
    ...(await readJson<Checksums>(run.checksums)),
    ...(await checksumsOf(run.root, paths)),
    [inside(run, run.metrics)]: sha256(text),
  });
  await writeFileAtomic(run.metrics, text);
}

/** @throws PanxError where the run's checkpoint is not what the run wrote */
export async function checkCheckpoint(run: RunDirectory): Promise<void> {
  const changes = changesText(await changesSince(run.checkpoint, await checkpointChecksums(run)));
  if (changes === null) return;
  throw new PanxError(`${run.checkpoint} is not as the run left it: ${changes}.`, {
    hint: 'Train anew: --force, or another folder with --out.',
  });
}

/** Checksums of the files of the run's checkpoint, by name. */
export async function checkpointChecksums(run: RunDirectory): Promise<Checksums> {
  const folder = `${inside(run, run.checkpoint)}/`;
  const sums = Object.entries(await readJson<Checksums>(run.checksums));
  return Object.fromEntries(
    sums.flatMap(([path, sum]) => (path.startsWith(folder) ? [[path.slice(folder.length), sum]] : [])),
  );
}

function inside(run: RunDirectory, path: string): string {
  return relative(run.root, path).replaceAll('\\', '/');
}
