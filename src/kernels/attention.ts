import tf = require('@tensorflow/tfjs-core');

import type { Precision } from '../engine/precision.js';
import type { WithBackward } from './backward.js';
import { type DropoutSeed, dropout } from './dropout.js';
import { engineKernel, neededKernel } from './engine-kernel.js';
import { gridOf, type RowGrid, type RowGroup } from './row-grid.js';

/** Where the rows of a batch begin and end among its N concatenated tokens. */
export interface RowLayout {
  /** (B + 1) row b holds the tokens [offsets[b], offsets[b + 1]). */
  offsets: tf.Tensor1D;
  /** Where plain operations put them; null where the fused one serves, which needs no grid. */
  grid: RowGrid | null;
}

/** The layout of a batch. @param offsets (B + 1) of its rows */
export function layoutOf(offsets: Int32Array): RowLayout {
  return {
    offsets: tf.tensor1d(offsets, 'int32'),
    grid: engineKernel('PanxAttention') === null ? gridOf(offsets) : null,
  };
}

/**
 * Multi-head self-attention within each row (Vaswani et al. 2017, eq. 1): softmax(Q K^T / sqrt D) V, with dropout on the
 * probabilities. Tokens come concatenated, and a row's attend to that row's only.
 *
 * @param qkv (N, 3C) queries, keys and values side by side; belongs to the caller, who may free it at once
 * @param precision of the linear map that follows. bf16: the fused operation gives its output rounded to bfloat16, as that would round it.
 * @returns the heads' outputs side by side (N, C).
 *
 * With P the probabilities, P' after dropout: dV = P'^T dO; dS = P * (dP - sum(dP * P)); dQ = dS K / sqrt D; dK = dS^T Q / sqrt D.
 * The fused operation draws a mask of its own from the seed: another than `dropout` draws, always the same.
 */
export function attention(
  qkv: tf.Tensor2D,
  { offsets, grid }: RowLayout,
  heads: number,
  dropoutRate: number,
  dropoutSeed: DropoutSeed | null,
  precision: Precision,
): WithBackward<tf.Tensor2D, tf.Tensor2D> {
  if (grid !== null) return plainAttention(qkv, grid, heads, dropoutRate, dropoutSeed);
  return fusedAttention(qkv, offsets, heads, dropoutRate, dropoutSeed, precision);
}

/** operations/attention.cc. Kept for the backward and freed by it: qkv, the seed, and two numbers for each token and head. */
function fusedAttention(
  qkv: tf.Tensor2D,
  offsets: tf.Tensor1D,
  heads: number,
  dropoutRate: number,
  dropoutSeed: DropoutSeed | null,
  precision: Precision,
): WithBackward<tf.Tensor2D, tf.Tensor2D> {
  const [high, low] = dropoutSeed ?? [0, 0];
  const seed = tf.tensor1d([high | 0, low | 0], 'int32');
  const attributes = { heads, rate: dropoutSeed === null ? 0 : dropoutRate };
  const T = precision === 'bf16' && qkv.shape[1] % 2 === 0 ? 'bfloat16' : 'float32';
  const kept = tf.clone(qkv);
  const [output, softmax] = neededKernel('PanxAttention')([kept, offsets, seed], { ...attributes, T });
  return [
    output as tf.Tensor2D,
    dOutput => {
      const [dqkv] = neededKernel('PanxAttentionGrad')([dOutput, kept, offsets, seed, softmax!], attributes);
      tf.dispose([kept, seed, softmax!]);
      return dqkv as tf.Tensor2D;
    },
  ];
}

/**
 * The same from operations that every backend has: tokens are spread over grids (B, T), since rows differ in length.
 *
 * Kept for the backward and freed by it, for each group: Q, K, V (B, H, T, D), the probabilities and their dropout mask (B, H, T, T).
 * Cells without a token have dO = 0 and, as keys, P = 0: they receive and pass on no gradient.
 */
