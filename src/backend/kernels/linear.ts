import * as tf from '@tensorflow/tfjs-core';
import type { WithBackward } from './backward.js';
import { matMul } from './mat-mul.js';

export interface LinearGradients {
  dx: tf.Tensor2D; // (N, I)
  dWeight: tf.Tensor2D; // (O, I)
  dBias: tf.Tensor1D; // (O)
}

/**
 * y = x W^T + b.
 *
 * @param x (N, I)
 * @param weight (O, I), the layout of torch.nn.Linear
 * @param bias (O)
 * @returns y (N, O). Kept for the backward: x and weight, which belong to the caller.
 *
 * dx = dy W, dW = dy^T x, db = the sum of dy over tokens.
 */
export function linear(
  x: tf.Tensor2D,
  weight: tf.Tensor2D,
  bias: tf.Tensor1D,
): WithBackward<tf.Tensor2D, LinearGradients> {
  const y = tf.tidy(() => tf.add<tf.Tensor2D>(matMul(x, weight, false, true), bias)); // (N, O)
  return [
    y,
    dy => ({
      dx: matMul(dy, weight),
      dWeight: matMul(dy, x, true, false),
      dBias: tf.sum<tf.Tensor1D>(dy, 0),
    }),
  ];
}
