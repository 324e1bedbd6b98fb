import type { Engine } from '../engine/engine.js';
import type { Precision } from '../engine/precision.js';
import { PanxError } from '../errors.js';
import type { RunDirectory } from '../run/directory.js';
import { cutLog, type EvaluationEvent, type EventLog, openEventLog } from '../run/events.js';
import { writeJson } from '../system/files.js';
import type { RunData } from './corpus.js';
import { type GitState, untoldRecorder, writeEnvironment } from './environment.js';
import type { Plan } from './history.js';
import { type LoadedTraining, loadTraining } from './load-training.js';
import { type Narration, narrate } from './narration.js';
import type { StageRequest } from './stage.js';
import type { Standing } from './standing.js';
import { startNotices } from './start-notices.js';
import { splitsNamed, tellUnseen } from './unseen-words.js';

/** What the parts of a running stage share. */
export interface Session extends LoadedTraining {
  request: StageRequest;
  run: RunDirectory;
  plan: Plan;
  /** Optimizer steps in all, where nothing ends it early. */
  steps: number;
  /** What an interrupted part of this run has scored. */
  past: readonly EvaluationEvent[];
  log: EventLog;
  narration: Narration;
  /** See `untoldRecorder`. */
  recordUntold(step: number | null): Promise<void>;
  close(): void;
}

/** What a session is made of. */
export interface Parts extends Pick<Session, 'request' | 'run' | 'plan'> {
  /** As it was read. */
  data: RunData;
  engine: Engine & { precision: Precision };
  standing: Standing;
  git: GitState | null;
}

/**
 * Load the model and the optimizer as far as the run has come, write what the run is and where, and cut from its log what is done again.
 *
 * @throws PanxError where the model does not fit the data, or the training state is damaged
 */
export async function openSession(parts: Parts): Promise<Session> {
  const { request, run, engine, plan, standing, git } = parts;
  const { steps, stepsPerEpoch } = plan.course;
  const loaded = await loadTraining(parts);
  const { data, start, model } = loaded;
  const fromStep = start.step;
  try {
    await writeJson(run.config, request.config);
    await writeJson(run.identity, request.identity); // Of a run that is gone on with it says the same, but may be written otherwise.
    const { environment, history } = standing;
    const difference = await writeEnvironment(run.environment, engine, request, data.files, fromStep, git, environment);
    await cutLog(run, history.bytes);
    const epochs = Math.ceil(steps / stepsPerEpoch);
    const session: Session = {
      ...loaded,
      ...{ request, run, plan, steps },
      past: history.evaluations,
      log: openEventLog(run),
      narration: narrate(request.label, { epochs, totalSteps: steps, fromStep, outlook: request.outlook }),
      recordUntold: untoldRecorder(run.environment),
      close() {
        session.log.close();
        loaded.dispose();
      },
    };
    for (const text of startNotices(request.config, data, { ...session, trained: standing.trained })) {
      session.narration.notice(text);
    }
    const scored = [...data.validation, ...data.test];
    const uses = scored.length === 0 ? (['training'] as const) : (['training', 'scores'] as const);
    const sets = splitsNamed([...data.training, ...scored]);
    tellUnseen(sets, uses, request.config, model.config);
    if (difference !== null) session.narration.notice(`${difference}: bytes may differ from an unbroken run's`);
    return session;
  } catch (error) {
    loaded.dispose();
    throw error;
  }
}

/** The error with which a stage ends that was asked to stop; what it needs to go on is saved by then. */
export function stopped(step: number, of: number): PanxError {
  return new PanxError(`Stopped at step ${step} of ${of}; the training state is saved.`, {
    hint: 'Type the same command again to go on (panx train: with --resume).',
    exitCode: 130,
  });
}
