import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Config } from '../config/schema.js';
import { messageOf, PanxError } from '../errors.js';
import { clearRun, sweepDirectory } from '../run/directory.js';
import { readJson, writeJson } from '../run/files.js';
import { takeLock } from '../run/lock.js';
import { type PlannedStage, planSweep, type SweepInputs } from './plan.js';
import type { StageMetrics, StageRequest } from './stage.js';
import { doneRow, type SweepRow, type SweepTable } from './table.js';

export interface SweepRequest {
  config: Config;
  inputs: SweepInputs;
  /** Folder of the base checkpoint. */
  modelDir: string;
  /** Folder that holds PAN-X.<lang>/. */
  dataDir: string;
  /** Folder of the sweep: a run directory for each stage. */
  out: string;
  /** Train stages of other settings anew instead of refusing. */
  force: boolean;
  /** What the scores are, in words, for the table. */
  metric: string;
  signal?: AbortSignal;
}

/** What a sweep needs from outside: who trains a stage, who writes the table, who tells the user. */
export interface SweepHooks {
  runStage(request: StageRequest): Promise<StageMetrics>;
  /** After every stage, and once at the beginning where results are there already. */
  onTable(table: SweepTable): Promise<void>;
  onNotice(text: string): void;
}

export interface SweepOutcome {
  table: SweepTable;
  failed: string[];
  notRun: string[];
}

/**
 * Run the stages of a curriculum one after the other. Those done already are skipped, an interrupted one goes on where it
 * stood; after a failed one, the stages that do not depend on it still run.
 *
 * @throws PanxError where another process works in the folder, where it holds stages of other settings, and with exit
 *   code 130 when `signal` is aborted
 */
export async function runSweep(request: SweepRequest, hooks: SweepHooks): Promise<SweepOutcome> {
  const release = await takeLock(sweepDirectory(request.out).lock);
  try {
    const plan = await planSweep(request.config, request.inputs, request.out, request.force);
    await writeJson(sweepDirectory(request.out).config, request.config);
    return await runPlan(request, hooks, plan);
  } finally {
    await release();
  }
}

async function runPlan(request: SweepRequest, hooks: SweepHooks, plan: readonly PlannedStage[]): Promise<SweepOutcome> {
  const { config, metric, signal } = request;
  const { source, target, protocol } = config.sweep;
  const rows = new Map<string, SweepRow>();
  for (const planned of plan) rows.set(planned.stage.id, await rowOnDisk(planned, [source, target]));
  const table = (): SweepTable => ({ source, target, protocol, metric, model: config.model, rows: [...rows.values()] });
  const ids = (status: SweepRow['status']) => [...rows].filter(([, row]) => row.status === status).map(([id]) => id);

  const done = ids('done');
  if (done.length > 0) {
    hooks.onNotice(`${done.length} of ${plan.length} stages are done already: ${done.join(', ')}`);
    await hooks.onTable(table());
  }
  for (const [index, planned] of plan.entries()) {
    const { stage } = planned;
    if (planned.state === 'done') continue;
    if (stage.startFrom !== null && rows.get(stage.startFrom)!.status !== 'done') {
      hooks.onNotice(`${stage.id} is not run: ${stage.startFrom}, which it starts from, has not been trained`);
      continue;
    }
    if (signal?.aborted) throw stopped(stage.id);
    const row = rows.get(stage.id)!;
    try {
      const metrics = await runOne(request, hooks, planned, `${stage.id} (${index + 1} of ${plan.length})`);
      rows.set(stage.id, doneRow(row, metrics));
    } catch (error) {
      if (signal?.aborted) throw stopped(stage.id, error);
      rows.set(stage.id, { ...row, status: 'failed' });
      hooks.onNotice(`${stage.id} failed: ${describe(error)}`);
    }
    await hooks.onTable(table());
  }
  return { table: table(), failed: ids('failed'), notRun: ids('not run') };
}

async function runOne(
  { modelDir, dataDir, out, signal }: SweepRequest,
  { runStage }: SweepHooks,
  { stage, identity, run, state }: PlannedStage,
  label: string,
): Promise<StageMetrics> {
  const startFrom = stage.startFrom === null ? modelDir : sweepDirectory(out).stage(stage.startFrom).checkpoint;
  if (stage.startFrom !== null && !existsSync(startFrom)) {
    throw new PanxError(`${startFrom} is gone, and ${stage.id} starts from it.`, {
      hint: `Remove ${dirname(startFrom)} to have ${stage.startFrom} trained again.`,
    });
  }
  if (state === 'start') {
    // Old results go before the new identity comes, so that the two are never seen together.
    await clearRun(run);
    await writeJson(run.stage, identity);
  }
  return await runStage({
    config: stage.config,
    startFrom,
    dataDir,
    out: run.root,
    resume: state === 'resume',
    label,
    ...(signal === undefined ? {} : { signal }),
  });
}

async function rowOnDisk({ stage, run, state }: PlannedStage, langs: readonly string[]): Promise<SweepRow> {
  const row: SweepRow = {
    phase: stage.phase,
    label: stage.label,
    samples: stage.samples,
    steps: stage.steps,
    f1: Object.fromEntries(langs.map(lang => [lang, null])),
    durationMs: null,
    status: 'not run',
  };
  return state === 'done' ? doneRow(row, await readJson<StageMetrics>(run.metrics)) : row;
}

function stopped(id: string, cause?: unknown): PanxError {
  return new PanxError(`Stopped before ${id} was done.`, {
    hint: 'Type the same command again to go on from there.',
    exitCode: 130,
    cause,
  });
}

/** A user's error as its sentence and remedy; a bug of panx with the place that it comes from. */
function describe(error: unknown): string {
  if (error instanceof PanxError) return error.hint === undefined ? error.message : `${error.message} ${error.hint}`;
  return error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
}