export function plainAttention(
  qkv: tf.Tensor2D,
  grid: RowGrid,
  heads: number,
  dropoutRate: number,
  dropoutSeed: DropoutSeed | null,
): WithBackward<tf.Tensor2D, tf.Tensor2D> {
  const parts = grid.groups.map((group, index) =>
    groupAttention(qkv, group, heads, dropoutRate, dropoutSeed === null ? null : groupSeed(dropoutSeed, index)),
  );
  return [
    inTokenOrder(
      parts.map(([output]) => output),
      grid,
    ), // (N, C)
    dOutput =>
      inTokenOrder(
        parts.map(([, backward]) => backward(dOutput)),
        grid,
      ), // (N, 3C)
  ];
}

/** Attention of one group: the outputs of its tokens (n, C). The backward takes the gradient of all tokens (N, C), gives theirs (n, 3C). */
function groupAttention(
  qkv: tf.Tensor2D,
  group: RowGroup,
  heads: number,
  dropoutRate: number,
  dropoutSeed: DropoutSeed | null,
): WithBackward<tf.Tensor2D, tf.Tensor2D> {
  const { rows, longest } = group;
  const hidden = qkv.shape[1] / 3; // C
  const headSize = hidden / heads; // D
  const scale = 1 / Math.sqrt(headSize);

  const { q, k, v, probabilities } = tf.tidy(() => {
    const grid = tf.reshape(tf.gather(qkv, group.tokenOfCell), [rows, longest, 3, heads, headSize]);
    const [q, k, v] = tf.unstack(tf.transpose(grid, [2, 0, 3, 1, 4])) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D]; // (B, H, T, D)
    const scores = tf.add(tf.mul(tf.matMul(q, k, false, true), scale), group.keyBias); // (B, H, T, T)
    return { q, k, v, probabilities: tf.softmax(scores) as tf.Tensor4D };
  });
  const [dropped, dropoutBackward] = dropout(probabilities, dropoutRate, dropoutSeed);
  const output = tf.tidy(() => {
    const perHead = tf.matMul(dropped, v); // (B, H, T, D)
    const grid = tf.reshape(tf.transpose(perHead, [0, 2, 1, 3]), [rows * longest, hidden]);
    return tf.gather(grid, group.cellOfToken) as tf.Tensor2D; // (n, C)
  });

  return [
    output,
    dOutput => {
      const dqkv = tf.tidy(() => {
        const spread = tf.mul(tf.gather(dOutput, group.tokenOfCell), group.filled); // (B*T, C)
        const dPerHead = tf.transpose(tf.reshape(spread, [rows, longest, heads, headSize]), [0, 2, 1, 3]); // (B, H, T, D)
        const dv = tf.matMul(dropped, dPerHead, true, false); // (B, H, T, D)
        const dp = dropoutBackward(tf.matMul(dPerHead, v, false, true) as tf.Tensor4D); // (B, H, T, T)
        const ds = tf.mul(tf.mul(probabilities, tf.sub(dp, tf.sum(tf.mul(dp, probabilities), 3, true))), scale);
        const dq = tf.matMul(ds, k); // (B, H, T, D)
        const dk = tf.matMul(ds, q, true, false); // (B, H, T, D)
        const grid = tf.transpose(tf.stack([dq, dk, dv]), [1, 3, 0, 2, 4]); // (B, T, 3, H, D)
        return tf.gather(tf.reshape(grid, [rows * longest, 3 * hidden]), group.cellOfToken) as tf.Tensor2D; // (n, 3C)
      });
      tf.dispose([q, k, v, probabilities, dropped]);
      return dqkv;
    },
  ];
}

/** The groups' tokens (n, X) in the order of the batch's tokens (N, X); frees the parts. */
export function inTokenOrder(parts: tf.Tensor2D[], { placeOfToken }: RowGrid): tf.Tensor2D {
  if (placeOfToken === null) return parts[0]!;
  const ordered = tf.tidy(() => tf.gather(tf.concat2d(parts, 0), placeOfToken) as tf.Tensor2D);
  tf.dispose(parts);
  return ordered;
}

/** A stream of its own for each group of a site; the first group's is the site's. */
export function groupSeed([run, place]: DropoutSeed, group: number): DropoutSeed {
  return [run ^ Math.imul(group, 0x9e3779b9), place];
}
