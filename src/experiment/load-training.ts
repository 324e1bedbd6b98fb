import { expectReadableLabels } from '../data/label-names.js';
import { checkLabels } from '../evaluation/score.js';
import { loadTokenClassifier, type TokenClassifier } from '../model/token-classifier.js';
import { phase } from '../system/profile.js';
import type { BesideTraining } from '../training/epoch-end.js';
import { keepWeights } from '../training/kept-weights.js';
import type { Position } from '../training/loop.js';
import { nothingHeard } from '../training/monitor.js';
import { createOptimizer, type Optimizer } from '../training/optimizer.js';
import { restoreState } from '../training/state.js';
import { type RunData, withLabelsOf } from './corpus.js';
import { goingOn } from './damaged-run.js';
import { endOf, heardInAll } from './ending.js';
import { heardIn } from './listening.js';
import type { Parts } from './session.js';

/** What is trained, as far as its run has come. */
export interface LoadedTraining extends BesideTraining {
  model: TokenClassifier;
  optimizer: Optimizer;
  /** With the label ids of the model. */
  data: RunData;
  /** Where training begins, or goes on. */
  start: Position;
  dispose(): void;
}

/**
 * Load the model of a training and what goes with it.
 *
 * @throws PanxError where the model does not fit the data, or the training state is damaged
 */
export async function loadTraining({
  request,
  run,
  data: read,
  engine,
  plan,
  standing,
}: Parts): Promise<LoadedTraining> {
  const { config } = request;
  const { trained, stateFolder, history } = standing;
  const { course, listening, select } = plan;
  const model = await phase('load model', () =>
    loadTokenClassifier(trained ? run.checkpoint : request.startFrom, {
      inputIds: [read.train.inputIds],
      newHead: { labels: read.labelNames, seed: config.seed, replaces: config.training.newHead },
      precision: engine.precision,
      freeze: config.training.freeze,
    }),
  );
  const kept = select === 'last' || trained ? null : keepWeights(model);
  try {
    expectReadableLabels(model.config.labels, model.headMissing ? 'The data' : request.startFrom);
    const ids = checkLabels(model.config.labels, read.labelNames, request.startFrom, true);
    const data = withLabelsOf(read, model.config.labels, ids);
    const { weightDecay, maxGradNorm } = config.training;
    const settings = { weightDecay, maxGradNorm };
    const heard =
      listening === null || trained
        ? heardInAll(plan, history.evaluations)
        : heardIn(history.evaluations, listening, standing.epochs);
    const expected = { course, select, heard, nothingHeard: nothingHeard(config.training) };
    const { optimizer, position } = await phase('make optimizer', async () =>
      stateFolder === null
        ? {
            optimizer: createOptimizer(model.parameters, settings),
            position: trained ? { ...endOf(plan, heard), window: 0 } : atStart,
          }
        : await goingOn(() => restoreState(stateFolder, model, settings, kept, expected)),
    );
    const dispose = () => {
      optimizer.dispose();
      kept?.dispose();
      model.dispose();
    };
    return { model, optimizer, data, kept, heard, start: position, dispose };
  } catch (error) {
    kept?.dispose();
    model.dispose();
    throw error;
  }
}

const atStart: Position = { step: 0, epoch: 0, window: 0 };
