import { restoreCheckpointFolder, writeCheckpointFolder } from '../checkpoint/folder.js';
import { openTensors } from '../checkpoint/safetensors.js';
import type { Config } from '../config/schema.js';
import { returnFreeMemory } from '../engine/memory.js';
import { openEngine } from '../engine/open.js';
import { messageOf, PanxError } from '../errors.js';
import { checkLabels, type Scores, score, testMetric } from '../evaluation/score.js';
import { loadTokenClassifier, type TokenClassifier, tensorsOf } from '../model/token-classifier.js';
import type { DropoutPlan } from '../model/xlm-roberta.js';
import { clearRun, type RunDirectory, refuseStrangers, runDirectory } from '../run/directory.js';
import { cutLog, type EvaluationEvent, type EventLog, openEventLog, readEvents } from '../run/events.js';
import { runLayout, stateLayout } from '../run/layouts.js';
import { takeLock } from '../run/lock.js';
import { checkPlace, writeMark } from '../run/mark.js';
import { notice } from '../system/console.js';
import { cannotWrite, writeJson } from '../system/files.js';
import { removeLeftovers, removeMade } from '../system/made.js';
import { collectGarbage } from '../system/memory.js';
import { hasRounds, phase } from '../system/profile.js';
import { writeTrace } from '../system/trace.js';
import { type LoopHooks, type Position, train, worseThanGuessing } from '../training/loop.js';
import { createOptimizer, type Optimizer } from '../training/optimizer.js';
import { endlessWarmup, totalSteps } from '../training/schedule.js';
import { restoreState, saveState } from '../training/state.js';
import { type EncodedSplit, type RunData, readRunData } from './corpus.js';
import { gitState, writeEnvironment } from './environment.js';
import { planOf } from './history.js';
import { differences, type StageIdentity } from './identity.js';
import { type Narration, narrate } from './narration.js';
import { sealCheckpoint, sealLog, sealRun } from './outputs.js';
import { otherVersion, readIdentity, useThatVersion } from './records.js';
import { readResult } from './results.js';
import type { StageMetrics, StageRequest, StageResult } from './stage.js';
import { atTheBeginning, standingOf } from './standing.js';

/**
 * Train one stage into its run directory: data, model, THE loop with evaluation after every epoch, the checkpoint, the test
 * scores. `metrics.json` is written last. Stopped at any moment, it goes on with `resume` from the newest training state, or,
 * where training was over already, from the checkpoint; it then ends with the bytes of a run that was not stopped.
 *
 * @throws PanxError, among others when `signal` is aborted: then a training state was saved first; and with `resume` where the
 *   settings, the data or the starting checkpoint are not those that the run was begun with.
 */
export async function runStage(request: StageRequest): Promise<StageResult> {
  const run = runDirectory(request.out);
  await checkPlace(run.root, 'run'); // Not even a lock is made in a folder of something else.
  const unlock = await takeLock(run.lock);
  try {
    // What was true before may have changed until the lock was taken.
    await checkPlace(run.root, 'run');
    await request.check?.();
    await refuseStrangers(run.root, runLayout);
    return await runLocked(request, run);
  } finally {
    await leaveTrace(request, run);
    // A lock that stays is taken over when this process is gone; what the work came to is what to tell.
    await unlock().catch((error: unknown) => notice(messageOf(error)));
  }
}

async function runLocked(request: StageRequest, run: RunDirectory): Promise<StageResult> {
  if (request.resume) await refuseChanges(run, request.identity);
  const { config } = request;
  const { training } = config;
  const git = gitState(); // 40 ms that pass beside the loading.
  const data = request.data ?? (await readRunData(config, request.startFrom, request.dataDir, request.label));
  const engine = await openEngine(config, request.profile);
  // The whole splits, and the parts that they were joined from, are twice as large as the rows that were taken of them.
  if (data.train.inputIds.length > manySubwords) await collectGarbage();
  returnFreeMemory();
  const steps = totalSteps(data.train.rows, training);
  await clearLeftovers(run);
  if (!request.resume) await begin(run, request);
  const plan = planOf(config, data.train.rows);
  const { trained, stateFolder, history, environment } = request.resume ? await standingOf(run, plan) : atTheBeginning;

  const model = await phase('load model', () =>
    loadTokenClassifier(trained ? run.checkpoint : request.startFrom, {
      inputIds: [data.train.inputIds],
      newHead: { labels: data.labelNames, seed: config.seed },
      precision: engine.precision,
    }),
  );
  try {
    checkLabels(model.config.labels, data.labelNames, request.startFrom);
    const settings = { weightDecay: training.weightDecay, maxGradNorm: training.maxGradNorm };
    const { optimizer, position } = await phase('make optimizer', async () =>
      stateFolder === null
        ? { optimizer: createOptimizer(model.parameters, settings), position: trained ? atEnd(steps) : atStart }
        : await restoreState(stateFolder, model, settings, plan.course),
    );
    await writeJson(run.config, config);
    await writeJson(run.identity, request.identity); // Of a run that is gone on with it says the same, but may be written otherwise.
    const difference = await writeEnvironment(
      run.environment,
      engine,
      request,
      data.files,
      position.step,
      await git,
      environment,
    );
    await cutLog(run, history.bytes);
    const epochs = Math.ceil(steps / totalSteps(data.train.rows, { ...training, epochs: 1, maxSteps: null }));
    const session: Session = {
      request,
      run,
      data,
      model,
      optimizer,
      steps,
      epochs,
      past: history.evaluations,
      log: openEventLog(run),
      narration: narrate(request.label, { epochs, totalSteps: steps, fromStep: position.step }),
    };
    try {
      describeStart(session, position, trained);
      if (difference !== null) session.narration.notice(`${difference}: bytes may differ from an unbroken run's`);
      if (!trained) await trainAndSave(session, position);
      else await removeMade(run.state, stateLayout); // A kill right after the seal of the checkpoint leaves it.
      return await finish(session);
    } finally {
      session.log.close();
      optimizer.dispose();
    }
  } finally {
    model.dispose();
  }
}

