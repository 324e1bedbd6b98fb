import tf = require('@tensorflow/tfjs-core');

import { isBfloat16 } from '../native.js';
import type { WithBackward } from './backward.js';
import { toBfloat16 } from './bfloat16.js';
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
 * @param weight (O, I), the layout of torch.nn.Linear; its precision is that of the products: see `project`
 * @param bias (O)
 * @returns y (N, O). Kept for the backward: what `project` keeps.
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
 * @param x (N, I). Belongs to the caller, who may free it at once.
 * @param weight (O, I). Where it is of bfloat16 (`toBfloat16`), so are the operands of all three products; outputs and gradients are
 * float32 all the same.
 * @returns y (N, O). Kept for the backward: weight, which belongs to the caller; and, freed by it, x in the weight's precision.
 *
 * dx = dy W, dW = dy^T x.
 */
export function project(x: tf.Tensor2D, weight: tf.Tensor2D): WithBackward<tf.Tensor2D, ProjectGradients> {
  const operandOf = isBfloat16(weight) ? toBfloat16 : tf.clone<tf.Tensor2D>; // A clone shares its values.
  const operand = operandOf(x); // (N, I)
  return [
    matMul(operand, weight, false, true),
    dy => {
      const dOperand = operandOf(dy); // (N, O)
      const gradients = { dx: matMul(dOperand, weight), dWeight: matMul(dOperand, operand, true, false) };
      tf.dispose([operand, dOperand]);
      return gradients;
    },
  ];
}
