import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

/** The paths inside a run directory. No other file of panx names them. */
export interface RunDirectory {
  root: string;
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
    config: join(root, 'config.json'),
    environment: join(root, 'environment.json'),
    identity: join(root, 'identity.json'),
    events: join(root, 'events.jsonl'),
    times: join(root, 'times.jsonl'),
    trace: join(root, 'trace.json'),
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
  stage(id: string): RunDirectory;
}

export function sweepDirectory(root: string): SweepDirectory {
  return {
    root,
    config: join(root, 'config.json'),
    lock: join(root, 'lock'),
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

/** Whether an unfinished run left something to go on from: a training state, or the trained model, still to be scored. */
export function canResume(run: RunDirectory): boolean {
  return !isDone(run) && isBegun(run) && (existsSync(run.state) || existsSync(run.checkpoint));
}

/** Remove what an earlier run left, so that another can start; files that panx did not write there stay. */
export async function clearRun(run: RunDirectory): Promise<void> {
  // Results first: a run that is half removed must not look finished.
  const { metrics, checksums, state, checkpoint, events, times, trace, environment, config, identity } = run;
  for (const path of [metrics, checksums, state, checkpoint, events, times, trace, environment, config, identity]) {
    await rm(path, { recursive: true, force: true });
  }
}
