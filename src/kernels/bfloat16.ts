import type * as tf from '@tensorflow/tfjs-core';
import { neededKernel } from './engine-kernel.js';

/** Whether a tensor is one of bfloat16. To TensorFlow.js these, like handles of variables, are strings, which it neither computes with nor reads. */
export function isBfloat16(tensor: tf.Tensor): boolean {
  return tensor.dtype === 'string';
}

/**
 * A copy rounded to bfloat16: the nearest number with 8 significant bits, of two the even one. Sign and exponent are float32's, so
 * nothing overflows and no loss needs scaling.
 */
export function toBfloat16(x: tf.Tensor2D): tf.Tensor2D {
  return neededKernel('PanxToBfloat16')([x])[0] as tf.Tensor2D;
}

/** A copy in float32, exact. */
export function fromBfloat16(x: tf.Tensor2D): tf.Tensor2D {
  return neededKernel('PanxFromBfloat16')([x])[0] as tf.Tensor2D;
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
  const rounded = neededKernel('PanxMatMulBfloat16')([a, b], { transposeA, transposeB })[0] as tf.Tensor2D;
  const product = fromBfloat16(rounded);
  rounded.dispose();
  return product;
}
