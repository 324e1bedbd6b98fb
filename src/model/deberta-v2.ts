import tf = require('@tensorflow/tfjs-core');

import type { ModelConfig } from '../checkpoint/config.js';
import type { WithBackward } from '../kernels/backward.js';
import { disentangledAttention } from '../kernels/disentangled-attention.js';
import { dropout } from '../kernels/dropout.js';
import { layerNorm as normalise } from '../kernels/layer-norm.js';
import { embedding, sumByRow } from '../kernels/table-rows.js';
import type { DropoutPlan } from './dropout-plan.js';
import type { ModelInputs } from './inputs.js';
import { type Attend, attentionOutput, encoderLayers, head, linearMap } from './layers.js';
import { addGradient, addRowGradient, currentValue, type Parameter } from './parameter.js';
import type { AffineOf, LayerOf } from './parameter-group.js';
import { reachedRows, relativeRow } from './relative-positions.js';

/**
 * The token classifier of DeBERTa v2 and v3, read top-down (He et al. 2021, 2023; DebertaV2ForTokenClassification in transformers); deberta.ts
 * says what v1 has otherwise.
 *
 * It differs from post-norm.ts in that attention sees the relative position of each pair of tokens, by a table that all layers share
 * (kernels/disentangled-attention.ts), and in that embeddings are projected before they are normalised.
 *
 * The network, place by place; null: it has none. S span of relative positions, E embedding, C hidden, L labels.
 */
export interface DebertaOf<T> {
  kind: 'deberta';
  wordTable: T; // (V, E)
  positionTable: T | null; // (P, E)
  typeTable: T | null; // (token types, E)
  projection: T | null; // (C, E)
  embeddingNorm: AffineOf<T>; // (C), (C)
  relativeTable: T | null; // (2S, C)
  relativeNorm: AffineOf<T> | null; // (C), (C)
  classifier: AffineOf<T>; // (L, C), (L)
  layers: DebertaLayerOf<T>[];
}

export interface DebertaLayerOf<T> extends LayerOf<T> {
  /** v1's bias has no part for the keys. */
  qkv: { weight: T; bias: T | null; queryBias: T | null; valueBias: T | null }; // (3C, C), (3C) or (C), (C)
  positionKeys: MapOf<T> | null; // (C, C), (C)
  positionQueries: MapOf<T> | null; // (C, C), (C)
}

/** A linear map, maybe without a bias. */
export interface MapOf<T> {
  weight: T;
  bias: T | null;
}

export type Deberta = DebertaOf<Parameter>;
type DebertaLayer = DebertaLayerOf<Parameter>;

/** @returns logits (M, L) of the M labelled tokens, and the backward that takes their gradient and adds every parameter's. */
export function forward(
  model: Deberta,
  config: ModelConfig,
  inputs: ModelInputs,
  plan: DropoutPlan | null,
): WithBackward<tf.Tensor2D, void> {
  const [embedded, embeddingsBackward] = embeddings(model, config, inputs, plan); // (N, C)
  const positions = relativePositions(model, config, inputs.longest);
  const attend = disentangled(config, inputs, positions, plan);
  const [hidden, layersBackward] = encoderLayers(model.layers, config, embedded, inputs, plan, attend); // (M, C)
  const [logits, headBackward] = head(model.classifier, hidden, plan); // (M, L)
  return [
    logits,
    dLogits => {
      const dHidden = headBackward(dLogits); // (M, C)
      if (!model.wordTable.trainable) return; // Nothing below the classifier takes a gradient.
      embeddingsBackward(layersBackward(dHidden));
      positions?.backward();
    },
  ];
}

