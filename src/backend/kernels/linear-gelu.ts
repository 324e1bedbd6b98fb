import tf = require('@tensorflow/tfjs-core');

import { nativeEngine } from '../native.js';
import type { Precision } from '../precision.js';
import { biasGelu } from './bias-gelu.js';
import { linear, typeOf } from './linear.js';

/**
 * GELU(x W^T + b) where no backward will be asked for: to the bit what `linear` and then `biasGelu` give, without the product in between ever
 * being in memory (4 times x in a Transformer).
 *
 * @param x (N, I), weight (O, I), made by `asWeight` for this precision, bias (O): as `linear` takes them. They belong to the caller.
 * @returns y (N, O); in bf16 of bfloat16 where biasGelu's would be.
 */
export function linearGelu(x: tf.Tensor2D, weight: tf.Tensor2D, bias: tf.Tensor1D, precision: Precision): tf.Tensor2D {
  const native = nativeEngine();
  if (!native?.ownProducts.has(precision)) {
    return tf.tidy(() => biasGelu(linear(x, weight, null, precision)[0], bias, precision)[0]);
  }
  const rounds = precision === 'bf16' && weight.shape[0] % 2 === 0;
  const [y] = native.run(
    'PanxLinearGelu',
    [x, weight, bias],
    [
      typeOf(native, 'Tx', x),
      native.type('Ty', rounds ? 'bfloat16' : 'float32'),
      native.bool('bf16', precision === 'bf16'),
    ],
    1,
  );
  return y as tf.Tensor2D;
}
