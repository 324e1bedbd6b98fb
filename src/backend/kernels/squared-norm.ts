import * as tf from '@tensorflow/tfjs-core';
import { nativeEngine } from '../native.js';

/** The sum of squares of all elements, a scalar. */
export function squaredNorm(x: tf.Tensor): tf.Scalar {
  const native = nativeEngine();
  if (native === null) return tf.tidy(() => tf.sum(tf.square(x)));
  // L2Loss is sum(x^2) / 2 in one pass and without a temporary of x's size.
  return tf.tidy(() => tf.mul(native.run('L2Loss', [x], [native.type('T', 'float32')], 1)[0] as tf.Scalar, 2));
}
