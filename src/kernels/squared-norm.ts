import tf = require('@tensorflow/tfjs-core');

import { nativeEngine } from '../engine/tensorflow/native.js';

/** The sum of squares of all elements, a scalar. */
export function squaredNorm(x: tf.Tensor): tf.Scalar {
  const native = nativeEngine();
  if (native === null) return tf.tidy(() => tf.sum(tf.square(x)));
  // L2Loss is sum(x^2) / 2 in one pass and without a temporary of x's size.
  return tf.tidy(() => tf.mul(native.run('L2Loss', [x], [native.type('T', 'float32')], 1)[0] as tf.Scalar, 2));
}

/**
 * The sum of squares of all elements of some tensors, and of sums of squares that are known already: a scalar. Fused
 * (operations/squared_norm.cc) in one call, added up in double precision.
 */
export function squaredNormOfAll(tensors: readonly tf.Tensor[], known: readonly tf.Scalar[] = []): tf.Scalar {
  const native = nativeEngine();
  if (!native?.fused) return plainSquaredNormOfAll(tensors, known);
  const counts = [native.int('N', tensors.length), native.int('K', known.length)];
  return native.run('PanxSquaredNorm', [...tensors, ...known], counts, 1)[0] as tf.Scalar;
}

/** The same, one tensor after the other. */
export function plainSquaredNormOfAll(tensors: readonly tf.Tensor[], known: readonly tf.Scalar[] = []): tf.Scalar {
  return tf.tidy(() => tf.sum(tf.stack([...tensors.map(squaredNorm), ...known])));
}
