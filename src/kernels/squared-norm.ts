import tf = require('@tensorflow/tfjs-core');

import { engineKernel } from './engine-kernel.js';

/** The sum of squares of all elements, a scalar. */
export function squaredNorm(x: tf.Tensor): tf.Scalar {
  const ofOne = engineKernel('PanxSquaredNormOfOne');
  return ofOne === null ? tf.tidy(() => tf.sum(tf.square(x))) : (ofOne([x])[0] as tf.Scalar);
}

/**
 * The sum of squares of all elements of some tensors, and of sums of squares that are known already: a scalar. Fused
 * (operations/squared_norm.cc) in one call, added up in double precision.
 */
export function squaredNormOfAll(tensors: readonly tf.Tensor[], known: readonly tf.Scalar[] = []): tf.Scalar {
  const fused = engineKernel('PanxSquaredNorm');
  if (fused === null) return plainSquaredNormOfAll(tensors, known);
  return fused([...tensors, ...known], { N: tensors.length, K: known.length })[0] as tf.Scalar;
}

/** The same, one tensor after the other. */
export function plainSquaredNormOfAll(tensors: readonly tf.Tensor[], known: readonly tf.Scalar[] = []): tf.Scalar {
  return tf.tidy(() => tf.sum(tf.stack([...tensors.map(squaredNorm), ...known])));
}
