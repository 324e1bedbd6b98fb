import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { engineKernel } from '../../src/kernels/engine-kernel.js';
import { plainSumByRow, sumByRow } from '../../src/kernels/table-rows.js';
import { expectClose, expectCloseTo, onEachBackend, values } from './each-backend.js';

/** Tokens, width, rows: beside the slices of columns (64) that threads take, rows that no token has, every token of one row. */
const shapes: [number, number, number][] = [
  [1, 1, 1],
  [5, 3, 9],
  [40, 63, 7],
  [700, 65, 1],
  [300, 768, 120],
];

const idsOf = (tokens: number, rows: number) =>
  tf.tensor1d(
    Int32Array.from({ length: tokens }, (_, n) => (7 * n * n + n) % rows),
    'int32',
  );

onEachBackend(backend => {
  it.each([
    ['as the engine has it', sumByRow],
    ['plain', plainSumByRow],
  ] as const)('sumByRow, %s: the sum of the values of every row', (_, kernel) => {
    for (const [tokens, width, rows] of shapes) {
      const [x, ids] = [values([tokens, width], 1) as tf.Tensor2D, idsOf(tokens, rows)];
      const uses = tf.cast(tf.equal(tf.expandDims(ids, 1), tf.range(0, rows, 1, 'int32')), 'float32');
      expectCloseTo(kernel(x, ids, rows), tf.matMul(uses, x, true, false));
    }
    const none = kernel(tf.zeros([0, 4]), tf.tensor1d([], 'int32'), 3);
    expectClose(none, tf.zeros([3, 4]), 0);
  });

  if (backend !== 'tensorflow') return;

  it('PanxSumByRow refuses ids that are no rows, and shapes that do not belong together', skip => {
    if (engineKernel('PanxSumByRow') === null) return skip.skip();
    const x = tf.zeros([2, 4]) as tf.Tensor2D;
    expect(() => sumByRow(x, tf.tensor1d([0, 3], 'int32'), 3)).toThrow(/the id 3 for token 1, of 3 rows/);
    expect(() => sumByRow(x, tf.tensor1d([-1, 0], 'int32'), 3)).toThrow(/the id -1 for token 0/);
    expect(() => sumByRow(x, tf.tensor1d([0], 'int32'), 3)).toThrow(/found \[2,4\], \[1\]/);
  });
});
