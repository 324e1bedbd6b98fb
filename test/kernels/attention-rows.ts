import * as tf from '@tensorflow/tfjs-core';
import { attention, layoutOf } from '../../src/kernels/attention.js';
import type { DropoutSeed } from '../../src/kernels/dropout.js';

/** (B + 1) */
export function offsetsOf(rowLengths: number[]): Int32Array {
  return Int32Array.from([0, ...rowLengths.map((_, row) => rowLengths.slice(0, row + 1).reduce((a, b) => a + b))]);
}

/**
 * (N, H, T) the mask that the fused operation draws, 0 beyond a row's end: with queries and keys of 0 all probabilities are one over the row's length,
 * and where the values of token j are the j-th unit vector, output j is the probability that was left of it.
 */
export function fusedMask(
  offsets: Int32Array,
  heads: number,
  size: number,
  rate: number,
  seed: DropoutSeed,
): tf.Tensor3D {
  const tokens = offsets.at(-1)!;
  const lengths = [...offsets.subarray(1)].map((end, row) => end - offsets[row]!);
  const longest = Math.max(...lengths);
  const mask = tf.buffer([tokens, heads, longest], 'float32');
  for (let from = 0; from < longest; from += size) {
    const qkv = tf.buffer([tokens, 3 * heads * size], 'float32');
    for (const [row, length] of lengths.entries()) {
      for (let j = from; j < Math.min(length, from + size); j++) {
        for (let head = 0; head < heads; head++) qkv.set(1, offsets[row]! + j, (2 * heads + head) * size + j - from);
      }
    }
    const [output] = attention(qkv.toTensor() as tf.Tensor2D, layoutOf(offsets), heads, rate, seed, 'fp32');
    const left = output.bufferSync();
    for (const [row, length] of lengths.entries()) {
      for (let i = offsets[row]!; i < offsets[row + 1]!; i++) {
        for (let head = 0; head < heads; head++) {
          for (let j = from; j < Math.min(length, from + size); j++) {
            mask.set(left.get(i, head * size + j - from) * length, i, head, j);
          }
        }
      }
    }
  }
  return mask.toTensor() as tf.Tensor3D;
}
