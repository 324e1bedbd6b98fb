import tf = require('@tensorflow/tfjs-core');

import type { Precision } from '../engine/precision.js';
import { groupSeed, inTokenOrder, type RowLayout } from './attention.js';
import { type DropoutSeed, dropout } from './dropout.js';
import { neededKernel } from './engine-kernel.js';
import type { RowGrid, RowGroup } from './row-grid.js';
import { sumByRow } from './table-rows.js';

/** Positions as attention sees them: R rows, each of some relative positions. null: that term is left out. */
export interface PositionTerms {
  /** (R, C) what queries are compared with, for each position of the key from the query: content to position. */
  keys: tf.Tensor2D | null;
  /** (R, C) what keys are compared with: position to content. */
  queries: tf.Tensor2D | null;
  /** (2L - 1) for each distance, query - key, of the longest row from 1 - L up to L - 1: its row. */
  rows: Int32Array;
}

export interface DisentangledOptions {
  heads: number;
  /** What scores are divided by. */
  divisor: number;
  /** Of dropout on the probabilities. Null as seed drops nothing either. */
  rate: number;
  seed: DropoutSeed | null;
  /** Of the linear map that follows, as in kernels/attention.ts. */
  precision: Precision;
}

export interface DisentangledGradients {
  dQkv: tf.Tensor2D; // (N, 3C)
  dKeys: tf.Tensor2D | null; // (R, C)
  dQueries: tf.Tensor2D | null; // (R, C)
}

/**
 * Disentangled self-attention within each row (He et al. 2021, eq. 4): the score of query i and key j is
 *
 *     (q_i . k_j + q_i . K_r + k_j . Q_r) / divisor,   r the row of i - j
 *
 * with K and Q the position's keys and queries, each projected once for all rows of the batch. Then softmax, dropout and the values, as in
 * kernels/attention.ts.
 *
 * @param qkv (N, 3C) queries, keys and values side by side; belongs to the caller, like the terms, who may free all at once
 * @returns the heads' outputs side by side (N, C)
 *
 * With dS the gradient of the scores by the divisor: those of q_i . K_r add to dq_i and, summed over all i and j of that r, to dK_r; likewise Q_r.
 */
export function disentangledAttention(
  qkv: tf.Tensor2D,
  terms: PositionTerms,
  { offsets, grid }: RowLayout,
  options: DisentangledOptions,
): Disentangled {
  if (grid !== null) return plainDisentangledAttention(qkv, terms, grid, options);
  return fusedDisentangledAttention(qkv, terms, offsets, options);
}

type Disentangled = [output: tf.Tensor2D, backward: (dOutput: tf.Tensor2D) => DisentangledGradients];

/** operations/disentangled_attention.cc. Kept for the backward and freed by it: qkv, the terms, and two numbers for each token and head. */
function fusedDisentangledAttention(
  qkv: tf.Tensor2D,
  { keys, queries, rows }: PositionTerms,
  offsets: tf.Tensor1D,
  { heads, divisor, rate, seed, precision }: DisentangledOptions,
): Disentangled {
  const [high, low] = seed ?? [0, 0];
  const none = () => tf.zeros<tf.Rank.R2>([0, qkv.shape[1] / 3]);
  const kept = [
    tf.clone(qkv),
    tf.clone(offsets),
    tf.tensor1d([high | 0, low | 0], 'int32'),
    keys === null ? none() : tf.clone(keys),
    queries === null ? none() : tf.clone(queries),
    tf.tensor1d(rows, 'int32'),
  ];
  const attributes = { heads, scale: 1 / divisor, rate: seed === null ? 0 : rate };
  const T = precision === 'bf16' && qkv.shape[1] % 2 === 0 ? 'bfloat16' : 'float32';
  const [output, softmax] = neededKernel('PanxDisentangledAttention')(kept, { ...attributes, T });
  return [
    output as tf.Tensor2D,
    dOutput => {
      const backward = neededKernel('PanxDisentangledAttentionGrad');
      const [dQkv, dKeys, dQueries] = backward([dOutput, ...kept, softmax!], attributes) as [
        tf.Tensor2D,
        tf.Tensor2D,
        tf.Tensor2D,
      ];
      tf.dispose([...kept, softmax!]);
      const given = (table: tf.Tensor2D | null, gradient: tf.Tensor2D) => {
        if (table !== null) return gradient;
        gradient.dispose();
        return null;
      };
      return { dQkv, dKeys: given(keys, dKeys), dQueries: given(queries, dQueries) };
    },
  ];
}

/**
 * The same from operations that every backend has. Kept for the backward and freed by it, for each group of rows: Q, K, V (H, B, T, D), the
 * probabilities and their mask (H, B, T, T), and the positions' vectors (H, 2T - 1, D).
 */
