import tf = require('@tensorflow/tfjs-core');

import type { WithBackward } from './backward.js';

export interface LayerNormGradients {
  dx: tf.Tensor2D; // (N, C)
  dGamma: tf.Tensor1D; // (C)
  dBeta: tf.Tensor1D; // (C)
}

/**
 * Layer normalisation over the last axis: y = gamma * xhat + beta with xhat = (x - mean) / sqrt(var + eps), the variance being the
 * biased one (Ba et al. 2016, eq. 4; torch.nn.LayerNorm).
 *
 * @param x (N, C)
 * @param gamma (C)
 * @param beta (C)
 * @returns y (N, C). Kept for the backward and freed by it: xhat (N, C) and 1/sqrt(var + eps) (N, 1).
 *
 * With g = dy * gamma: dx = (g - mean(g) - xhat * mean(g * xhat)) / sqrt(var + eps).
 */
export function layerNorm(
  x: tf.Tensor2D,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  eps: number,
): WithBackward<tf.Tensor2D, LayerNormGradients> {
  const { y, xhat, inverseStd } = tf.tidy(() => {
    const centred = tf.sub<tf.Tensor2D>(x, tf.mean(x, 1, true)); // (N, C)
    const variance = tf.mean(tf.square(centred), 1, true); // (N, 1)
    // NaN where the variance is beyond float32: 1 / infinity would make all tokens alike, which looks like a result.
    const inverseStd = tf.add<tf.Tensor2D>(tf.rsqrt(tf.add(variance, eps)), tf.mul(variance, 0)); // (N, 1)
    const xhat = tf.mul<tf.Tensor2D>(centred, inverseStd); // (N, C)
    const y = tf.add<tf.Tensor2D>(tf.mul(xhat, gamma), beta); // (N, C)
    return { y, xhat, inverseStd };
  });
  return [
    y,
    dy => {
      const gradients = tf.tidy(() => {
        const dyTimesXhat = tf.mul(dy, xhat); // (N, C)
        const g = tf.mul(dy, gamma); // (N, C)
        const projection = tf.mul(xhat, tf.mean(tf.mul(g, xhat), 1, true)); // (N, C)
        const dx = tf.mul<tf.Tensor2D>(tf.sub(tf.sub(g, tf.mean(g, 1, true)), projection), inverseStd);
        return { dx, dGamma: tf.sum<tf.Tensor1D>(dyTimesXhat, 0), dBeta: tf.sum<tf.Tensor1D>(dy, 0) };
      });
      tf.dispose([xhat, inverseStd]);
      return gradients;
    },
  ];
}
