import tf = require('@tensorflow/tfjs-core');

import type { Precision } from '../engine/precision.js';
import { type DropoutSeed, dropout } from './dropout.js';
import { type EngineKernel, engineKernel, neededKernel } from './engine-kernel.js';
import { layerNorm } from './layer-norm.js';

export interface ResidualNormOptions {
  /** LayerNorm's epsilon. */
  eps: number;
  /** Of dropout. Null as seed drops nothing either. */
  rate: number;
  seed: DropoutSeed | null;
  /** Whether the backward will be asked for; if not, the fused operation has nothing to keep, and less to write. */
  keep: boolean;
  /** What takes y next: linear maps that round it to bfloat16, where the fused operation can do that for them; default 'fp32'. */
  precision?: Precision;
}

export interface ResidualNormGradients {
  /** (N, C); the same tensor as dResidual where nothing is dropped and the operation is not fused. */
  dBranch: tf.Tensor2D;
  dBias: tf.Tensor1D; // (C)
  dResidual: tf.Tensor2D; // (N, C)
  dGamma: tf.Tensor1D; // (C)
  dBeta: tf.Tensor1D; // (C)
}

/**
 * LayerNorm(residual + dropout(branch + bias)): what follows the last matrix product of a sublayer.
 *
 * @param branch (N, C) the product, before its bias
 * @param bias (C)
 * @param residual (N, C)
 * @param gamma, beta (C) of LayerNorm
 * @returns y (N, C), and as the last, from the fused operation in bf16 where C is even, y rounded to bfloat16. The inputs belong to the caller, who
 * may free branch and residual at once. Kept for the backward and freed by it: the normalised sum (N, C), the inverse deviations of its rows, and,
 * where the operation is not fused, the dropout mask.
 *
 * With ds the gradient of LayerNorm's input (kernels/layer-norm.ts): dResidual = ds, dBranch = mask * ds, db = the sum of dBranch over tokens.
 * The fused operation draws a mask of its own from the seed: another than `dropout` draws, always the same.
 */
export function residualNorm(
  branch: tf.Tensor2D,
  bias: tf.Tensor1D,
  residual: tf.Tensor2D,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  options: ResidualNormOptions,
): NormOfSum {
  const fused = engineKernel('PanxResidualNorm');
  if (fused !== null) return fusedResidualNorm(fused, branch, bias, residual, gamma, beta, options);
  return plainResidualNorm(branch, bias, residual, gamma, beta, options);
}

/** The same from operations that every backend has. */
export function plainResidualNorm(
  branch: tf.Tensor2D,
  bias: tf.Tensor1D,
  residual: tf.Tensor2D,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  { eps, rate, seed }: ResidualNormOptions,
): NormOfSum {
  const biased = tf.add<tf.Tensor2D>(branch, bias); // (N, C)
  const [dropped, dropoutBackward] = dropout(biased, rate, seed);
  const summed = tf.add<tf.Tensor2D>(residual, dropped); // (N, C)
  tf.dispose([biased, dropped]);
  const [y, normBackward] = layerNorm(summed, gamma, beta, eps);
  summed.dispose();
  return [
    y,
    dy => {
      const { dx: dResidual, dGamma, dBeta } = normBackward(dy);
      const dBranch = dropoutBackward(dResidual);
      return { dBranch, dBias: tf.sum<tf.Tensor1D>(dBranch, 0), dResidual, dGamma, dBeta };
    },
  ];
}

type NormOfSum = [
  y: tf.Tensor2D,
  backward: (dy: tf.Tensor2D) => ResidualNormGradients,
  rounded?: tf.Tensor2D | undefined,
];

/** operations/residual_norm.cc */
function fusedResidualNorm(
  forward: EngineKernel,
  branch: tf.Tensor2D,
  bias: tf.Tensor1D,
  residual: tf.Tensor2D,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  { eps, rate, seed, keep, precision }: ResidualNormOptions,
): NormOfSum {
  // The seed is an input and not an attribute: TensorFlow keeps a kernel for each set of attributes that it has met.
  const words = tf.tensor1d(seed === null ? [0, 0] : [seed[0] | 0, seed[1] | 0], 'int32');
  const dropped = seed === null ? 0 : rate;
  const round = precision === 'bf16' && branch.shape[1] % 2 === 0;
  const inputs = [branch, bias, residual, gamma, beta, words];
  const [y, normalized, inverseDeviation, rounded] = forward(inputs, { rate: dropped, eps, keep, round }) as [
    tf.Tensor2D,
    tf.Tensor2D,
    tf.Tensor1D,
    tf.Tensor2D,
  ];
  if (!round) rounded.dispose();
  return [
    y,
    dy => {
      const inputs = [dy, normalized, inverseDeviation, gamma, words];
      const [dBranch, dResidual, dBias, dGamma, dBeta] = neededKernel('PanxResidualNormGrad')(inputs, {
        rate: dropped,
      }) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D, tf.Tensor1D, tf.Tensor1D];
      tf.dispose([normalized, inverseDeviation, words]);
      return { dBranch, dBias, dResidual, dGamma, dBeta };
    },
    round ? rounded : undefined,
  ];
}
