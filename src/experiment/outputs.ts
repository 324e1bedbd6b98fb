import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { relative } from 'node:path';
import { codeOf, PanxError } from '../errors.js';
import { isDone, type RunDirectory } from '../run/directory.js';
import type { LogSeal } from '../run/events.js';
import { modelLayout, runLayout } from '../run/layouts.js';
import type { FolderKind } from '../run/mark.js';
import { modelFile } from '../run/model-files.js';
import { integer, object, oneOf, readJsonAs, shown } from '../system/checked-json.js';
import { type Checksums, changesSince, changesText, checksumsOf, sha256 } from '../system/checksums.js';
import { readIfPresent, reasonOf, toJson, writeFileAtomic, writeJson } from '../system/files.js';
import { readChecksums, readEnvironment, versionOf } from './records.js';
import type { StageMetrics } from './stage.js';

/**
 * Record what the run's checkpoint is, right after it was written: from now on it counts as trained, and its training
 * state may go. What the log was by then is noted with it: it is all that a run has to go on with that is still to be
 * scored.
 */
export async function sealCheckpoint(run: RunDirectory): Promise<void> {
  const names = (await readdir(run.checkpoint)).sort();
  const paths = names.map(name => inside(run, `${run.checkpoint}/${name}`));
  await writeJson(run.checksums, await checksumsOf(run.root, [...paths, ...logPaths(run)]));
}

/** Note what the log of a trained run is now, with the scores that came to it; they are not found again. */
export async function sealLog(run: RunDirectory): Promise<void> {
  await writeJson(run.checksums, { ...(await readChecksums(run)), ...(await checksumsOf(run.root, logPaths(run))) });
}

/** The same for a log that is to be cut to what it was: from now on only that counts. */
export async function sealLogAs(run: RunDirectory, log: LogSeal): Promise<void> {
  const [events, times] = logPaths(run);
  await writeJson(run.checksums, { ...(await readChecksums(run)), [events]: log.events, [times]: log.times });
}

/** Write metrics.json, which says that the run is done, and before it the checksums of everything that the run has made. */
export async function sealRun(run: RunDirectory, metrics: StageMetrics): Promise<void> {
  const text = toJson(metrics);
  const checkpoint = Object.entries(await readChecksums(run)).filter(([path]) => path.startsWith(folderOf(run)));
  const paths = [run.config, run.identity, run.events].map(path => inside(run, path));
  await writeJson(run.checksums, {
    ...Object.fromEntries(checkpoint.sort()),
    ...(await checksumsOf(run.root, paths)),
    [inside(run, run.metrics)]: sha256(text),
  });
  await writeFileAtomic(run.metrics, text);
}

/** What the log of a trained run was when it was last noted. @throws PanxError where checksums.json does not say */
export async function sealedLog(run: RunDirectory): Promise<{ events: string; times: string | null }> {
  const sums = await readChecksums(run);
  const [events, times] = logPaths(run).map(path => sums[path]);
  if (events === undefined) throw new PanxError(`${run.checksums} lacks ${inside(run, run.events)}.`);
  return { events, times: times ?? null };
}

/** @throws PanxError where the run's checkpoint is not what the run wrote */
export async function checkCheckpoint(run: RunDirectory): Promise<void> {
  const changes = changesText(await checkpointChanges(run));
  if (changes === null) return;
  throw new PanxError(`${run.checkpoint} is not as the run left it: ${changes}.`, {
    hint: 'Train anew (panx train: with --force, or another folder with --out).',
  });
}

/** Checksums of the files of the run's checkpoint, by name. */
export async function checkpointChecksums(run: RunDirectory): Promise<Checksums> {
  const folder = folderOf(run);
  const sums = Object.entries(await readChecksums(run));
  return Object.fromEntries(
    sums.flatMap(([path, sum]) => (path.startsWith(folder) ? [[path.slice(folder.length), sum]] : [])),
  );
}

