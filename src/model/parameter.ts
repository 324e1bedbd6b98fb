import tf = require('@tensorflow/tfjs-core');

import { asWeight } from '../backend/kernels/linear.js';
import { createVariable, type Variable } from '../backend/kernels/variable.js';
import type { Precision } from '../backend/precision.js';
import { phase } from '../run/profile.js';
import type { ParameterSpec } from './parameters.js';

/**
 * A trainable tensor. `parts` are the checkpoint tensors it holds, stacked along the first axis: one for most, three for the fused
 * query/key/value projections. Names and shapes in files stay Hugging Face's.
 */
export interface Parameter {
  readonly parts: readonly ParameterSpec[];
  readonly shape: number[];
  readonly decay: boolean;
  /** float32, whatever it is multiplied in. */
  readonly variable: Variable;
  /** bf16: the weight of a linear map whose products are of bfloat16. */
  readonly precision: Precision;
  /** The current value, as `linear` takes it in that precision (`asWeight`); there only inside `withValues`. */
  value: tf.Tensor | null;
  /** The gradient summed over backward passes since it was last taken, or null. */
  gradient: tf.Tensor | null;
  /** The sum of the gradient's squares, where it came with the gradient; else null. */
  gradientSquares: tf.Scalar | null;
}

/** A parameter from the values of its parts, stacked in order. */
export function createParameter(
  parts: readonly ParameterSpec[],
  values: Float32Array,
  shape: number[],
  precision: Precision,
): Parameter {
  const variable = createVariable(values, shape);
  return {
    parts,
    shape,
    decay: parts[0]!.decay,
    variable,
    precision,
    value: null,
    gradient: null,
    gradientSquares: null,
  };
}

/** The value of a parameter inside `withValues`, under the rank that the caller knows it has. */
export function currentValue<R extends tf.Tensor>(parameter: Parameter): R {
  if (parameter.value === null) throw new Error(`${parameter.parts[0]!.name} is read outside withValues`);
  return parameter.value as R;
}

/** Add to a parameter's gradient; takes over the tensor. */
export function addGradient(parameter: Parameter, gradient: tf.Tensor): void {
  if (parameter.gradient === null) {
    setGradient(parameter, gradient, null);
    return;
  }
  const sum = tf.add(parameter.gradient, gradient);
  gradient.dispose();
  setGradient(parameter, sum, null);
}

/** Replace a parameter's gradient by one that it has been added to already. Takes over the tensors. */
export function setGradient(parameter: Parameter, gradient: tf.Tensor, squares: tf.Scalar | null): void {
  clearGradient(parameter);
  parameter.gradient = tf.keep(gradient);
  parameter.gradientSquares = squares === null ? null : tf.keep(squares);
}

/**
 * Run `work` with every parameter's value at hand. Afterwards the values are let go, so
 * that the next update happens in place instead of copying the buffer.
 */
export async function withValues<Result>(
  parameters: readonly Parameter[],
  work: () => Result | Promise<Result>,
): Promise<Result> {
  phase('weights', () => {
    for (const parameter of parameters) parameter.value = tf.keep(readValue(parameter));
  });
  try {
    return await work();
  } finally {
    for (const parameter of parameters) {
      parameter.value?.dispose();
      parameter.value = null;
    }
  }
}

function readValue({ variable, precision }: Parameter): tf.Tensor {
  const value = variable.read();
  if (precision === 'fp32') return value;
  const operand = asWeight(value as tf.Tensor2D, precision);
  value.dispose();
  return operand;
}

/** Let go of all gradients. */
export function clearGradients(parameters: readonly Parameter[]): void {
  for (const parameter of parameters) clearGradient(parameter);
}

function clearGradient(parameter: Parameter): void {
  parameter.gradient?.dispose();
  parameter.gradientSquares?.dispose();
  parameter.gradient = null;
  parameter.gradientSquares = null;
}
