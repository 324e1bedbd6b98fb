import tf = require('@tensorflow/tfjs-core');

import type { ModelConfig } from '../checkpoint/config.js';
import type { Precision } from '../engine/precision.js';
import type { WithBackward } from './backward.js';
import { type BiasGeluGradients, biasGelu } from './bias-gelu.js';

/** What stands between the two linear maps of a feed-forward network, as config.json calls it. */
type Activation = ModelConfig['activation'];

/**
 * The activation of x + bias: what follows a linear map's matrix product.
 *
 * @param x (N, I). Taken over: the caller neither uses nor frees it again; it is freed by the backward at the latest.
 * @param bias (I). Belongs to the caller.
 * @param precision of the linear maps before and after; see `biasGelu`
 * @returns y (N, I), and the backward, which frees what was kept for it
 */
export function biasActivation(
  x: tf.Tensor2D,
  bias: tf.Tensor1D,
  activation: Activation,
  precision: Precision,
): [y: tf.Tensor2D, backward: (dy: tf.Tensor2D) => BiasGeluGradients] {
  switch (activation) {
    case 'gelu':
      return biasGelu(x, bias, precision);
    case 'relu':
      return ofSum(relu, x, bias);
    // Two names for one equation: the first is written out in transformers, the second is torch's own.
    case 'gelu_new':
    case 'gelu_pytorch_tanh':
      return ofSum(tanhGelu, x, bias);
    case 'silu':
      return ofSum(silu, x, bias);
  }
}

type Elementwise = (x: tf.Tensor2D) => WithBackward<tf.Tensor2D, tf.Tensor2D>;

function ofSum(
  of: Elementwise,
  x: tf.Tensor2D,
  bias: tf.Tensor1D,
): [y: tf.Tensor2D, backward: (dy: tf.Tensor2D) => BiasGeluGradients] {
  const sum = tf.add<tf.Tensor2D>(x, bias); // (N, I)
  x.dispose();
  const [y, backward] = of(sum);
  return [
    y,
    dy => {
      const dx = backward(dy);
      sum.dispose();
      return { dx, dBias: tf.sum<tf.Tensor1D>(dx, 0) };
    },
  ];
}

/** y = max(x, 0); dx = dy where x > 0, else 0, at 0 too, as torch has it. */
function relu(x: tf.Tensor2D): WithBackward<tf.Tensor2D, tf.Tensor2D> {
  return [tf.relu<tf.Tensor2D>(x), dy => tf.tidy(() => tf.mul<tf.Tensor2D>(dy, tf.cast(tf.greater(x, 0), 'float32')))];
}

const scale = Math.sqrt(2 / Math.PI);
const cubic = 0.044715;

/**
 * y = x (1 + t) / 2 with t = tanh(u), u = sqrt(2 / pi) (x + 0.044715 x^3) (Hendrycks & Gimpel 2016, section 2).
 *
 * dx = dy ((1 + t) / 2 + x (1 - t^2) u' / 2), u' = sqrt(2 / pi) (1 + 3 * 0.044715 x^2).
 */
function tanhGelu(x: tf.Tensor2D): WithBackward<tf.Tensor2D, tf.Tensor2D> {
  const tanhOf = () => tf.tanh(tf.mul(tf.mul(x, scale), tf.add(tf.mul(tf.square(x), cubic), 1)));
  return [
    tf.tidy(() => tf.mul<tf.Tensor2D>(tf.mul(x, 0.5), tf.add(tanhOf(), 1))),
    dy =>
      tf.tidy(() => {
        const t = tanhOf(); // (N, I)
        const inner = tf.mul(tf.add(tf.mul(tf.square(x), 3 * cubic), 1), scale); // u'
        const slope = tf.mul(tf.mul(x, tf.sub(1, tf.square(t))), inner);
        return tf.mul<tf.Tensor2D>(dy, tf.mul(tf.add(tf.add(t, 1), slope), 0.5));
      }),
  ];
}

/** y = x s with s = 1 / (1 + exp(-x)); dx = dy s (1 + x (1 - s)). */
function silu(x: tf.Tensor2D): WithBackward<tf.Tensor2D, tf.Tensor2D> {
  return [
    tf.tidy(() => tf.mul<tf.Tensor2D>(x, tf.sigmoid(x))),
    dy =>
      tf.tidy(() => {
        const s = tf.sigmoid(x); // (N, I)
        return tf.mul<tf.Tensor2D>(dy, tf.mul(s, tf.add(tf.mul(x, tf.sub(1, s)), 1)));
      }),
  ];
}
