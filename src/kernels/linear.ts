import tf = require('@tensorflow/tfjs-core');

import type { Precision } from '../engine/precision.js';
import { isBfloat16, toBfloat16 } from './bfloat16.js';
import { type EngineKernel, engineKernel, neededKernel } from './engine-kernel.js';
import { matMul } from './mat-mul.js';

export interface LinearGradients {
  dx: tf.Tensor2D; // (N, I)
  dWeight: tf.Tensor2D; // (O, I)
  /** (O); null where the map has no bias. */
  dBias: tf.Tensor1D | null;
  /** The sum of dWeight's squares, where it came with it; else null. */
  dWeightSquares: tf.Scalar | null;
}

/** Gradients from elsewhere that the new ones are added to, in the pass that computes them. They belong to the caller. */
export interface AddTo {
  dx?: tf.Tensor2D | null;
  dWeight?: tf.Tensor2D | null;
}

/**
 * y = x W^T + b.
 *
 * @param x (N, I). Belongs to the caller, who may free it at once. In bf16 it may be of bfloat16 already, and dy too where there is no bias.
 * @param weight (O, I), the layout of torch.nn.Linear, made by `asWeight` for this precision
 * @param bias (O), or null where what follows adds it (biasGelu, residualNorm)
 * @param precision fp32: everything in float32. bf16: the operands of the three products are rounded to bfloat16, exact products added up
 * in float32; where TensorFlow multiplies, the sum is rounded to bfloat16 too, as torch.autocast does. Outputs and gradients are
 * float32 in both.
 * @returns y (N, O). Kept for the backward: weight, which belongs to the caller; and, freed by it, x.
 *
 * dx = dy W, dW = dy^T x, db = the sum of dy over tokens.
 */
export function linear(x: tf.Tensor2D, weight: tf.Tensor2D, bias: tf.Tensor1D | null, precision: Precision): Linear {
  const fused = engineLinear(precision);
  return fused === null ? plainLinear(x, weight, bias, precision) : fusedLinear(fused, x, weight, bias, precision);
}

type Linear = [y: tf.Tensor2D, backward: (dy: tf.Tensor2D, addTo?: AddTo) => LinearGradients];

/** A copy of a weight as `linear` takes it: in bfloat16 where TensorFlow multiplies in that; panx's own product rounds as it reads. */
export function asWeight(weight: tf.Tensor2D, precision: Precision): tf.Tensor2D {
  return isWeight(precision) ? tf.clone(weight) : asOperand(weight, precision);
}

/** Whether `linear` takes a weight as it is. */
export function isWeight(precision: Precision): boolean {
  return precision === 'fp32' || engineLinear(precision) !== null;
}

/** The same from operations that every backend has. */
export function plainLinear(
  x: tf.Tensor2D,
  weight: tf.Tensor2D,
  bias: tf.Tensor1D | null,
  precision: Precision,
): Linear {
  const operand = asOperand(x, precision); // (N, I)
  const product = matMul(operand, weight, false, true); // (N, O)
  return [
    addAndFree(product, bias),
    (dy, addTo = {}) => {
      const dOperand = asOperand(dy, precision); // (N, O)
      const dx = addAndFree(matMul(dOperand, weight), addTo.dx ?? null);
      const dWeight = addAndFree(matMul(dOperand, operand, true, false), addTo.dWeight ?? null);
      tf.dispose([operand, dOperand]);
      return { dx, dWeight, dBias: bias === null ? null : tf.sum<tf.Tensor1D>(dy, 0), dWeightSquares: null };
    },
  ];
}

/** A clone shares its values. */
function asOperand(x: tf.Tensor2D, precision: Precision): tf.Tensor2D {
  return precision === 'bf16' && !isBfloat16(x) ? toBfloat16(x) : tf.clone(x);
}

function addAndFree(x: tf.Tensor2D, addend: tf.Tensor | null): tf.Tensor2D {
  if (addend === null) return x;
  const sum = tf.add<tf.Tensor2D>(x, addend);
  x.dispose();
  return sum;
}

/** The engine's own product in a precision, or null. */
function engineLinear(precision: Precision): EngineKernel | null {
  return engineKernel(precision === 'bf16' ? 'PanxLinearBfloat16' : 'PanxLinear');
}

/** operations/linear.cc */
function fusedLinear(
  forward: EngineKernel,
  x: tf.Tensor2D,
  weight: tf.Tensor2D,
  bias: tf.Tensor1D | null,
  precision: Precision,
): Linear {
  const operand = tf.clone(x);
  const biases = given([bias]);
  const Tx = typeOf(x);
  const [y] = forward([x, weight, ...biases], { Tx, biases: biases.length });
  return [
    y as tf.Tensor2D,
    (dy, addTo = {}) => {
      const [dxs, dWeights] = [given([addTo.dx]), given([addTo.dWeight])];
      const backward = neededKernel(precision === 'bf16' ? 'PanxLinearGradBfloat16' : 'PanxLinearGrad');
      const inputs = [dy, operand, weight, ...dxs, ...dWeights];
      const counts = { dxs: dxs.length, dweights: dWeights.length, bias: bias !== null };
      const [dx, dWeight, dBias, squares] = backward(inputs, { Tdy: typeOf(dy), Tx, ...counts }) as [
        tf.Tensor2D,
        tf.Tensor2D,
        tf.Tensor1D,
        tf.Scalar,
      ];
      operand.dispose();
      if (bias === null) dBias.dispose();
      return { dx, dWeight, dBias: bias === null ? null : dBias, dWeightSquares: squares };
    },
  ];
}

function typeOf(x: tf.Tensor): 'bfloat16' | 'float32' {
  return isBfloat16(x) ? 'bfloat16' : 'float32';
}

function given<Item>(items: readonly (Item | null | undefined)[]): Item[] {
  return items.filter(item => item !== null && item !== undefined);
}
