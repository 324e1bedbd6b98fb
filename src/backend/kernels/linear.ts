import * as tf from '@tensorflow/tfjs-core';
import type { WithBackward } from './backward.js';
import { matMul } from './mat-mul.js';

export interface ProjectGradients {
  dx: tf.Tensor2D; // (N, I)
  dWeight: tf.Tensor2D; // (O, I)
}

export interface LinearGradients extends ProjectGradients {
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
 * db = the sum of dy over tokens; the others as in `project`.
 */
export function linear(
  x: tf.Tensor2D,
  weight: tf.Tensor2D,
  bias: tf.Tensor1D,
): WithBackward<tf.Tensor2D, LinearGradients> {
  const [product, backward] = project(x, weight); // (N, O)
  const y = tf.add<tf.Tensor2D>(product, bias);
  product.dispose();
  return [y, dy => ({ ...backward(dy), dBias: tf.sum<tf.Tensor1D>(dy, 0) })];
}

/**
 * y = x W^T, for what adds the bias itself (biasGelu, residualNorm).
 *
 * @param x (N, I)
 * @param weight (O, I)
 * @returns y (N, O). Kept for the backward: x and weight, which belong to the caller.
 *
 * dx = dy W, dW = dy^T x.
 */
export function project(x: tf.Tensor2D, weight: tf.Tensor2D): WithBackward<tf.Tensor2D, ProjectGradients> {
  return [
    matMul(x, weight, false, true),
    dy => ({
      dx: matMul(dy, weight),
      dWeight: matMul(dy, x, true, false),
    }),
  ];
}