/** Word, and where there are tables for them position and token type (always 0); projection, LayerNorm, dropout. @returns (N, C) */
function embeddings(
  model: Deberta,
  config: ModelConfig,
  inputs: ModelInputs,
  plan: DropoutPlan | null,
): WithBackward<tf.Tensor2D, void> {
  const { wordTable, positionTable, typeTable, projection, embeddingNorm } = model;
  const summed = tf.tidy(() => {
    const [words] = embedding(currentValue(wordTable), inputs.wordRows); // (N, E)
    const positions = positionTable === null ? 0 : embedding(currentValue(positionTable), inputs.positions)[0];
    const type =
      typeTable === null ? 0 : tf.slice(currentValue<tf.Tensor2D>(typeTable), [0, 0], [1, config.embeddingSize]);
    return tf.add<tf.Tensor2D>(tf.add(words, positions), type);
  });
  const [projected, projectionBackward] = projection === null ? [summed, null] : linearMap(projection, null, summed);
  const [normed, normBackward] = normalise(
    projected,
    currentValue(embeddingNorm.weight),
    currentValue(embeddingNorm.bias),
    config.layerNormEps,
  ); // (N, C)
  const [hidden, dropoutBackward] = dropout(normed, plan?.rates.hiddenDropout ?? 0, plan?.nextSeed() ?? null);
  return [
    hidden,
    dHidden => {
      const { dx, dGamma, dBeta } = normBackward(dropoutBackward(dHidden)); // (N, C)
      addGradient(embeddingNorm.weight, dGamma);
      addGradient(embeddingNorm.bias, dBeta);
      const dSum = projectionBackward === null ? dx : projectionBackward(dx); // (N, E)
      // torch's padding_idx: the pad row of the word table gets no gradient.
      const dWords = inputs.notPad === null ? dSum : tf.mul<tf.Tensor2D>(dSum, inputs.notPad);
      addRowGradient(wordTable, inputs.wordRows, inputs.wordRowsOnHost, dWords);
      if (positionTable !== null) {
        addGradient(positionTable, sumByRow(dSum, inputs.positions, positionTable.shape[0]!));
      }
      if (typeTable !== null) {
        const firstRow = tf.tensor1d(new Int32Array(dSum.shape[0]), 'int32');
        addGradient(typeTable, sumByRow(dSum, firstRow, typeTable.shape[0]!));
      }
    },
  ];
}

/** The rows of the relative table that a batch reaches, normalised, and the gradient that layers leave of them. */
interface Positions {
  values: tf.Tensor2D; // (R, C)
  /** The row of a distance among them. */
  rowOf: (distance: number) => number;
  add(gradient: tf.Tensor2D): void;
  /** Adds the gradients of the table and its LayerNorm. */
  backward(): void;
}

/** null where attention does not use relative positions. */
function relativePositions(
  { relativeTable, relativeNorm }: Deberta,
  { deberta, layerNormEps }: ModelConfig,
  longest: number,
): Positions | null {
  const relative = deberta!.relative;
  if (relative === null || (!relative.contentToPosition && !relative.positionToContent)) return null;
  const table = currentValue<tf.Tensor2D>(relativeTable!);
  const { first, end } = reachedRows(longest, relative);
  const [rows, hidden] = table.shape;
  const reached = tf.slice2d(table, [first, 0], [end - first, hidden]); // (R, C)
  const [values, normBackward] =
    relativeNorm === null
      ? [reached, null]
      : normalise(reached, currentValue(relativeNorm.weight), currentValue(relativeNorm.bias), layerNormEps);
  const gradients: tf.Tensor2D[] = [];
  return {
    values,
    rowOf: distance => relativeRow(distance, relative) - first,
    add: gradient => void gradients.push(gradient),
    backward: () => {
      const dValues = tf.addN(gradients);
      let dReached = dValues;
      if (normBackward !== null) {
        const { dx, dGamma, dBeta } = normBackward(dValues);
        addGradient(relativeNorm!.weight, dGamma);
        addGradient(relativeNorm!.bias, dBeta);
        dReached = dx;
      }
      addGradient(
        relativeTable!,
        tf.pad2d(dReached, [
          [first, rows - end],
          [0, 0],
        ]),
      );
    },
  };
}

