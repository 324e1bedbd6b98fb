import tf = require('@tensorflow/tfjs-core');

import { adamWOfAll } from '../kernels/adamw.js';
import { rowUpdates } from '../kernels/row-updates.js';
import { squaredNormOfAll } from '../kernels/squared-norm.js';
import { createVariable, type Variable } from '../kernels/variable.js';
import { clearGradients, type Parameter } from '../model/parameter.js';

/** AdamW with clipping by the global norm, as Hugging Face Trainer sets it up (torch.optim.AdamW, adamw_torch). */
export interface Optimizer {
  /** Updates made so far: t of the equations. Restarts with every stage. */
  steps: number;
  readonly moments: ReadonlyMap<Parameter, { first: Variable; second: Variable }>;
  /**
   * One update from the parameters' gradients, which are let go.
   * @returns the global L2 norm of the gradients before clipping.
   */
  update(learningRate: number): Promise<number>;
  dispose(): void;
}

export interface OptimizerSettings {
  weightDecay: number;
  /** Clip the global norm to this; 0 leaves the gradients as they are. */
  maxGradNorm: number;
}

const beta1 = 0.9;
const beta2 = 0.999;
const eps = 1e-8;

/**
 * An optimizer of the trainable ones among some parameters, with zero moments.
 *
 * @param stepsMade updates that were made before, in a run that is gone on with: its moments are then to be assigned
 */
export function createOptimizer(ofModel: readonly Parameter[], settings: OptimizerSettings, stepsMade = 0): Optimizer {
  const parameters = ofModel.filter(({ trainable }) => trainable);
  const moments = new Map(
    parameters.map(parameter => {
      const zeros = () => createVariable(null, parameter.shape);
      return [parameter, { first: zeros(), second: zeros() }];
    }),
  );
  for (const parameter of parameters) {
    if (!parameter.rowwise) continue;
    const { first, second } = moments.get(parameter)!;
    const updates = rowUpdates(parameter.variable, first, second, stepsMade);
    parameter.rowUpdates = updates;
    if (updates === null) continue;
    for (const variable of [parameter.variable, first, second]) variable.beforeRead = () => updates.catchUp(null);
  }
  const optimizer: Optimizer = {
    steps: stepsMade,
    moments,
    update: async learningRate => {
      optimizer.steps++;
      const norm = await gradientNorm(parameters);
      const clip = settings.maxGradNorm > 0 ? Math.min(1, settings.maxGradNorm / (norm + 1e-6)) : 1;
      const at = { learningRate, beta1, beta2, eps, step: optimizer.steps };
      const weightDecayOf = (parameter: Parameter) => (parameter.decay ? settings.weightDecay : 0);
      const byRow = parameters.filter(({ rowUpdates, gradient }) => rowUpdates !== null && gradient === null);
      for (const parameter of byRow) {
        parameter.rowUpdates!.update(parameter.rowGradient, { ...at, weightDecay: weightDecayOf(parameter) }, clip);
      }
      const whole = parameters.filter(parameter => !byRow.includes(parameter));
      for (const { rowUpdates } of whole) rowUpdates?.catchUp(null);
      tf.tidy(() => {
        const updates = whole.map(parameter => {
          const { first, second } = moments.get(parameter)!;
          return {
            parameter: parameter.variable,
            firstMoment: first,
            secondMoment: second,
            gradient: parameter.gradient ?? tf.zeros(parameter.shape),
            weightDecay: weightDecayOf(parameter),
          };
        });
        adamWOfAll(updates, at, clip);
      });
      for (const { rowUpdates } of whole) rowUpdates?.madeElsewhere(optimizer.steps);
      clearGradients(parameters);
      return norm;
    },
    dispose: () => {
      for (const parameter of parameters) {
        parameter.variable.read().dispose(); // What is still to be done for it needs the moments.
        parameter.variable.beforeRead = null;
        parameter.rowUpdates = null;
      }
      for (const { first, second } of moments.values()) {
        first.dispose();
        second.dispose();
      }
    },
  };
  return optimizer;
}

/** The L2 norm of all gradients taken as one vector. */
async function gradientNorm(parameters: readonly Parameter[]): Promise<number> {
  const gradients = parameters.flatMap(({ gradient, gradientSquares, rowGradient }) => {
    if (rowGradient !== null) return [rowGradient.values];
    return gradient === null || gradientSquares !== null ? [] : [gradient];
  });
  const known = parameters.flatMap(({ gradientSquares }) => gradientSquares ?? []);
  if (gradients.length + known.length === 0) return 0;
  const total = squaredNormOfAll(gradients, known);
  const [squares] = await total.data();
  total.dispose();
  return Math.sqrt(squares!);
}