/**
 * What of a finished run is not as it left it: by path, in words. Which files a run leaves is known here and not taken
 * from checksums.json, so that one that says less than it should is found too.
 *
 * @throws PanxError where checksums.json is none
 */
export async function outputChanges(run: RunDirectory): Promise<Map<string, string>> {
  const changes = await recordChanges(run);
  if (changes.has(inside(run, run.checksums))) return changes;
  const all = new Map([...changes, ...(await checkpointChanges(run))]);
  if (all.size > 0) return all;
  const inItsOrder = await isWrittenAs(run.checksums, inOrder(run, await readChecksums(run)));
  return inItsOrder ? all : new Map([[inside(run, run.checksums), notByPanx]]);
}

/** The same of its small files alone, without its checkpoint. */
export async function recordChanges(run: RunDirectory): Promise<Map<string, string>> {
  const { config, identity, events, metrics, environment, times, checksums } = run;
  const changes = new Map<string, string>();
  for (const path of [config, identity, environment, events, times, metrics, checksums]) {
    const what = await otherThanFile(path);
    if (what !== null) changes.set(inside(run, path), what);
  }
  await checkMark(run.mark, 'run', await versionOf(run));
  const states = await entriesOf(run.state);
  // A run that is not finished has states.
  if (isDone(run) && states !== 'is missing' && states.length > 0)
    changes.set(`${inside(run, run.state)}/`, 'is there, and the run is finished');
  if (changes.has(inside(run, checksums))) return changes;
  const sums = await readChecksums(run);
  const sealed = [config, identity, events, metrics].map(path => inside(run, path));
  const absent = sealed.filter(path => sums[path] === undefined);
  const stray = Object.keys(sums).filter(path => !sealed.includes(path) && !path.startsWith(folderOf(run)));
  const about = [
    ...absent.map(path => `lacks ${path}`),
    ...stray.map(path => `names ${shown(path)}, which no run makes`),
  ];
  if (about.length > 0) changes.set(inside(run, checksums), about.join(' and '));
  // Sealed by nothing.
  const ofEnvironment = inside(run, environment);
  if (!changes.has(ofEnvironment) && !(await isWrittenAs(environment, await readEnvironment(run)))) {
    changes.set(ofEnvironment, notByPanx);
  }
  const there = sealed.filter(path => sums[path] !== undefined && !changes.has(path));
  const changed = await changesSince(run.root, Object.fromEntries(there.map(path => [path, sums[path]!])));
  return new Map([...changes, ...changed]);
}

/** Checksums as `sealRun` writes them: of the checkpoint by name, then of the records. */
function inOrder(run: RunDirectory, sums: Checksums): Checksums {
  const checkpoint = Object.entries(sums).filter(([path]) => path.startsWith(folderOf(run)));
  const records = [run.config, run.identity, run.events, run.metrics].map(path => inside(run, path));
  return Object.fromEntries([...checkpoint.sort(), ...records.map(path => [path, sums[path]])]);
}

/** A checkpoint of panx 0.1.0 has no mark, and a model need not have the other files of a tokenizer. */
const neededInCheckpoint = [modelFile.config, modelFile.weights, modelFile.tokenizer];

/**
 * @param version of panx that made the folder; null where nothing says
 * @throws PanxError where a folder is not marked as what it is; folders of panx 0.1.0 bear no mark
 */
export async function checkMark(path: string, kind: FolderKind, version: string | null): Promise<void> {
  const what = await otherThanFile(path);
  if (what === 'is missing' && version === '0.1.0') return;
  if (what !== null) throw new PanxError(`${path} ${what}.`);
  const mark = await readJsonAs(path, object({ kind: oneOf(kind), format: integer({ min: 1, max: 1 }) }));
  if (!(await isWrittenAs(path, mark))) throw new PanxError(`${path} ${notByPanx}.`);
}

