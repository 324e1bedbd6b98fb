import tf = require('@tensorflow/tfjs-core');

import { nativeEngine } from '../native.js';
import type { WithBackward } from './backward.js';

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

/** (rows, C): out[r] = the sum of values[n] over n with ids[n] = r. */
export function sumByRow(values: tf.Tensor2D, ids: tf.Tensor1D, rows: number): tf.Tensor2D {
  const native = nativeEngine();
  if (native === null) {
    // WebAssembly has no UnsortedSegmentSum; its scatter adds up duplicates, which is the same thing.
    return tf.tidy(() => tf.scatterND(tf.expandDims(ids, 1), values, [rows, values.shape[1]]));
  }
  return tf.tidy(
    () =>
      native.run(
        'UnsortedSegmentSum',
        [values, ids, tf.scalar(rows, 'int32')],
        [native.type('T', 'float32'), native.type('Tindices', 'int32'), native.type('Tnumsegments', 'int32')],
        1,
      )[0] as tf.Tensor2D,
  );
}
