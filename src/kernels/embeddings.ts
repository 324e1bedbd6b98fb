import tf = require('@tensorflow/tfjs-core');

import { type DropoutSeed, dropout } from './dropout.js';
import { type EngineKernel, engineKernel, neededKernel } from './engine-kernel.js';
import { layerNorm } from './layer-norm.js';
import { embedding } from './table-rows.js';

export interface EmbeddingTables {
  words: tf.Tensor2D; // (V, C)
  positions: tf.Tensor2D; // (P, C)
  types: tf.Tensor2D; // (token types, C)
}

export interface EmbeddingsOptions {
  /** LayerNorm's epsilon. */
  eps: number;
  /** Of dropout. Null as seed drops nothing either. */
  rate: number;
  seed: DropoutSeed | null;
}

export interface EmbeddingsGradients {
  /** (N, C) of the sum of the three embeddings; `sumByRow` (kernels/table-rows.ts) makes of it the gradient of a table. */
  dSum: tf.Tensor2D;
  dGamma: tf.Tensor1D; // (C)
  dBeta: tf.Tensor1D; // (C)
  /** (C) of the first row of the token types, the only one that is used. */
  dType: tf.Tensor1D;
}

/**
 * dropout(LayerNorm(words[ids] + positions[positionIds] + types[0])): what a token enters the encoder as.
 *
 * @param ids (N) int32, rows of the word table
 * @param positionIds (N) int32, rows of the position table
 * @param gamma, beta (C) of LayerNorm
 * @returns y (N, C). The inputs belong to the caller. Kept for the backward and freed by it: the normalised sum (N, C), the inverse
 * deviations of its rows, and, where the operation is not fused, the dropout mask.
 * @throws Error of TensorFlow where an id is no row of its table.
 *
 * dSum, dGamma and dBeta are LayerNorm's gradients (kernels/layer-norm.ts) for mask * dy; dType = the sum of dSum over tokens.
 * The fused operation draws a mask of its own from the seed: another than `dropout` draws, always the same.
 */
export function embeddings(
  tables: EmbeddingTables,
  ids: tf.Tensor1D,
  positionIds: tf.Tensor1D,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  options: EmbeddingsOptions,
): NormOfEmbeddings {
  const fused = engineKernel('PanxEmbeddings');
  if (fused !== null) return fusedEmbeddings(fused, tables, ids, positionIds, gamma, beta, options);
  return plainEmbeddings(tables, ids, positionIds, gamma, beta, options);
}

/** The same from operations that every backend has. */
export function plainEmbeddings(
  tables: EmbeddingTables,
  ids: tf.Tensor1D,
  positionIds: tf.Tensor1D,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  { eps, rate, seed }: EmbeddingsOptions,
): NormOfEmbeddings {
  const summed = sumOfEmbeddings(tables, ids, positionIds);
  const [normed, normBackward] = layerNorm(summed, gamma, beta, eps); // (N, C)
  summed.dispose();
  const [y, dropoutBackward] = dropout(normed, rate, seed);
  if (y !== normed) normed.dispose();
  return [
    y,
    dy => {
      const dNormed = dropoutBackward(dy); // (N, C)
      const { dx: dSum, dGamma, dBeta } = normBackward(dNormed);
      if (dNormed !== dy) dNormed.dispose();
      return { dSum, dGamma, dBeta, dType: tf.sum<tf.Tensor1D>(dSum, 0) };
    },
  ];
}

/** words[ids] + positions[positionIds] + types[0]. @returns (N, C) */
export function sumOfEmbeddings(tables: EmbeddingTables, ids: tf.Tensor1D, positionIds: tf.Tensor1D): tf.Tensor2D {
  return tf.tidy(() => {
    const [words] = embedding(tables.words, ids); // (N, C)
    const [positions] = embedding(tables.positions, positionIds); // (N, C)
    const type0 = tf.slice2d(tables.types, [0, 0], [1, tables.types.shape[1]]); // (1, C)
    return tf.add<tf.Tensor2D>(tf.add(words, positions), type0);
  });
}

type NormOfEmbeddings = [y: tf.Tensor2D, backward: (dy: tf.Tensor2D) => EmbeddingsGradients];

/** operations/embeddings.cc */
function fusedEmbeddings(
  forward: EngineKernel,
  { words, positions, types }: EmbeddingTables,
  ids: tf.Tensor1D,
  positionIds: tf.Tensor1D,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  { eps, rate, seed }: EmbeddingsOptions,
): NormOfEmbeddings {
  // The seed is an input and not an attribute: TensorFlow keeps a kernel for each set of attributes that it has met.
  const seedWords = tf.tensor1d(seed === null ? [0, 0] : [seed[0] | 0, seed[1] | 0], 'int32');
  const dropped = seed === null ? 0 : rate;
  const inputs = [words, positions, types, ids, positionIds, gamma, beta, seedWords];
  const [y, normalized, inverseDeviation] = forward(inputs, { rate: dropped, eps }) as [
    tf.Tensor2D,
    tf.Tensor2D,
    tf.Tensor1D,
  ];
  return [
    y,
    dy => {
      const inputs = [dy, normalized, inverseDeviation, gamma, seedWords];
      const [dSum, dGamma, dBeta, dType] = neededKernel('PanxEmbeddingsGrad')(inputs, { rate: dropped }) as [
        tf.Tensor2D,
        tf.Tensor1D,
        tf.Tensor1D,
        tf.Tensor1D,
      ];
      tf.dispose([normalized, inverseDeviation, seedWords]);
      return { dSum, dGamma, dBeta, dType };
    },
  ];
}
