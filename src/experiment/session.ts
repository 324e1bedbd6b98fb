import type { Engine } from '../engine/engine.js';
import type { Precision } from '../engine/precision.js';
import { PanxError } from '../errors.js';
import { checkLabels } from '../evaluation/score.js';
import { loadTokenClassifier, type TokenClassifier } from '../model/token-classifier.js';
import type { RunDirectory } from '../run/directory.js';
import { cutLog, type EvaluationEvent, type EventLog, openEventLog } from '../run/events.js';
import { writeJson } from '../system/files.js';
import { phase } from '../system/profile.js';
import type { Position } from '../training/loop.js';
import { createOptimizer, type Optimizer } from '../training/optimizer.js';
import { endlessWarmup } from '../training/schedule.js';
import { restoreState } from '../training/state.js';
import { type RunData, withLabelsOf } from './corpus.js';
import { goingOn } from './damaged-run.js';
import { type GitState, writeEnvironment } from './environment.js';
import type { Plan } from './history.js';
import { type Narration, narrate } from './narration.js';
import type { StageRequest } from './stage.js';
import type { Standing } from './standing.js';

/** What the parts of a running stage share. */
export interface Session {
  request: StageRequest;
  run: RunDirectory;
  data: RunData;
  model: TokenClassifier;
  optimizer: Optimizer;
  /** Where training begins, or goes on. */
  start: Position;
  /** Optimizer steps in all. */
  steps: number;
  /** Epochs that they go through, the last one perhaps in part. */
  epochs: number;
  /** What an interrupted part of this run has scored. */
  past: readonly EvaluationEvent[];
  log: EventLog;
  narration: Narration;
  close(): void;
}

/** What a session is made of. */
interface Parts extends Pick<Session, 'request' | 'run' | 'data'> {
  engine: Engine & { precision: Precision };
  plan: Plan;
  standing: Standing;
  git: GitState | null;
}

/**
 * Load the model and the optimizer as far as the run has come, write what the run is and where, and cut from its log what is done again.
 *
 * @throws PanxError where the model does not fit the data, or the training state is damaged
 */
export async function openSession({ request, run, data: read, engine, plan, standing, git }: Parts): Promise<Session> {
  const { config } = request;
  const { trained, stateFolder, history } = standing;
  const { course } = plan;
  const model = await phase('load model', () =>
    loadTokenClassifier(trained ? run.checkpoint : request.startFrom, {
      inputIds: [read.train.inputIds],
      newHead: { labels: read.labelNames, seed: config.seed },
      precision: engine.precision,
      freeze: config.training.freeze,
    }),
  );
  let optimizer: Optimizer | null = null;
  try {
    const ids = checkLabels(model.config.labels, read.labelNames, request.startFrom);
    const data = withLabelsOf(read, model.config.labels, ids);
    const { weightDecay, maxGradNorm } = config.training;
    const settings = { weightDecay, maxGradNorm };
    const opened = await phase('make optimizer', async () =>
      stateFolder === null
        ? { optimizer: createOptimizer(model.parameters, settings), position: trained ? atEnd(course.steps) : atStart }
        : await goingOn(() => restoreState(stateFolder, model, settings, course)),
    );
    optimizer = opened.optimizer;
    await writeJson(run.config, config);
    await writeJson(run.identity, request.identity); // Of a run that is gone on with it says the same, but may be written otherwise.
    const { environment } = standing;
    const difference = await writeEnvironment(
      run.environment,
      engine,
      request,
      data.files,
      opened.position.step,
      git,
      environment,
    );
    await cutLog(run, history.bytes);
    const epochs = Math.ceil(course.steps / course.stepsPerEpoch);
    const session: Session = {
      ...{ request, run, data, model, epochs },
      optimizer: opened.optimizer,
      start: opened.position,
      steps: course.steps,
      past: history.evaluations,
      log: openEventLog(run),
      narration: narrate(request.label, {
        ...{ epochs, totalSteps: course.steps, fromStep: opened.position.step },
        outlook: request.outlook,
      }),
      close() {
        session.log.close();
        opened.optimizer.dispose();
        model.dispose();
      },
    };
    describeStart(session, trained);
    if (difference !== null) session.narration.notice(`${difference}: bytes may differ from an unbroken run's`);
    return session;
  } catch (error) {
    optimizer?.dispose();
    model.dispose();
    throw error;
  }
}

const atStart: Position = { step: 0, epoch: 0, window: 0 };

function atEnd(steps: number): Position {
  return { step: steps, epoch: 0, window: 0 };
}

function describeStart({ request, data, model, steps, start, narration }: Session, trained: boolean): void {
  const { truncatedRows, truncatedWords, emptyWords } = data.train;
  if (trained) narration.notice('trained already; scoring its checkpoint');
  else if (start.step > 0) narration.notice(`goes on after step ${start.step} of ${steps}`);
  const warmup = endlessWarmup(request.config.training, steps);
  if (warmup !== null && !trained) narration.notice(warmup);
  if (model.headMissing && start.step === 0)
    narration.notice('the checkpoint has no classifier: a new one is drawn from the seed');
  if (truncatedRows > 0) {
    narration.notice(
      `${truncatedRows} training rows are longer than tokenization.maxLength: ${truncatedWords} words are cut off`,
    );
  }
  if (emptyWords > 0) narration.notice(`${emptyWords} words of the training rows give no subword`);
}

/** The error with which a stage ends that was asked to stop; what it needs to go on is saved by then. */
export function stopped(step: number, of: number): PanxError {
  return new PanxError(`Stopped at step ${step} of ${of}; the training state is saved.`, {
    hint: 'Type the same command again to go on (panx train: with --resume).',
    exitCode: 130,
  });
}