/** 70,000 rows of PAN-X: for fewer a collection takes longer than it is worth. */
const manySubwords = 1 << 20;

/** What the parts of a running stage share. */
interface Session {
  request: StageRequest;
  run: RunDirectory;
  data: RunData;
  model: TokenClassifier;
  optimizer: Optimizer;
  /** Optimizer steps in all. */
  steps: number;
  /** Epochs that they go through, the last one perhaps in part. */
  epochs: number;
  /** What an interrupted part of this run has scored. */
  past: readonly EvaluationEvent[];
  log: EventLog;
  narration: Narration;
}

const atStart: Position = { step: 0, epoch: 0, window: 0 };

function atEnd(steps: number): Position {
  return { step: steps, epoch: 0, window: 0 };
}

async function trainAndSave(session: Session, start: Position): Promise<void> {
  const { request, run, data, model, optimizer, steps, narration } = session;
  const { training, checkpoint, seed } = request.config;
  let savedAtMs = Date.now();
  const save = async (position: Position) => {
    await phase('save state', async () => saveState(run.state, model, optimizer, position, await session.log.seal()));
    savedAtMs = Date.now();
  };
  const stopIfAsked = async (position: Position) => {
    if (!request.signal?.aborted) return;
    await save(position);
    throw stopped(position.step, steps);
  };
  const settings = { ...training, totalSteps: steps, seed, dropout: dropoutRates(model, training.dropout) };
  const hooks: LoopHooks = {
    onStep: async (report, position) => {
      const { durationMs, ...step } = report;
      session.log.append({ event: 'step', ...step }, durationMs);
      narration.step(report);
      const dueBySteps = checkpoint.everySteps !== null && position.step % checkpoint.everySteps === 0;
      const dueByTime = Date.now() - savedAtMs > checkpoint.everyMinutes * 60_000;
      if ((dueBySteps || dueByTime) && position.step < steps) await save(position);
      await stopIfAsked(position);
      // Lets signals through: everything else in a step is synchronous.
      await new Promise(resolve => setImmediate(resolve));
      return 'go on';
    },
    onEpochEnd: async (epoch, position) => {
      for (const split of data.validation) {
        await scoreSplit(session, split, { step: position.step, epoch }, () => stopIfAsked(position));
      }
      return 'go on';
    },
  };
  await phase('training', () => train(model, optimizer, data.train, settings, start, hooks));
  await phase('save checkpoint', () => saveCheckpoint(session));
}

/** Write the trained model as a Hugging Face folder, then let the training state go. */
async function saveCheckpoint({ request, run, model, log }: Session): Promise<void> {
  const source = await openTensors(request.startFrom);
  try {
    const tensors = tensorsOf(model, source);
    const checkpoint = { config: model.config, tensors, tokenizerFrom: request.startFrom };
    await writeCheckpointFolder(run.checkpoint, checkpoint, { replace: true });
  } finally {
    await source.close();
  }
  log.flush();
  await sealCheckpoint(run);
  await removeMade(run.state, stateLayout);
}

/** Score the test splits and write metrics.json, which says that the run is done. */
async function finish(session: Session): Promise<StageResult> {
  const { request, run, data, steps } = session;
  const at = { step: steps, epoch: session.epochs };
  const test: StageMetrics['test'] = {};
  for (const split of data.test) {
    test[split.lang] = await scoreSplit(session, split, at, async () => {
      if (request.signal?.aborted) throw stopped(steps, steps);
    });
  }
  const events = await readEvents(run.events);
  const losses = events.flatMap(event => (event.event === 'step' ? [event.loss] : []));
  const worse = worseThanGuessing(losses, session.model.config.labels.length);
  if (worse !== null) session.narration.notice(worse);
  const metrics: StageMetrics = {
    rows: data.train.rows,
    steps,
    trainLoss: losses.length === 0 ? null : losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
    metric: data.test.length === 0 ? null : testMetric,
    test,
  };
  session.log.flush();
  await sealRun(run, metrics);
  return await readResult(run);
}

