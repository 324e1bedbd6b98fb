import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { listed, PanxError } from '../errors.js';
import { sha256 } from '../system/checksums.js';
import { readIfPresent } from '../system/files.js';
import { type Layout, removeMade, strangersInside } from '../system/made.js';
import { parseTemporary } from '../system/temporary.js';
import { eventFileName, markName, runLayout } from './layouts.js';

/** The paths inside a run directory. No other file of panx names them. */
export interface RunDirectory {
  root: string;
  /** Says that panx made the folder: see mark.ts. */
  mark: string;
  /** The resolved configuration; given to --config, it repeats the run. */
  config: string;
  /** Versions, device and command line. */
  environment: string;
  /** What determines the results: settings, data and starting checkpoint, by their contents. Written before training starts. */
  identity: string;
  /** One line of JSON per optimizer step and per evaluation: see events.ts. */
  events: string;
  /** How long each of those took. */
  times: string;
  /** With --profile, where the time went, for chrome://tracing and Perfetto: see trace.ts. */
  trace: string;
  /** With --log tensorboard, what TensorBoard shows of the log; made of it and of environment.json. */
  eventFile: string;
  /** SHA-256 of what the run has made, by the path inside `root`. */
  checksums: string;
  /** The results. Written last: a run directory that has it holds a finished run. */
  metrics: string;
  /** The trained model, a Hugging Face folder. */
  checkpoint: string;
  /** The training state that an interrupted run goes on from; only while it is unfinished. */
  state: string;
  /** Held by the process that writes here: see lock.ts. */
  lock: string;
}

export function runDirectory(root: string): RunDirectory {
  return {
    root,
    mark: join(root, markName),
    config: join(root, 'config.json'),
    environment: join(root, 'environment.json'),
    identity: join(root, 'identity.json'),
    events: join(root, 'events.jsonl'),
    times: join(root, 'times.jsonl'),
    trace: join(root, 'trace.json'),
    eventFile: join(root, 'tensorboard', eventFileName),
    checksums: join(root, 'checksums.json'),
    metrics: join(root, 'metrics.json'),
    checkpoint: join(root, 'checkpoint'),
    state: join(root, 'state'),
    lock: join(root, 'lock'),
  };
}

/** The paths of a sweep: its own configuration and lock, and a run directory for each stage. The reports lie beside them. */
export interface SweepDirectory {
  root: string;
  config: string;
  lock: string;
  /** Of TensorBoard's event files; a folder for each stage. */
  tensorboard: string;
  stage(id: string): RunDirectory;
}

export function sweepDirectory(root: string): SweepDirectory {
  return {
    root,
    config: join(root, 'config.json'),
    lock: join(root, 'lock'),
    tensorboard: join(root, 'tensorboard'),
    stage: id => runDirectory(join(root, id)),
  };
}

/** Whether the run finished. */
export function isDone(run: RunDirectory): boolean {
  return existsSync(run.metrics);
}

/** Whether a run was begun here, however far it came. */
export function isBegun(run: RunDirectory): boolean {
  return existsSync(run.identity);
}

/** Whether hours of work may lie here: a training state, or a trained model. */
export function holdsWork(run: RunDirectory): boolean {
  return existsSync(run.state) || existsSync(run.checkpoint);
}

/** Whether an unfinished run left something to go on from: a training state, or the trained model, still to be scored. */
export function canResume(run: RunDirectory): boolean {
  return !isDone(run) && isBegun(run) && holdsWork(run);
}

/** A text that changes whenever a run here is begun, comes further, is finished or is removed. */
export async function standOf(run: RunDirectory): Promise<string> {
  const files = [run.identity, run.checksums, run.metrics];
  const texts = await Promise.all(files.map(path => readIfPresent(path).catch(() => undefined)));
  // Nothing but whole states count: what a killed process left beside them is removed meanwhile.
  const states = (await readdir(run.state).catch(() => [])).filter(name => parseTemporary(name) === null);
  return sha256(JSON.stringify([...texts.map(text => text ?? null), states.sort(), existsSync(run.checkpoint)]));
}

/** @throws PanxError where a run directory is not any more what it was when `standOf` was asked */
export async function refuseIfChanged(run: RunDirectory, seen: string): Promise<void> {
  if ((await standOf(run)) === seen) return;
  throw new PanxError(`${run.root} was changed by another process while this one was starting.`, {
    hint: 'Look at what is there now, and type the command again.',
  });
}

/**
 * Check that where panx makes its files and folders in a run directory, or in that of a sweep, there is nothing else: to write there anew is
 * to remove them.
 *
 * @throws PanxError naming what is there
 */
export async function refuseStrangers(root: string, layout: Layout): Promise<void> {
  const strangers = await strangersInside(root, layout);
  if (strangers.length === 0) return;
  throw new PanxError(`${root} holds, where panx keeps its own files, what panx did not make: ${listed(strangers)}.`, {
    hint: 'Move that away, or choose another folder with --out. panx removes nothing that it did not make, and follows no link.',
  });
}

/**
 * Remove what an earlier run left, so that another can start; files that panx did not write there stay. The mark stays, and so does the
 * configuration, which may be the one that is read now: it is replaced as a whole.
 */
export async function clearRun(run: RunDirectory): Promise<void> {
  await removeMade(run.root, runLayout, [markName, 'config.json', 'lock']);
}
