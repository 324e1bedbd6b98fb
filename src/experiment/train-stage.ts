import { writeCheckpointFolder } from '../checkpoint/folder.js';
import { openTensors } from '../checkpoint/weights.js';
import type { Config } from '../config/schema.js';
import type { Scores } from '../evaluation/score.js';
import type { DropoutPlan } from '../model/dropout-plan.js';
import { type TokenClassifier, tensorsOf } from '../model/token-classifier.js';
import { stateLayout } from '../run/layouts.js';
import { removeMade } from '../system/made.js';
import { phase } from '../system/profile.js';
import { asSegments } from '../tokenization/rows.js';
import { endEpoch, lastHeard } from '../training/epoch-end.js';
import { type LoopHooks, type Position, train } from '../training/loop.js';
import { saveState } from '../training/state.js';
import type { ScoredRows } from './corpus.js';
import { worthOf } from './listening.js';
import { sealCheckpoint } from './outputs.js';
import { scoreSplit } from './score-stage.js';
import { type Session, stopped } from './session.js';
import { mixtureOf } from './start-notices.js';

/**
 * Train from where the session begins to the end, with a training state saved every now and then and scores after every epoch, and write the checkpoint.
 *
 * @throws PanxError, among others where the stage is asked to stop: then a training state was saved first
 */
export async function trainAndSave(session: Session): Promise<void> {
  const { request, run, data, model, optimizer, kept, start, steps, narration } = session;
  const { listening } = session.plan;
  const { training, checkpoint, seed } = request.config;
  let savedAtMs = Date.now();
  const save = async (position: Position) => {
    const heard = session.heard === null ? null : lastHeard(session.heard, training);
    await phase('save state', async () =>
      saveState(run.state, { model, optimizer, kept, heard }, position, await session.log.seal()),
    );
    savedAtMs = Date.now();
  };
  const stopIfAsked = async (position: Position) => {
    if (!request.signal?.aborted) return;
    await save(position);
    throw stopped(position.step, steps);
  };
  const settings = {
    ...training,
    ...{ totalSteps: steps, seed, dropout: dropoutRates(model, training.dropout) },
    mixture: mixtureOf(request.config, data),
    learningRate: lastHeard(session.heard ?? [], training).peak,
  };
  const hooks: LoopHooks = {
    onStep: async (report, position) => {
      const { durationMs, ...step } = report;
      session.log.append({ event: 'step', ...step }, durationMs);
      narration.step(report);
      await session.recordUntold(position.step);
      const dueBySteps = checkpoint.everySteps !== null && position.step % checkpoint.everySteps === 0;
      const dueByTime = Date.now() - savedAtMs > checkpoint.everyMinutes * 60_000;
      if ((dueBySteps || dueByTime) && position.step < steps) await save(position);
      await stopIfAsked(position);
      // Lets signals through: everything else in a step is synchronous.
      await new Promise(resolve => setImmediate(resolve));
      return 'go on';
    },
    onEpochEnd: async (epoch, position) => {
      const scores: Scored[] = [];
      for (const split of data.validation) {
        const found = await scoreSplit(session, split, { step: position.step, epoch }, () => stopIfAsked(position));
        scores.push({ ...found, lang: split.lang, split: split.split });
      }
      const value = listening === null ? null : worthOf(scores, listening);
      const verdict = endEpoch(session, epoch, value, training);
      if (listening !== null) narration.heard(session.heard!, value!, listening);
      return verdict;
    },
  };
  await phase('training', () => train(model, optimizer, asSegments(data.train), settings, start, hooks));
  kept?.putBack();
  await phase('save checkpoint', () => saveCheckpoint(session));
}

type Scored = Scores & Pick<ScoredRows, 'lang' | 'split'>;

/** Write the trained model as a Hugging Face folder, then let the training state go. */
async function saveCheckpoint({ request, run, model, log }: Session): Promise<void> {
  const source = await openTensors(request.startFrom);
  try {
    const tensors = tensorsOf(model, source);
    const { lowerCase } = request.config.tokenization;
    const checkpoint = { config: model.config, tensors, tokenizerFrom: request.startFrom, lowerCase };
    await writeCheckpointFolder(run.checkpoint, checkpoint, { replace: true });
  } finally {
    await source.close();
  }
  log.flush();
  await sealCheckpoint(run);
  await removeMade(run.state, stateLayout);
}

/** training.dropout stands for every dropout of the model; null leaves each as the checkpoint's config.json has it. */
function dropoutRates({ config }: TokenClassifier, override: Config['training']['dropout']): DropoutPlan['rates'] {
  return {
    hiddenDropout: override ?? config.hiddenDropout,
    attentionDropout: override ?? config.attentionDropout,
    classifierDropout: override ?? config.classifierDropout,
  };
}