/** Whether a JSON file has the very text that panx writes for what it says: no other spaces, order or keys that stand twice. */
export async function isWrittenAs(path: string, value: unknown): Promise<boolean> {
  return (await readIfPresent(path)) === toJson(value);
}

export const notByPanx = 'is not written as panx writes it';

/**
 * What of a checkpoint is not as the run left it: also which files are too many, and which checksums.json should name.
 */
export async function checkpointChanges(run: RunDirectory): Promise<Map<string, string>> {
  const sums = await readChecksums(run);
  const folder = inside(run, run.checkpoint);
  const entries = await entriesOf(run.checkpoint);
  if (typeof entries === 'string') return new Map([[folder, entries]]);
  const named = Object.keys(sums).filter(path => path.startsWith(folderOf(run)));
  const known = modelLayout.files.map(name => `${folder}/${name}`);
  const absent = neededInCheckpoint.map(name => `${folder}/${name}`).filter(path => !named.includes(path));
  const stray = named.filter(path => !known.includes(path));
  const about = [
    ...absent.map(path => `lacks ${path}`),
    ...stray.map(path => `names ${shown(path)}, which no run makes`),
  ];
  const changes = new Map<string, string>();
  if (about.length > 0) changes.set(inside(run, run.checksums), about.join(' and '));
  for (const entry of entries) {
    const path = `${folder}/${entry.name}`;
    if (!entry.isFile()) changes.set(path, kindOf(entry));
    else if (!named.includes(path) && !absent.includes(path)) changes.set(shownPath(path), 'is not of the run');
  }
  const files = named.filter(path => known.includes(path) && !changes.has(path));
  return new Map([
    ...changes,
    ...(await changesSince(run.root, Object.fromEntries(files.map(path => [path, sums[path]!])))),
  ]);
}

/** Names in the run directory that no run makes: they are left alone, and vouched for by nobody. */
export async function otherNamesIn(run: RunDirectory): Promise<string[]> {
  const own = [...runLayout.files, ...runLayout.folders.map(({ name }) => name)];
  return (await readdir(run.root)).filter(name => !own.includes(name)).map(shownPath);
}

/** What stands at a path instead of a file; null where a file does. Links are not followed: panx makes none. */
export async function otherThanFile(path: string): Promise<string | null> {
  try {
    const there = await lstat(path);
    return there.isFile() ? null : kindOf(there);
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? 'is missing' : `cannot be read: ${reasonOf(error)}`;
  }
}

/** What stands at a path instead of a folder; null where a folder does, or nothing. Links are not followed. */
export async function otherThanFolder(path: string): Promise<string | null> {
  const there = await lstat(path).catch(() => null);
  return there === null || there.isDirectory() ? null : kindOf(there);
}

async function entriesOf(folder: string): Promise<Dirent[] | string> {
  try {
    const there = await lstat(folder);
    return there.isDirectory() ? await readdir(folder, { withFileTypes: true }) : `${kindOf(there)}, not a folder`;
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? 'is missing' : `cannot be read: ${reasonOf(error)}`;
  }
}

function kindOf(there: Pick<Dirent, 'isFile' | 'isDirectory' | 'isSymbolicLink'>): string {
  if (there.isFile()) return 'is a file';
  if (there.isDirectory()) return 'is a folder';
  return there.isSymbolicLink() ? 'is a link' : 'is a pipe, a socket or a device';
}

/** A name as it can be printed. */
function shownPath(path: string): string {
  return /^[^\p{Cc}]{1,200}$/u.test(path) ? path : shown(path);
}

function logPaths(run: RunDirectory): [events: string, times: string] {
  return [inside(run, run.events), inside(run, run.times)];
}

function folderOf(run: RunDirectory): string {
  return `${inside(run, run.checkpoint)}/`;
}

function inside(run: RunDirectory, path: string): string {
  return relative(run.root, path).replaceAll('\\', '/');
}
