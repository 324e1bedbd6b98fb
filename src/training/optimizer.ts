import tf = require('@tensorflow/tfjs-core');

import { adamWOfAll } from '../backend/kernels/adamw.js';
import { squaredNormOfAll } from '../backend/kernels/squared-norm.js';
import { createVariable, type Variable } from '../backend/kernels/variable.js';
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
  update(learningRate: number): number;
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

/** An optimizer with zero moments, or with the moments given (a resumed run). */
export function createOptimizer(
  parameters: readonly Parameter[],
  settings: OptimizerSettings,
  restored: { steps: number; moment: (parameter: Parameter, which: 'first' | 'second') => Float32Array } | null = null,
): Optimizer {
  const moments = new Map(
    parameters.map(parameter => {
      const moment = (which: 'first' | 'second') =>
        createVariable(restored?.moment(parameter, which) ?? null, parameter.shape);
      return [parameter, { first: moment('first'), second: moment('second') }];
    }),
  );
  const optimizer: Optimizer = {
    steps: restored?.steps ?? 0,
    moments,
    update: learningRate => {
      optimizer.steps++;
      const norm = gradientNorm(parameters);
      const clip = settings.maxGradNorm > 0 ? Math.min(1, settings.maxGradNorm / (norm + 1e-6)) : 1;
      tf.tidy(() => {
        const updates = parameters.map(parameter => {
          const { first, second } = moments.get(parameter)!;
          return {
            parameter: parameter.variable,
            firstMoment: first,
            secondMoment: second,
            gradient: parameter.gradient ?? tf.zeros(parameter.shape),
            weightDecay: parameter.decay ? settings.weightDecay : 0,
          };
        });
        adamWOfAll(updates, { learningRate, beta1, beta2, eps, step: optimizer.steps }, clip);
      });
      clearGradients(parameters);
      return norm;
    },
    dispose: () => {
      for (const { first, second } of moments.values()) {
        first.dispose();
        second.dispose();
      }
    },
  };
  return optimizer;
}

/** The L2 norm of all gradients taken as one vector. */
export function gradientNorm(parameters: readonly Parameter[]): number {
  const gradients = parameters.flatMap(p => (p.gradient === null || p.gradientSquares !== null ? [] : [p.gradient]));
  const known = parameters.flatMap(({ gradientSquares }) => gradientSquares ?? []);
  if (gradients.length + known.length === 0) return 0;
  const total = squaredNormOfAll(gradients, known);
  const norm = Math.sqrt(total.dataSync()[0]!);
  total.dispose();
  return norm;
}
