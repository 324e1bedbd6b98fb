import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { attention, type RowLayout } from '../../../src/backend/kernels/attention.js';
import { dropoutMask } from '../../../src/backend/kernels/dropout.js';
import { compactVocabulary, toDevice } from '../../../src/model/inputs.js';
import { expectClose, onEachBackend, referenceGradients, values } from './each-backend.js';

const lengths = [3, 1, 5];
const heads = 2;
const hidden = 6;

/** Row by row and head by head, straight from the paper; each row's dropout mask is cut from the batch's grid. */
function reference(qkv: tf.Tensor, mask: tf.Tensor | null): tf.Tensor {
  const size = hidden / heads;
  let start = 0;
  const rows = lengths.map((length, row) => {
    const perHead = Array.from({ length: heads }, (_, head) => {
      const part = (which: number) => tf.slice(qkv, [start, which * hidden + head * size], [length, size]);
      const p = tf.softmax(tf.div(tf.matMul(part(0), part(1), false, true), Math.sqrt(size)));
      const dropped =
        mask === null ? p : tf.mul(p, tf.squeeze(tf.slice(mask, [row, head, 0, 0], [1, 1, length, length]), [0, 1]));
      return tf.matMul(dropped, part(2));
    });
    start += length;
    return tf.concat(perHead, 1);
  });
  return tf.concat(rows, 0);
}

function layout(): RowLayout {
  const offsets = Int32Array.from([0, ...lengths.map((_, row) => lengths.slice(0, row + 1).reduce((a, b) => a + b))]);
  const inputIds = new Int32Array(9).fill(4);
  const batch = { rows: Int32Array.of(0, 1, 2), offsets, inputIds, labelIds: inputIds, longest: 5 };
  return toDevice(batch, compactVocabulary([inputIds], 10), { padId: 1, maxPositions: 16 }).layout;
}

onEachBackend(() => {
  for (const rate of [0, 0.4]) {
    it(`rows of unequal length, dropout ${rate}: output and gradient`, () => {
      const qkv = tf.mul(values([9, 3 * hidden], 1), 2) as tf.Tensor2D;
      const dOutput = values([9, hidden], 2) as tf.Tensor2D;
      const mask = rate === 0 ? null : dropoutMask([3, heads, 5, 5], rate, [5, 6]);
      const [output, backward] = attention(qkv, layout(), heads, rate, [5, 6]);
      expectClose(output, reference(qkv, mask));
      const [expected] = referenceGradients(x => reference(x, mask), [qkv], dOutput);
      expectClose(backward(dOutput), expected!, 5e-6);
    });
  }

  it('frees all it kept', () => {
    const qkv = values([9, 3 * hidden], 1) as tf.Tensor2D;
    const rows = layout();
    const dOutput = values([9, hidden], 2) as tf.Tensor2D;
    const before = tf.memory().numTensors;
    const [output, backward] = attention(qkv, rows, heads, 0.1, [1, 1]);
    tf.dispose([output, backward(dOutput)]);
    expect(tf.memory().numTensors).toBe(before);
  });
});