export function plainDisentangledAttention(
  qkv: tf.Tensor2D,
  terms: PositionTerms,
  grid: RowGrid,
  options: Omit<DisentangledOptions, 'precision'>,
): Disentangled {
  const parts = grid.groups.map((group, index) => {
    const seed = options.seed === null ? null : groupSeed(options.seed, index);
    return groupAttention(qkv, terms, group, { ...options, seed });
  });
  return [
    inTokenOrder(
      parts.map(([output]) => output),
      grid,
    ), // (N, C)
    dOutput => {
      const gradients = parts.map(([, backward]) => backward(dOutput));
      return {
        dQkv: inTokenOrder(
          gradients.map(({ dQkv }) => dQkv),
          grid,
        ), // (N, 3C)
        dKeys: summed(gradients.map(({ dKeys }) => dKeys)),
        dQueries: summed(gradients.map(({ dQueries }) => dQueries)),
      };
    },
  ];
}

/** Attention of one group of rows: the outputs of its tokens (n, C). The backward takes the gradient of all tokens (N, C). */
function groupAttention(
  qkv: tf.Tensor2D,
  { keys, queries, rows: rowOfDistance }: PositionTerms,
  group: RowGroup,
  { heads, divisor, rate, seed }: Omit<DisentangledOptions, 'precision'>,
): Disentangled {
  const { rows, longest } = group;
  const hidden = qkv.shape[1] / 3; // C
  const headSize = hidden / heads; // D
  const shape = [heads, rows, longest, headSize] as [number, number, number, number];
  const { q, k, v } = tf.tidy(() => {
    const grid = tf.reshape(tf.gather(qkv, group.tokenOfCell), [rows, longest, 3, heads, headSize]);
    const [q, k, v] = tf.unstack(tf.transpose(grid, [2, 3, 0, 1, 4])) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D]; // (H, B, T, D)
    return { q, k, v };
  });
  // Of a query, positions come in the order of the keys: i - j falls. Of a key, in that of the queries.
  const middle = (rowOfDistance.length - 1) / 2;
  const rising = rowOfDistance.subarray(middle - longest + 1, middle + longest);
  const toPosition = keys === null ? null : positionTerm(q, keys, rising.slice().reverse(), heads);
  const toContent = queries === null ? null : positionTerm(k, queries, rising, heads);
  const probabilities = tf.tidy(() => {
    const ofPositions = toPosition === null ? [] : [toPosition.scores];
    const ofContents = toContent === null ? [] : [tf.transpose(toContent.scores, [0, 1, 3, 2]) as tf.Tensor4D];
    const scores = tf.addN([tf.matMul(q, k, false, true) as tf.Tensor4D, ...ofPositions, ...ofContents]); // (H, B, T, T)
    const keyBias = tf.reshape(group.keyBias, [1, rows, 1, longest]);
    return tf.softmax(tf.add(tf.div(scores, divisor), keyBias)) as tf.Tensor4D;
  });
  tf.dispose([toPosition?.scores, toContent?.scores].filter(tensor => tensor !== undefined));
  const [dropped, dropoutBackward] = dropout(probabilities, rate, seed);
  const output = tf.tidy(() => {
    const perHead = tf.matMul(dropped, v); // (H, B, T, D)
    const grid = tf.reshape(tf.transpose(perHead, [1, 2, 0, 3]), [rows * longest, hidden]);
    return tf.gather(grid, group.cellOfToken) as tf.Tensor2D; // (n, C)
  });

  return [
    output,
    dOutput => {
      const { dQkv, dKeys, dQueries } = tf.tidy(() => {
        const spread = tf.mul(tf.gather(dOutput, group.tokenOfCell), group.filled); // (B*T, C)
        const dPerHead = tf.transpose(tf.reshape(spread, [rows, longest, heads, headSize]), [2, 0, 1, 3]); // (H, B, T, D)
        const dv = tf.matMul(dropped, dPerHead, true, false); // (H, B, T, D)
        const dp = dropoutBackward(tf.matMul(dPerHead, v, false, true) as tf.Tensor4D); // (H, B, T, T)
        const ds = tf.div<tf.Tensor4D>(
          tf.mul(probabilities, tf.sub(dp, tf.sum(tf.mul(dp, probabilities), 3, true))),
          divisor,
        );
        const ofKeys = toPosition?.backward(ds);
        const ofQueries = toContent?.backward(tf.transpose(ds, [0, 1, 3, 2]));
        const dq = tf.add(tf.matMul(ds, k), ofKeys?.dContent ?? 0); // (H, B, T, D)
        const dk = tf.add(tf.matMul(ds, q, true, false), ofQueries?.dContent ?? 0); // (H, B, T, D)
        const grid = tf.transpose(tf.stack([tf.reshape(dq, shape), tf.reshape(dk, shape), dv]), [2, 3, 0, 1, 4]); // (B, T, 3, H, D)
        const dQkv = tf.gather(tf.reshape(grid, [rows * longest, 3 * hidden]), group.cellOfToken) as tf.Tensor2D; // (n, 3C)
        return { dQkv, dKeys: ofKeys?.dTable, dQueries: ofQueries?.dTable };
      });
      tf.dispose([q, k, v, probabilities, dropped]);
      toPosition?.free();
      toContent?.free();
      return { dQkv, dKeys: dKeys ?? null, dQueries: dQueries ?? null };
    },
  ];
}

