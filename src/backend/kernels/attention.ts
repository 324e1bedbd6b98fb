import * as tf from '@tensorflow/tfjs-core';
import type { WithBackward } from './backward.js';
import { type DropoutSeed, dropout } from './dropout.js';

/**
 * Where the N concatenated tokens of a batch stand for attention: rows of similar length share a grid (B, T), so that one long row does
 * not make grids of its length squared out of all the others.
 */
export interface RowLayout {
  groups: RowGroup[];
  /** (N) for each token its place among the tokens of all groups, one group after the other; null where there is one group. */
  placeOfToken: tf.Tensor1D | null;
}

/** The rows of a batch that share a grid. */
export interface RowGroup {
  rows: number; // B
  longest: number; // T
  /** (B*T) for each cell of the grid the token of the batch that stands there; any where none does. */
  tokenOfCell: tf.Tensor1D;
  /** (n) for each of the group's tokens, row by row, its cell. */
  cellOfToken: tf.Tensor1D;
  /** (B*T, 1) 1 where a token stands, else 0. */
  filled: tf.Tensor2D;
  /** (B, 1, 1, T) 0 where a token stands, else the lowest float32: added to the scores of a row's keys. */
  keyBias: tf.Tensor4D;
}

/**
 * Multi-head self-attention within each row (Vaswani et al. 2017, eq. 1): softmax(Q K^T / sqrt D + mask) V, with dropout on the
 * probabilities. Tokens come concatenated; only here are they spread over grids (B, T), since rows differ in length.
 *
 * @param qkv (N, 3C) queries, keys and values side by side
 * @returns the heads' outputs side by side (N, C). Kept for the backward and freed by it, for each group: Q, K, V (B, H, T, D),
 * the probabilities and their dropout mask (B, H, T, T).
 *
 * With P the probabilities, P' after dropout: dV = P'^T dO; dS = P * (dP - sum(dP * P)); dQ = dS K / sqrt D; dK = dS^T Q / sqrt D.
 * Cells without a token have dO = 0 and, as keys, P = 0: they receive and pass on no gradient.
 */
export function attention(
  qkv: tf.Tensor2D,
  layout: RowLayout,
  heads: number,
  dropoutRate: number,
  dropoutSeed: DropoutSeed | null,
): WithBackward<tf.Tensor2D, tf.Tensor2D> {
  const parts = layout.groups.map((group, index) =>
    groupAttention(qkv, group, heads, dropoutRate, dropoutSeed === null ? null : groupSeed(dropoutSeed, index)),
  );
  return [
    inTokenOrder(
      parts.map(([output]) => output),
      layout,
    ), // (N, C)
    dOutput =>
      inTokenOrder(
        parts.map(([, backward]) => backward(dOutput)),
        layout,
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
function inTokenOrder(parts: tf.Tensor2D[], { placeOfToken }: RowLayout): tf.Tensor2D {
  if (placeOfToken === null) return parts[0]!;
  const ordered = tf.tidy(() => tf.gather(tf.concat2d(parts, 0), placeOfToken) as tf.Tensor2D);
  tf.dispose(parts);
  return ordered;
}

/** A stream of its own for each group of a site; the first group's is the site's. */
function groupSeed([run, place]: DropoutSeed, group: number): DropoutSeed {
  return [run ^ Math.imul(group, 0x9e3779b9), place];
}