/** Score one split and log it; one that an interrupted part of this run had scored and logged at this step is not scored again. */
async function scoreSplit(
  { request, run, model, past, log, narration }: Session,
  { lang, split, rows }: EncodedSplit,
  at: { step: number; epoch: number },
  stopIfAsked: () => Promise<void>,
): Promise<Scores> {
  for (const event of past) {
    if (event.step === at.step && event.lang === lang && event.split === split) {
      const { precision, recall, f1, accuracy, loss } = event;
      return { precision, recall, f1, accuracy, loss, rows: event.rows };
    }
  }
  await stopIfAsked();
  const startedMs = performance.now();
  const { scores } = await phase('scoring', () =>
    score(model, rows, {
      batchSize: request.config.evaluation.batchSize,
      weights: `${run.root} after step ${at.step}`,
      onProgress: async done => {
        narration.scoring(lang, split, done, rows.rows);
        await stopIfAsked();
      },
    }),
  );
  log.append({ event: 'evaluation', ...at, lang, split, ...scores }, performance.now() - startedMs);
  if (split === 'test') {
    log.flush();
    await sealLog(run);
  }
  narration.scored(lang, split, scores);
  return scores;
}

/** training.dropout stands for every dropout of the model; null leaves each as the checkpoint's config.json has it. */
function dropoutRates({ config }: TokenClassifier, override: Config['training']['dropout']): DropoutPlan['rates'] {
  return {
    hiddenDropout: override ?? config.hiddenDropout,
    attentionDropout: override ?? config.attentionDropout,
    classifierDropout: override ?? config.classifierDropout,
  };
}

function describeStart(
  { request, data, model, steps, narration }: Session,
  position: Position,
  trained: boolean,
): void {
  const { truncatedRows, truncatedWords, emptyWords } = data.train;
  if (trained) narration.notice('trained already; scoring its checkpoint');
  else if (position.step > 0) narration.notice(`goes on after step ${position.step} of ${steps}`);
  const warmup = endlessWarmup(request.config.training, steps);
  if (warmup !== null && !trained) narration.notice(warmup);
  if (model.headMissing) narration.notice('the checkpoint has no classifier: a new one is drawn from the seed');
  if (truncatedRows > 0) {
    narration.notice(
      `${truncatedRows} training rows are longer than tokenization.maxLength: ${truncatedWords} words are cut off`,
    );
  }
  if (emptyWords > 0) narration.notice(`${emptyWords} words of the training rows give no subword`);
}

/** Put right what a killed process left here, so that this run finds whole files only. */
async function clearLeftovers(run: RunDirectory): Promise<void> {
  try {
    await restoreCheckpointFolder(run.checkpoint);
    await removeLeftovers(run.root, runLayout, true);
    await writeMark(run.root, 'run'); // Runs of 0.1.0 have none.
  } catch (error) {
    throw error instanceof PanxError ? error : cannotWrite(run.root, error);
  }
}

/** Remove what an earlier run left, and say what this one is; files that are not a run's stay. */
async function begin(run: RunDirectory, { config, identity }: StageRequest): Promise<void> {
  try {
    await clearRun(run);
  } catch (error) {
    throw cannotWrite(run.root, error);
  }
  await writeJson(run.config, config);
  await writeJson(run.identity, identity);
}

async function refuseChanges(run: RunDirectory, now: StageIdentity): Promise<void> {
  const other = await otherVersion(run);
  if (other !== null) {
    throw new PanxError(`${other}; only the version that began a run goes on with it.`, {
      hint: useThatVersion,
      exitCode: 2,
    });
  }
  const there = await readIdentity(run);
  const different = there.key === now.key ? [] : differences(there, now);
  if (different.length === 0) return;
  throw new PanxError(`${run.root} was begun otherwise: ${different.join('; ')}.`, {
    hint: 'Go on with the settings, data and model that it was begun with, or start anew: --force, or another --out.',
    exitCode: 2,
  });
}

/** Where a profile is recorded, write what it has of a run that came as far as working; also of one that was stopped. */
async function leaveTrace({ profile }: StageRequest, run: RunDirectory): Promise<void> {
  if (!profile || !hasRounds(profile)) return;
  // The run is worth no less without, and its own error is the one to tell.
  await writeTrace(run.trace, profile).catch((error: unknown) => notice(messageOf(error)));
}

function stopped(step: number, of: number): PanxError {
  return new PanxError(`Stopped at step ${step} of ${of}; the training state is saved.`, {
    hint: 'Type the same command again to go on (panx train: with --resume).',
    exitCode: 130,
  });
}
