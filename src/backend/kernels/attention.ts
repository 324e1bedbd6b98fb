import * as tf from '@tensorflow/tfjs-core';
import type { WithBackward } from './backward.js';
import { type DropoutSeed, dropout } from './dropout.js';

/** Where the N concatenated tokens of a batch stand in its (B, T) grid. */
export interface RowLayout {
  rows: number; // B
  longest: number; // T
  /** (B*T) for each cell of the grid the token that stands there; 0 where none does. */
  tokenOfCell: tf.Tensor1D;
  /** (N) for each token its cell. */
  cellOfToken: tf.Tensor1D;
  /** (B*T, 1) 1 where a token stands, else 0. */
  filled: tf.Tensor2D;
  /** (B, 1, 1, T) 0 where a token stands, else the lowest float32: added to the scores of a row's keys. */
  keyBias: tf.Tensor4D;
}

/**
 * Multi-head self-attention within each row (Vaswani et al. 2017, eq. 1): softmax(Q K^T / sqrt D + mask) V, with dropout on the
 * probabilities. Tokens come concatenated; only here are they spread over the grid (B, T), since rows differ in length.
 *
 * @param qkv (N, 3C) queries, keys and values side by side
 * @returns the heads' outputs side by side (N, C). Kept for the backward and freed by it: Q, K, V (B, H, T, D), the
 * probabilities and their dropout mask (B, H, T, T).
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
  const { rows, longest } = layout;
  const hidden = qkv.shape[1] / 3; // C
  const headSize = hidden / heads; // D
  const scale = 1 / Math.sqrt(headSize);

  const { q, k, v, probabilities } = tf.tidy(() => {
    const grid = tf.reshape(tf.gather(qkv, layout.tokenOfCell), [rows, longest, 3, heads, headSize]);
    const [q, k, v] = tf.unstack(tf.transpose(grid, [2, 0, 3, 1, 4])) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D]; // (B, H, T, D)
    const scores = tf.add(tf.mul(tf.matMul(q, k, false, true), scale), layout.keyBias); // (B, H, T, T)
    return { q, k, v, probabilities: tf.softmax(scores) as tf.Tensor4D };
  });
  const [dropped, dropoutBackward] = dropout(probabilities, dropoutRate, dropoutSeed);
  const output = tf.tidy(() => {
    const perHead = tf.matMul(dropped, v); // (B, H, T, D)
    const grid = tf.reshape(tf.transpose(perHead, [0, 2, 1, 3]), [rows * longest, hidden]);
    return tf.gather(grid, layout.cellOfToken) as tf.Tensor2D; // (N, C)
  });

  return [
    output,
    dOutput => {
      const dqkv = tf.tidy(() => {
        const spread = tf.mul(tf.gather(dOutput, layout.tokenOfCell), layout.filled); // (B*T, C)
        const dPerHead = tf.transpose(tf.reshape(spread, [rows, longest, heads, headSize]), [0, 2, 1, 3]); // (B, H, T, D)
        const dv = tf.matMul(dropped, dPerHead, true, false); // (B, H, T, D)
        const dp = dropoutBackward(tf.matMul(dPerHead, v, false, true) as tf.Tensor4D); // (B, H, T, T)
        const ds = tf.mul(tf.mul(probabilities, tf.sub(dp, tf.sum(tf.mul(dp, probabilities), 3, true))), scale);
        const dq = tf.matMul(ds, k); // (B, H, T, D)
        const dk = tf.matMul(ds, q, true, false); // (B, H, T, D)
        const grid = tf.transpose(tf.stack([dq, dk, dv]), [1, 3, 0, 2, 4]); // (B, T, 3, H, D)
        return tf.gather(tf.reshape(grid, [rows * longest, 3 * hidden]), layout.cellOfToken) as tf.Tensor2D; // (N, 3C)
      });
      tf.dispose([q, k, v, probabilities, dropped]);
      return dqkv;
    },
  ];
}
