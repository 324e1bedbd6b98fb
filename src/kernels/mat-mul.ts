import tf = require('@tensorflow/tfjs-core');

import { isBfloat16, multiplyBfloat16 } from './bfloat16.js';
import { engineKernel } from './engine-kernel.js';

/**
 * The product of two matrices, each transposed first where asked for: (M, K) x (K, N) -> (M, N).
 *
 * TensorFlow multiplies transposed operands as fast as plain ones. WebAssembly has a fast path for plain operands only, which an
 * explicit transposition costs less than to leave. Two matrices of bfloat16 have a product in float32 too.
 */
export function matMul(a: tf.Tensor2D, b: tf.Tensor2D, transposeA = false, transposeB = false): tf.Tensor2D {
  if (isBfloat16(a)) return multiplyBfloat16(a, b, transposeA, transposeB);
  const multiply = engineKernel('PanxMatMul');
  if (multiply !== null) return multiply([a, b], { transposeA, transposeB })[0] as tf.Tensor2D;
  return tf.tidy(() => tf.matMul(transposeA ? tf.transpose(a) : a, transposeB ? tf.transpose(b) : b));
}
