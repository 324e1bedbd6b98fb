import tf = require('@tensorflow/tfjs-core');

import type { Precision } from '../engine/precision.js';
import { type EngineKernel, engineKernel, neededKernel } from './engine-kernel.js';
import { gelu } from './gelu.js';

export interface BiasGeluGradients {
  dx: tf.Tensor2D; // (N, I), as y in float32 or bfloat16
  dBias: tf.Tensor1D; // (I)
}

/**
 * The exact GELU of x + bias: what follows a linear map's matrix product.
 *
 * @param x (N, I). Taken over: the caller neither uses nor frees it again; it is freed by the backward at the latest.
 * @param bias (I). Belongs to the caller.
 * @param precision of the linear maps before and after, which alone take dx and y. bf16: the fused operation gives both rounded to
 * bfloat16, as those would round them, where I is even.
 * @returns y (N, I). Kept for the backward and freed by it: x where the operation is fused; else x + bias and Phi(x + bias).
 *
 * dx is GELU's gradient at x + bias (kernels/gelu.ts); db = the sum of dx over tokens.
 */
export function biasGelu(x: tf.Tensor2D, bias: tf.Tensor1D, precision: Precision): GeluOfSum {
  const fused = engineKernel('PanxBiasGelu');
  return fused === null ? plainBiasGelu(x, bias) : fusedBiasGelu(fused, x, bias, precision);
}

/** The same from operations that every backend has. */
export function plainBiasGelu(x: tf.Tensor2D, bias: tf.Tensor1D): GeluOfSum {
  const sum = tf.add<tf.Tensor2D>(x, bias); // (N, I)
  x.dispose();
  const [y, backward] = gelu(sum);
  return [
    y,
    dy => {
      const dx = backward(dy);
      return { dx, dBias: tf.sum<tf.Tensor1D>(dx, 0) };
    },
  ];
}

type GeluOfSum = [y: tf.Tensor2D, backward: (dy: tf.Tensor2D) => BiasGeluGradients];

/** operations/bias_gelu.cc */
function fusedBiasGelu(forward: EngineKernel, x: tf.Tensor2D, bias: tf.Tensor1D, precision: Precision): GeluOfSum {
  const rounds = precision === 'bf16' && x.shape[1] % 2 === 0;
  const attributes = { T: rounds ? 'bfloat16' : 'float32' };
  const [y] = forward([x, bias], attributes) as [tf.Tensor2D];
  return [
    y,
    dy => {
      const [dx, dBias] = neededKernel('PanxBiasGeluGrad')([dy, x, bias], attributes) as [tf.Tensor2D, tf.Tensor1D];
      x.dispose();
      return { dx, dBias };
    },
  ];
}
