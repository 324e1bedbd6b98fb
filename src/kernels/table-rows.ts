import tf = require('@tensorflow/tfjs-core');

import type { WithBackward } from './backward.js';
import { engineKernel } from './engine-kernel.js';

/**
 * Rows of a table: y[n] = table[ids[n]].
 *
 * @param table (V, C)
 * @param ids (N) int32
 * @returns y (N, C); the backward gives the table's gradient (V, C), dense as torch's is: the sum of dy over each id's uses.
 */
export function embedding(table: tf.Tensor2D, ids: tf.Tensor1D): WithBackward<tf.Tensor2D, tf.Tensor2D> {
  const rows = table.shape[0];
  return [tf.gather(table, ids), dy => sumByRow(dy, ids, rows)];
}

/** The rows of a table that some tokens use. */
export interface DistinctRows {
  /** (U) ascending. */
  rows: Int32Array;
  /** (N) for each token the place of its row among them. */
  placeOfToken: tf.Tensor1D;
}

/** @param ids (N) of rows of a table of `size` rows */
export function distinctRows(ids: Int32Array, size: number): DistinctRows {
  const rows = Int32Array.from(new Set(ids)).sort();
  const place = new Int32Array(size);
  for (const [at, row] of rows.entries()) place[row] = at;
  return {
    rows,
    placeOfToken: tf.tensor1d(
      ids.map(id => place[id]!),
      'int32',
    ),
  };
}

/**
 * (rows, C): out[r] = the sum of values[n] over n with ids[n] = r.
 *
 * @throws Error of TensorFlow where an id is no row, by the fused operation
 */
export function sumByRow(values: tf.Tensor2D, ids: tf.Tensor1D, rows: number): tf.Tensor2D {
  const fused = engineKernel('PanxSumByRow');
  if (fused === null) return plainSumByRow(values, ids, rows);
  return tf.tidy(() => fused([values, ids, tf.scalar(rows, 'int32')])[0] as tf.Tensor2D);
}

/** The same from operations that every backend has: a scatter adds up duplicates. */
export function plainSumByRow(values: tf.Tensor2D, ids: tf.Tensor1D, rows: number): tf.Tensor2D {
  return tf.tidy(() => tf.scatterND(tf.expandDims(ids, 1), values, [rows, values.shape[1]]));
}
