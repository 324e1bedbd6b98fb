import type { Config } from '../config/schema.js';
import { listed, messageOf, PanxError } from '../errors.js';
import { refuseStrangers } from '../run/directory.js';
import { studyLayout } from '../run/layouts.js';
import { takeLock } from '../run/lock.js';
import { checkPlace } from '../run/mark.js';
import { type StoreDirectory, studyDirectory } from '../run/store-directory.js';
import { removeLeftovers } from '../system/made.js';
import { describeError } from './failures.js';
import { type GraphOutcome, runGraph } from './graph.js';
import { lookAtStages, type PlannedWork } from './look-at-study.js';
import type { StageSegments, TrainRows } from './protocols/stage.js';
import { pruneWeights } from './prune.js';
import type { NotSupportedModels, StageTask, StudyStage } from './study.js';
import { settingsThatChanged, writeStudy } from './study-folder.js';
import { planStudy, scoredLangs } from './study-plan.js';
import { scoredTraining } from './study-row.js';
import { makeTable, plannedTraining, type SweepTable, type Training } from './table.js';
import { setRefusedAside } from './train-stored.js';
import { withWeightsLock } from './weights-lock.js';

export interface StudyRequest {
  config: Config;
  stages: readonly StudyStage[];
  /** Folder of the study: its tables and figures. */
  out: string;
  store: StoreDirectory;
  /** Rows of the train splits, by language. */
  trainRows: TrainRows;
  /** Of its stages whose rows are split. */
  segments?: StageSegments | undefined;
  notSupported?: NotSupportedModels;
  /** Stages that are worked on at once, at most. */
  jobs: number;
  /** After a stage has failed, begin no other. */
  failFast: boolean;
  signal?: AbortSignal | undefined;
}

export interface StudyHooks {
  /** Train and score a stage: see `workOnStage`. */
  work(task: StageTask, wait: boolean): Promise<'done' | 'busy'>;
  /** Once what is there was looked at, before anything is trained; may refuse. */
  onPlan(states: readonly PlannedWork[]): Promise<void>;
  /** After every stage, and once at the beginning where results are there already. */
  onTable(table: SweepTable): Promise<void>;
  onNotice(text: string): void;
}

export interface StudyOutcome extends GraphOutcome {
  table: SweepTable;
}

/**
 * Work on the stages of a study until all are trained and scored. What the store has is taken; what another process does is waited for.
 *
 * @throws PanxError where the folder is not to be had, and with exit code 130 where `signal` is aborted
 */
export async function runStudy(request: StudyRequest, hooks: StudyHooks): Promise<StudyOutcome> {
  const { out, config, trainRows, notSupported = new Map(), stages, store } = request;
  const folder = studyDirectory(out);
  await checkPlace(out, 'study'); // Not even a lock is made in a folder of something else.
  const release = await takeLock(folder.lock);
  try {
    await checkPlace(out, 'study');
    await refuseStrangers(out, studyLayout);
    await removeLeftovers(out, studyLayout, true);
    const changes = await settingsThatChanged(folder, config);
    if (changes.length > 0) {
      hooks.onNotice(
        `${out} held a study of other settings (${listed(changes)}): its tables make room for these; its stages stay in the store`,
      );
    }
    await withWeightsLock(store, () => writeStudy(folder, { config, trainRows, notSupported }, stages, store));
    return await runStages(request, hooks);
  } finally {
    await release().catch((error: unknown) => hooks.onNotice(messageOf(error)));
  }
}

async function runStages(request: StudyRequest, hooks: StudyHooks): Promise<StudyOutcome> {
  const { stages, store, config, trainRows, segments, jobs, failFast, signal } = request;
  const study = planStudy(config, trainRows, segments);
  const trainings = new Map<string, Training>();
  for (const stage of study.stages) {
    const planned = { id: stage.id, seed: stage.config.seed, dataSeed: null };
    const isKnown = !request.notSupported?.has(stage.config.model);
    trainings.set(stage.id, plannedTraining(planned, scoredLangs(config), isKnown ? 'not run' : 'not supported'));
  }
  const { mode } = config.study.metrics;
  const keys = stages.map(({ task }) => task.identity.key);
  await setRefusedAside(store, keys, hooks.onNotice);
  const plan = await lookAtStages(stages, store, hooks.onNotice);
  for (const { stage, done, task } of plan) {
    const planned = trainings.get(stage.id)!;
    const found = done ? await scoredTraining(planned, task, mode, store, hooks.onNotice) : null;
    trainings.set(stage.id, found ?? planned);
  }
  await hooks.onPlan(plan);
  const table = (): SweepTable => makeTable(config, study.rows, trainRows, trainings);
  const done = plan.filter(planned => planned.done).map(({ stage }) => stage.id);
  if (done.length > 0) {
    hooks.onNotice(
      done.length === plan.length
        ? `all ${plan.length} stages are done already; nothing is trained`
        : `${done.length} of ${plan.length} stages are done already: ${done.join(', ')}`,
    );
    await hooks.onTable(table());
  }
  const taskOf = (id: string) => stages.find(({ stage }) => stage.id === id)!.task;
  const prune = async () => {
    const { dropped, fault } = await pruneWeights(store, stages);
    if (dropped.length > 0) hooks.onNotice(`weights let go, which nothing needs any more: ${dropped.join(', ')}`);
    return fault;
  };
  const fault = await prune();
  if (fault !== null) hooks.onNotice(fault);
  const nodes = plan.map(({ stage, done }) => ({ id: stage.id, startsFrom: stage.startStage, done }));
  const outcome = await runGraph(
    nodes,
    { jobs, failFast, signal },
    {
      work: (id, wait) => hooks.work(taskOf(id), wait),
      async onDone(id) {
        const found = await scoredTraining(trainings.get(id)!, taskOf(id), mode, store, hooks.onNotice);
        if (found === null) {
          throw new PanxError(`${id} was worked on, and its scores are not in ${store.root}.`, {
            hint: 'Another process may have moved them; type the same command again.',
          });
        }
        trainings.set(id, found);
        await prune();
        await hooks.onTable(table());
      },
      async onFailed(id, error) {
        trainings.set(id, { ...trainings.get(id)!, status: 'failed' });
        hooks.onNotice(`${id} failed: ${describeError(error)}`);
        await hooks.onTable(table());
      },
      onNotRun: (id, because) => hooks.onNotice(`${id} is not run: ${because}`),
    },
  ).catch((error: unknown) => {
    if (!signal?.aborted) throw error;
    const left = [...trainings.values()].filter(({ status }) => status === 'failed' || status === 'not run').length;
    throw new PanxError(`Stopped; ${left} of ${plan.length} stages are still to be done.`, {
      hint: 'Type the same command again to go on from there.',
      exitCode: 130,
      cause: error,
    });
  });
  return { table: table(), ...outcome };
}
