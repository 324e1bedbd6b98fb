import type { Config } from '../config/schema.js';
import { messageOf, PanxError } from '../errors.js';
import { refuseStrangers, sweepDirectory } from '../run/directory.js';
import { runLayout, sweepLayout } from '../run/layouts.js';
import { clearStaleLock, takeLock } from '../run/lock.js';
import { checkPlace, writeMark } from '../run/mark.js';
import type { StoreDirectory } from '../run/store-directory.js';
import { writeJson } from '../system/files.js';
import { removeLeftovers } from '../system/made.js';
import { readCurve } from './epoch-curve.js';
import { describeError } from './failures.js';
import { runGraph, StoppedBefore } from './graph.js';
import type { Contents } from './identity.js';
import { type PlannedStage, planSweep, trainRowsOf } from './plan.js';
import { readResult } from './results.js';
import type { StageRequest, StageResult } from './stage.js';
import { planStudy, scoredLangs } from './study-plan.js';
import { noteAll, runSweepStage } from './sweep-stage.js';
import { doneTraining, makeTable, plannedTraining, type SweepTable, type Training } from './table.js';
import { tellUnseenOfRun } from './unseen-words.js';

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
  /** Where stages that were trained elsewhere are found. */
  store: StoreDirectory;
  /** After a stage has failed, begin no other. */
  failFast: boolean;
  /** Try again also what diverged before. */
  retryFailed: boolean;
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
  /** How many stages there are. */
  stages: number;
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
  const { config, contents, signal, failFast } = request;
  const trainRows = trainRowsOf(config, contents.contentOf);
  const { rows } = planStudy(config, trainRows, contents.segments);
  const trainings = new Map<string, Training>();
  for (const planned of plan) trainings.set(planned.stage.id, await trainingOnDisk(planned, scoredLangs(config)));
  const table = (): SweepTable => makeTable(config, rows, trainRows, trainings);
  const plannedAs = (id: string) => plan.find(({ stage }) => stage.id === id)!;

  const done = plan.filter(({ state }) => state === 'done');
  if (done.length > 0) {
    hooks.onNotice(
      `${done.length} of ${plan.length} stages are done already: ${done.map(({ stage }) => stage.id).join(', ')}`,
    );
    await hooks.onTable(table());
  }
  await noteAll(request, hooks, done);
  const nodes = plan.map(({ stage, state }) => ({
    id: stage.id,
    startsFrom: stage.startStage,
    done: state === 'done',
  }));
  const outcome = await runGraph(
    nodes,
    { jobs: 1, failFast, signal },
    {
      async work(id, wait) {
        const planned = plannedAs(id);
        const position = `${id} (${plan.indexOf(planned) + 1} of ${plan.length})`;
        try {
          const result = await runSweepStage(request, hooks, planned, position, wait);
          if (result === 'busy') return 'busy';
          const curve = await readCurve(planned.run, planned.stage.config);
          trainings.set(id, doneTraining(trainings.get(id)!, planned.stage, result, curve));
          return 'done';
        } catch (error) {
          throw signal?.aborted ? stopped(id, error) : error;
        }
      },
      onDone: async () => await hooks.onTable(table()),
      async onFailed(id, error) {
        trainings.set(id, { ...trainings.get(id)!, status: 'failed' });
        hooks.onNotice(`${id} failed: ${describeError(error)}`);
        await hooks.onTable(table());
      },
      onNotRun: (id, because) => hooks.onNotice(`${id} is not run: ${because}`),
    },
  ).catch((error: unknown) => {
    throw error instanceof StoppedBefore ? stopped(error.id) : error;
  });
  return { table: table(), stages: plan.length, ...outcome };
}

async function trainingOnDisk({ stage, run, state }: PlannedStage, langs: readonly string[]): Promise<Training> {
  const planned = plannedTraining({ id: stage.id, seed: stage.config.seed, dataSeed: null }, langs);
  if (state !== 'done') return planned;
  const result = await readResult(run);
  tellUnseenOfRun(result.metrics, stage.config);
  return doneTraining(planned, stage, result, await readCurve(run, stage.config));
}

function stopped(id: string, cause?: unknown): PanxError {
  return new PanxError(`Stopped before ${id} was done.`, {
    hint: 'Type the same command again to go on from there.',
    exitCode: 130,
    cause,
  });
}