/** Projections, disentangled attention within rows, output projection. The positions are dropped anew in each layer. */
function disentangled(
  config: ModelConfig,
  inputs: ModelInputs,
  positions: Positions | null,
  plan: DropoutPlan | null,
): Attend<DebertaLayer> {
  const { scoreTerms } = config.deberta!;
  const divisor = Math.sqrt((config.hiddenSize / config.heads) * scoreTerms);
  return (layer, x, labelled) => {
    const [qkv, qkvBackward] = queriesKeysValues(layer, x); // (N, 3C)
    const [terms, termsBackward] = positionTerms(layer, config, positions, plan);
    const [heads, headsBackward] = disentangledAttention(qkv, terms, inputs.layout.grid!, {
      heads: config.heads,
      divisor,
      rate: plan?.rates.attentionDropout ?? 0,
      seed: plan?.nextSeed() ?? null,
    }); // (N, C)
    qkv.dispose();
    const [projected, projectedBackward] = attentionOutput(layer, heads, labelled); // (M, C)
    return [
      projected,
      (dProjected, dxBefore = null) => {
        const { dQkv, dKeys, dQueries } = headsBackward(projectedBackward(dProjected)); // (N, 3C)
        termsBackward(dKeys, dQueries);
        const dx = qkvBackward(dQkv, dxBefore); // (N, C)
        dQkv.dispose();
        return dx;
      },
    ];
  };
}

type Terms = Parameters<typeof disentangledAttention>[1];
type TermsBackward = (dKeys: tf.Tensor2D | null, dQueries: tf.Tensor2D | null) => void;

/** What the positions are to a layer's keys and queries. The backward adds to the positions' gradient. */
function positionTerms(
  layer: DebertaLayer,
  config: ModelConfig,
  positions: Positions | null,
  plan: DropoutPlan | null,
): [Terms, TermsBackward] {
  if (positions === null) return [{ keys: null, queries: null, rowOf: () => 0 }, () => {}];
  const [dropped, dropoutBackward] = dropout(
    positions.values,
    plan?.rates.hiddenDropout ?? 0,
    plan?.nextSeed() ?? null,
  ); // (R, C)
  const { rowOf } = positions;
  const { sharesMaps, contentToPosition, positionToContent } = config.deberta!.relative!;
  if (sharesMaps) {
    const [qkv, qkvBackward] = queriesKeysValues(layer, dropped); // (R, 3C)
    const [rows, hidden] = dropped.shape;
    const part = (index: number) => tf.slice2d(qkv, [0, index * hidden], [rows, hidden]); // (R, C)
    const keys = contentToPosition ? part(1) : null;
    const queries = positionToContent ? part(0) : null;
    return [
      { keys, queries, rowOf },
      (dKeys, dQueries) => {
        const none = tf.zeros<tf.Rank.R2>([rows, hidden]);
        const dQkv = tf.concat2d([dQueries ?? none, dKeys ?? none, none], 1); // (R, 3C)
        positions.add(dropoutBackward(qkvBackward(dQkv)));
      },
    ];
  }
  const [keys, keysBackward] =
    layer.positionKeys === null ? [null, null] : linearMap(layer.positionKeys.weight, layer.positionKeys.bias, dropped);
  const [queries, queriesBackward] =
    layer.positionQueries === null
      ? [null, null]
      : linearMap(layer.positionQueries.weight, layer.positionQueries.bias, dropped);
  return [
    { keys, queries, rowOf },
    (dKeys, dQueries) => {
      const ofKeys = keysBackward === null ? null : keysBackward(dKeys!); // (R, C)
      positions.add(dropoutBackward(queriesBackward === null ? ofKeys! : queriesBackward(dQueries!, ofKeys)));
    },
  ];
}

/** x W^T + b, the bias maybe of queries and values alone. @returns (N, 3C) */
function queriesKeysValues({ qkv }: DebertaLayer, x: tf.Tensor2D): ReturnType<typeof linearMap> {
  const [y, backward] = linearMap(qkv.weight, qkv.bias, x);
  const { queryBias, valueBias } = qkv;
  if (queryBias === null || valueBias === null) return [y, backward];
  const hidden = queryBias.shape[0]!;
  const biased = tf.tidy(() => {
    const bias = tf.concat1d([
      currentValue<tf.Tensor1D>(queryBias),
      tf.zeros<tf.Rank.R1>([hidden]),
      currentValue<tf.Tensor1D>(valueBias),
    ]);
    return tf.add<tf.Tensor2D>(y, bias);
  });
  y.dispose();
  return [
    biased,
    (dy, dxBefore = null) => {
      const dBias = tf.sum<tf.Tensor1D>(dy, 0); // (3C)
      addGradient(queryBias, tf.slice1d(dBias, 0, hidden));
      addGradient(valueBias, tf.slice1d(dBias, 2 * hidden, hidden));
      return backward(dy, dxBefore);
    },
  ];
}
