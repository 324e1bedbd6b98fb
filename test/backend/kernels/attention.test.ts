import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { attention } from '../../../src/backend/kernels/attention.js';
import { dropoutMask } from '../../../src/backend/kernels/dropout.js';
import { groupByLength, layoutOf } from '../../../src/model/inputs.js';
import { expectClose, onEachBackend, referenceGradients, values } from './each-backend.js';

const lengths = [3, 1, 5];
/** One long row among short ones: two groups. */
const uneven = [4, 150, 3, 60];
const heads = 2;
const hidden = 6;

/**
 * Row by row and head by head, straight from the paper. `masks` are the dropout masks of the groups, `groups` their rows: each row's
 * mask is cut from its group's grid.
 */
function reference(qkv: tf.Tensor, rowLengths: number[], masks: tf.Tensor[], groups: number[][]): tf.Tensor {
  const size = hidden / heads;
  let start = 0;
  const rows = rowLengths.map((length, row) => {
    const group = groups.findIndex(members => members.includes(row));
    const perHead = Array.from({ length: heads }, (_, head) => {
      const part = (which: number) => tf.slice(qkv, [start, which * hidden + head * size], [length, size]);
      const p = tf.softmax(tf.div(tf.matMul(part(0), part(1), false, true), Math.sqrt(size)));
      if (masks.length === 0) return tf.matMul(p, part(2));
      const cut = tf.slice(masks[group]!, [groups[group]!.indexOf(row), head, 0, 0], [1, 1, length, length]);
      return tf.matMul(tf.mul(p, tf.squeeze(cut, [0, 1])), part(2));
    });
    start += length;
    return tf.concat(perHead, 1);
  });
  return tf.concat(rows, 0);
}

function offsetsOf(rowLengths: number[]): Int32Array {
  return Int32Array.from([0, ...rowLengths.map((_, row) => rowLengths.slice(0, row + 1).reduce((a, b) => a + b))]);
}

onEachBackend(() => {
  for (const [rowLengths, groups] of [
    [lengths, [[0, 1, 2]]],
    [uneven, [[1], [0, 2, 3]]],
  ] as const) {
    for (const rate of [0, 0.4]) {
      it(`rows of ${rowLengths.join(', ')} tokens, dropout ${rate}: output and gradient`, () => {
        const offsets = offsetsOf([...rowLengths]);
        const members = groups.map(group => [...group]);
        expect(groupByLength(offsets)).toEqual(members);
        const tokens = offsets.at(-1)!;
        const qkv = tf.mul(values([tokens, 3 * hidden], 1), 2) as tf.Tensor2D;
        const dOutput = values([tokens, hidden], 2) as tf.Tensor2D;
        const masks =
          rate === 0
            ? []
            : members.map((rows, index) => {
                const longest = Math.max(...rows.map(row => rowLengths[row]!));
                return dropoutMask([rows.length, heads, longest, longest], rate, [5 ^ Math.imul(index, 0x9e3779b9), 6]);
              });
        const [output, backward] = attention(qkv, layoutOf(offsets), heads, rate, [5, 6]);
        expectClose(output, reference(qkv, [...rowLengths], masks, members));
        const [expected] = referenceGradients(x => reference(x, [...rowLengths], masks, members), [qkv], dOutput);
        expectClose(backward(dOutput), expected!, 5e-6);
      });
    }
  }

  it('frees all it kept', () => {
    const qkv = values([217, 3 * hidden], 1) as tf.Tensor2D;
    const rows = layoutOf(offsetsOf(uneven));
    const dOutput = values([217, hidden], 2) as tf.Tensor2D;
    const before = tf.memory().numTensors;
    const [output, backward] = attention(qkv, rows, heads, 0.1, [1, 1]);
    tf.dispose([output, backward(dOutput)]);
    expect(tf.memory().numTensors).toBe(before);
  });
});
