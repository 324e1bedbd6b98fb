import type * as tf from '@tensorflow/tfjs-core';
import { nativeEngine } from '../engine/tensorflow/native.js';

/**
 * A copy rounded to bfloat16: the nearest number with 8 significant bits, of two the even one. Sign and exponent are float32's, so
 * nothing overflows and no loss needs scaling.
 */
export function toBfloat16(x: tf.Tensor2D): tf.Tensor2D {
  return cast(x, 'float32', 'bfloat16');
}

/** A copy in float32, exact. */
export function fromBfloat16(x: tf.Tensor2D): tf.Tensor2D {
  return cast(x, 'bfloat16', 'float32');
}

/**
 * The product of two matrices of bfloat16, as torch.autocast computes it: products are exact in float32 and added up in float32; the
 * sum is rounded to bfloat16 (TensorFlow has no product of bfloat16 that gives float32 on a CPU) and given as float32.
 */
export function multiplyBfloat16(
  a: tf.Tensor2D,
  b: tf.Tensor2D,
  transposeA: boolean,
  transposeB: boolean,
): tf.Tensor2D {
  const native = nativeEngine()!; // Only there can such a matrix have been made.
  const attributes = [
    native.type('T', 'bfloat16'),
    native.bool('transpose_a', transposeA),
    native.bool('transpose_b', transposeB),
  ];
  const rounded = native.run('MatMul', [a, b], attributes, 1)[0] as tf.Tensor2D;
  const product = fromBfloat16(rounded);
  rounded.dispose();
  return product;
}

function cast(x: tf.Tensor2D, from: 'float32' | 'bfloat16', to: 'float32' | 'bfloat16'): tf.Tensor2D {
  const native = nativeEngine();
  if (native === null) throw new Error('bfloat16 is for TensorFlow alone');
  const attributes = [native.type('SrcT', from), native.type('DstT', to), native.bool('Truncate', false)];
  return native.run('Cast', [x], attributes, 1)[0] as tf.Tensor2D;
}
