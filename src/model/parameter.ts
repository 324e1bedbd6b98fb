import tf = require('@tensorflow/tfjs-core');

import type { Precision } from '../engine/precision.js';
import { asWeight, isWeight } from '../kernels/linear.js';
import type { RowGradient, RowUpdates } from '../kernels/row-updates.js';
import { distinctRows, sumByRow } from '../kernels/table-rows.js';
import { createVariable, type Variable } from '../kernels/variable.js';
import { phase } from '../system/profile.js';
import type { ParameterSpec } from './parameter-group.js';

/**
 * A tensor of a model's weights. `parts` are the checkpoint tensors it holds, stacked along the first axis: one for most, three for the fused
 * query/key/value projections. Names and shapes in files stay Hugging Face's.
 */
export interface Parameter {
  readonly parts: readonly ParameterSpec[];
  readonly shape: number[];
  readonly decay: boolean;
  /** Whether training changes it. One that is frozen takes no gradient: it neither decays nor counts for the norm that clipping looks at. */
  trainable: boolean;
  /** A table of which a batch uses few rows. */
  readonly rowwise: boolean;
  /** Its file has its rows head by head: how many heads; null: in the same order. */
  readonly interleavedHeads: number | null;
  /** float32, whatever it is multiplied in. */
  readonly variable: Variable;
  /** bf16: the weight of a linear map whose products are of bfloat16. */
  readonly precision: Precision;
  /** The current value, as `linear` takes it in that precision (`asWeight`); there only inside `withValues`. */
  value: tf.Tensor | null;
  /** What `asPanels` made of the value; there only where that was asked for inside `withValues`. */
  panels: tf.Tensor | null;
  /** The gradient summed over backward passes since it was last taken, or null. */
  gradient: tf.Tensor | null;
  /** The sum of the gradient's squares, where it came with the gradient; else null. */
  gradientSquares: tf.Scalar | null;
  /** Instead of `gradient`, where `rowUpdates` is there and only one backward pass was made: that of a table's rows. */
  rowGradient: RowGradient | null;
  /** How the optimizer updates a table row by row; null where it updates all of it at every step. */
  rowUpdates: RowUpdates | null;
}

/** A parameter from the values of its parts, stacked in order. */
export function createParameter(
  parts: readonly ParameterSpec[],
  values: Float32Array,
  shape: number[],
  precision: Precision,
  {
    rowwise = false,
    interleavedHeads = null,
    trainable = true,
  }: Partial<Pick<Parameter, 'rowwise' | 'interleavedHeads' | 'trainable'>> = {},
): Parameter {
  const variable = createVariable(values, shape);
  return {
    parts,
    shape,
    decay: parts[0]!.decay,
    trainable,
    rowwise,
    interleavedHeads,
    variable,
    precision,
    value: null,
    panels: null,
    gradient: null,
    gradientSquares: null,
    rowGradient: null,
    rowUpdates: null,
  };
}

/** The value of a parameter inside `withValues`, under the rank that the caller knows it has. */
export function currentValue<R extends tf.Tensor>(parameter: Parameter): R {
  if (parameter.value === null) throw new Error(`${parameter.parts[0]!.name} is read outside withValues`);
  return parameter.value as R;
}

/** The value laid out by `make`, once for as long as it is at hand. */
export function currentPanels<R extends tf.Tensor>(parameter: Parameter, make: (value: tf.Tensor2D) => R): R {
  parameter.panels ??= tf.keep(make(currentValue(parameter)));
  return parameter.panels as R;
}

/**
 * Add to the gradient of a table: to that of each token's row what the token gives.
 *
 * @param ids, idsOnHost (N) each token's row
 * @param values (N, C) belong to the caller
 */
export function addRowGradient(
  parameter: Parameter,
  ids: tf.Tensor1D,
  idsOnHost: Int32Array,
  values: tf.Tensor2D,
): void {
  if (!parameter.trainable) return;
  if (parameter.rowUpdates === null || parameter.gradient !== null || parameter.rowGradient !== null) {
    addGradient(parameter, sumByRow(values, ids, parameter.shape[0]!));
    return;
  }
  const { rows, placeOfToken } = distinctRows(idsOnHost, parameter.shape[0]!);
  parameter.rowGradient = { rows, values: tf.keep(sumByRow(values, placeOfToken, rows.length)) };
  placeOfToken.dispose();
}

/** Add to a parameter's gradient; takes over the tensor. */
export function addGradient(parameter: Parameter, gradient: tf.Tensor): void {
  if (!parameter.trainable) {
    gradient.dispose();
    return;
  }
  if (parameter.rowGradient !== null) {
    const { rows, values } = parameter.rowGradient;
    parameter.rowGradient = null;
    const ids = tf.tensor1d(rows, 'int32');
    setGradient(parameter, sumByRow(values, ids, parameter.shape[0]!), null);
    tf.dispose([ids, values]);
  }
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
  if (!parameter.trainable) {
    gradient.dispose();
    squares?.dispose();
    return;
  }
  clearGradient(parameter);
  parameter.gradient = tf.keep(gradient);
  parameter.gradientSquares = squares === null ? null : tf.keep(squares);
}

/**
 * Run `work` with every parameter's value at hand. Afterwards the values are let go, so
 * that the next update happens in place (in that of the live ones too) instead of copying the buffer.
 *
 * @param rows of tables that are updated row by row, those that will be looked at; null: all
 */
export async function withValues<Result>(
  parameters: readonly Parameter[],
  rows: Int32Array | null,
  work: () => Result | Promise<Result>,
): Promise<Result> {
  phase('weights', () => {
    for (const parameter of parameters) parameter.value = valueAtHand(parameter, rows);
  });
  try {
    return await work();
  } finally {
    for (const parameter of parameters) {
      if (!parameter.variable.isLive) parameter.value?.dispose();
      parameter.value = null;
      parameter.panels?.dispose();
      parameter.panels = null;
    }
  }
}

/** The value as `linear` takes it: the live one where that is so, since reading a hundred variables anew takes longer than some layers do. */
function valueAtHand({ variable, precision, rowUpdates }: Parameter, rows: Int32Array | null): tf.Tensor {
  rowUpdates?.catchUp(rows);
  const live = isWeight(precision) ? variable.live() : null;
  if (live !== null) return live;
  const value = variable.peek();
  if (isWeight(precision)) return tf.keep(value);
  const operand = tf.keep(asWeight(value as tf.Tensor2D, precision));
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
  parameter.rowGradient?.values.dispose();
  parameter.gradient = null;
  parameter.gradientSquares = null;
  parameter.rowGradient = null;
}