interface PositionTerm {
  /** (H, B, T, T) */
  scores: tf.Tensor4D;
  /** @param dScores (H, B, T, T) */
  backward(dScores: tf.Tensor4D): { dContent: tf.Tensor4D; dTable: tf.Tensor2D };
  free(): void;
}

/**
 * The products of contents with the vector of the relative position of each pair.
 *
 * @param content (H, B, T, D), of which the backward needs it still to be there
 * @param table (R, C)
 * @param order (2T - 1) rows of the table: of content t and the other at u, the row at u - t + T - 1
 */
function positionTerm(content: tf.Tensor4D, table: tf.Tensor2D, order: Int32Array, heads: number): PositionTerm {
  const [, rows, longest, headSize] = content.shape;
  const positions = order.length; // 2T - 1
  const tableRows = table.shape[0];
  const vectors = tf.tidy(() => {
    const gathered = tf.gather(table, tf.tensor1d(order, 'int32')) as tf.Tensor2D; // (2T-1, C)
    return tf.transpose(tf.reshape(gathered, [positions, heads, headSize]), [1, 0, 2]) as tf.Tensor3D; // (H, 2T-1, D)
  });
  const flat = () => tf.reshape(content, [heads, rows * longest, headSize]) as tf.Tensor3D;
  return {
    scores: tf.tidy(() => {
      const products = tf.matMul(flat(), vectors, false, true); // (H, B*T, 2T-1)
      return skewed(tf.reshape(products, [heads, rows, longest, positions]) as tf.Tensor4D);
    }),
    backward: dScores =>
      tf.tidy(() => {
        const dProducts = tf.reshape(unskewed(dScores), [heads, rows * longest, positions]) as tf.Tensor3D;
        const dVectors = tf.matMul(dProducts, flat(), true, false); // (H, 2T-1, D)
        const byPosition = tf.reshape(tf.transpose(dVectors, [1, 0, 2]), [positions, heads * headSize]) as tf.Tensor2D;
        return {
          dContent: tf.reshape(tf.matMul(dProducts, vectors), content.shape) as tf.Tensor4D,
          dTable: sumByRow(byPosition, tf.tensor1d(order, 'int32'), tableRows), // (R, C)
        };
      }),
    free: () => vectors.dispose(),
  };
}

/** (.., T, 2T - 1) to (.., T, T): from row t the T columns from T - 1 - t on. One column more makes each row begin one earlier. */
function skewed(x: tf.Tensor4D): tf.Tensor4D {
  const [heads, rows, longest] = x.shape;
  const flat = tf.reshape(
    tf.pad(x, [
      [0, 0],
      [0, 0],
      [0, 0],
      [0, 1],
    ]),
    [heads, rows, 2 * longest * longest],
  ); // prettier-ignore
  const from = tf.slice(flat, [0, 0, longest - 1], [heads, rows, longest * (2 * longest - 1)]);
  return tf.slice(
    tf.reshape(from, [heads, rows, longest, 2 * longest - 1]),
    [0, 0, 0, 0],
    [heads, rows, longest, longest],
  ) as tf.Tensor4D; // prettier-ignore
}

/** The gradient of `skewed`: (.., T, T) to (.., T, 2T - 1), 0 where nothing was taken. */
function unskewed(d: tf.Tensor4D): tf.Tensor4D {
  const [heads, rows, longest] = d.shape;
  const wide = tf.pad(d, [
    [0, 0],
    [0, 0],
    [0, 0],
    [0, longest - 1],
  ]); // (.., T, 2T-1)
  const flat = tf.pad(tf.reshape(wide, [heads, rows, longest * (2 * longest - 1)]), [
    [0, 0],
    [0, 0],
    [longest - 1, 1],
  ]); // (.., 2T * T)
  const grid = tf.reshape(flat, [heads, rows, longest, 2 * longest]);
  return tf.slice(grid, [0, 0, 0, 0], [heads, rows, longest, 2 * longest - 1]) as tf.Tensor4D;
}

function summed(parts: readonly (tf.Tensor2D | null)[]): tf.Tensor2D | null {
  const [first, ...rest] = parts as tf.Tensor2D[];
  if (first === undefined || first === null) return null;
  if (rest.length === 0) return first;
  const sum = tf.addN([first, ...rest]);
  tf.dispose(parts as tf.Tensor2D[]);
  return sum;
}
