import { existsSync } from 'node:fs';
import type { Config } from '../config/schema.js';
import { messageOf, PanxError } from '../errors.js';
import { type RunDirectory, refuseIfChanged, refuseStrangers, sweepDirectory } from '../run/directory.js';
import { runLayout, sweepLayout } from '../run/layouts.js';
import { clearStaleLock, takeLock } from '../run/lock.js';
import { checkPlace, writeMark } from '../run/mark.js';
import { changesText } from '../system/checksums.js';
import { systemFault } from '../system/faults.js';
import { writeJson } from '../system/files.js';
import { removeLeftovers } from '../system/made.js';
import type { Contents } from './identity.js';
import { checkpointChanges, checkpointChecksums } from './outputs.js';
import { type PlannedStage, planSweep } from './plan.js';
import { type Stage, scoredLangs } from './protocols/curriculum.js';
import { readResult } from './results.js';
import type { StageRequest, StageResult } from './stage.js';
import { doneRow, plannedRow, type SweepRow, type SweepTable } from './table.js';

export interface SweepRequest {
  config: Config;
  contents: Contents;
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
  runStage(request: StageRequest): Promise<StageResult>;
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
  const { root, lock, config } = sweepDirectory(request.out);
  await checkPlace(root, 'sweep'); // Not even a lock is made in a folder of something else.
  const release = await takeLock(lock);
  try {
    await checkPlace(root, 'sweep'); // It may have changed until the lock was taken.
    const plan = await planSweep(request.config, request.contents, root, request.force);
    await refuseStrangers(root, sweepLayout);
    await writeMark(root, 'sweep');
    await removeLeftovers(root, sweepLayout, true);
    // A stage that is done is not locked again: what was killed when it had just finished would stay.
    for (const { run } of plan) {
      await clearStaleLock(run.lock);
      await removeLeftovers(run.root, runLayout, false);
    }
    await writeJson(config, request.config);
    return await runPlan(request, hooks, plan);
  } finally {
    await release().catch((error: unknown) => hooks.onNotice(messageOf(error)));
  }
}

async function runPlan(request: SweepRequest, hooks: SweepHooks, plan: readonly PlannedStage[]): Promise<SweepOutcome> {
  const { config, metric, signal } = request;
  const { source, target, protocol } = config.study;
  const rows = new Map<string, SweepRow>();
  for (const planned of plan) rows.set(planned.stage.id, await rowOnDisk(planned, scoredLangs(config)));
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
    if (stage.startStage !== null && rows.get(stage.startStage)!.status !== 'done') {
      hooks.onNotice(`${stage.id} is not run: ${stage.startStage}, which it starts from, has not been trained`);
      continue;
    }
    if (signal?.aborted) throw stopped(stage.id);
    const row = rows.get(stage.id)!;
    try {
      const result = await runOne(request, hooks, planned, `${stage.id} (${index + 1} of ${plan.length})`);
      rows.set(stage.id, doneRow(row, result));
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
  { contents, modelDir, dataDir, out, signal }: SweepRequest,
  { runStage }: SweepHooks,
  { stage, identity, run, state, seen }: PlannedStage,
  label: string,
): Promise<StageResult> {
  const start =
    stage.startStage === null
      ? { startFrom: modelDir, startFiles: contents.checkpoint }
      : await checkpointOf(sweepDirectory(out).stage(stage.startStage), stage);
  return await runStage({
    ...start,
    config: stage.config,
    dataDir,
    out: run.root,
    identity,
    resume: state === 'resume',
    check: () => refuseIfChanged(run, seen),
    label,
    ...(signal === undefined ? {} : { signal }),
  });
}

/** The checkpoint that an earlier stage has left, checked to be what it wrote. */
async function checkpointOf(run: RunDirectory, { id, startStage }: Stage): Promise<Start> {
  const hint = `Remove ${run.root} to have ${startStage} trained again.`;
  if (!existsSync(run.checkpoint))
    throw new PanxError(`${run.checkpoint} is gone, and ${id} starts from it.`, { hint });
  const changes = changesText(await checkpointChanges(run));
  if (changes === null) return { startFrom: run.checkpoint, startFiles: await checkpointChecksums(run) };
  throw new PanxError(`${run.checkpoint} is not as ${startStage} left it, and ${id} starts from it: ${changes}.`, {
    hint,
  });
}

type Start = Pick<StageRequest, 'startFrom' | 'startFiles'>;

async function rowOnDisk({ stage, run, state }: PlannedStage, langs: readonly string[]): Promise<SweepRow> {
  const row = plannedRow(stage, langs);
  return state === 'done' ? doneRow(row, await readResult(run)) : row;
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
  const told = error instanceof PanxError ? error : systemFault(error);
  if (told !== null) return told.hint === undefined ? told.message : `${told.message} ${told.hint}`;
  const stack = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
  return stack.replaceAll(/\s*\n\s*/g, ' '); // A notice is a line.
}
