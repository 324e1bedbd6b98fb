import tf = require('@tensorflow/tfjs-core');

import type { ModelConfig } from '../checkpoint/config.js';
import type { WithBackward } from '../kernels/backward.js';
import { disentangledAttention } from '../kernels/disentangled-attention.js';
import { dropout } from '../kernels/dropout.js';
import { embeddings as normOfEmbeddings, sumOfEmbeddings } from '../kernels/embeddings.js';
import { layerNorm as normalise } from '../kernels/layer-norm.js';
import { sumByRow } from '../kernels/table-rows.js';
import type { DropoutPlan } from './dropout-plan.js';
import type { ModelInputs } from './inputs.js';
import { type Attend, addNormGradients, attentionOutput, encoderLayers, head, linearMap } from './layers.js';
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
  const { wordTable, positionTable, typeTable, projection } = model;
  const [hidden, backward] =
    projection === null
      ? normedEmbeddings(model, config, inputs, plan)
      : projectedEmbeddings(model, projection, config, inputs, plan); // (N, C)
  return [
    hidden,
    dHidden => {
      const dSum = backward(dHidden); // (N, E)
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

/** The tables as kernels/embeddings.ts takes them; a missing one is a row of zeros. */
function tablesOf({ wordTable, positionTable, typeTable }: Deberta, inputs: ModelInputs) {
  const words = currentValue<tf.Tensor2D>(wordTable);
  const zeros = () => tf.zeros<tf.Rank.R2>([1, words.shape[1]]);
  const positionIds =
    positionTable === null ? tf.tensor1d(new Int32Array(inputs.wordRowsOnHost.length), 'int32') : inputs.positions;
  const positions = positionTable === null ? zeros() : currentValue<tf.Tensor2D>(positionTable);
  const types = typeTable === null ? zeros() : currentValue<tf.Tensor2D>(typeTable);
  return { tables: { words, positions, types }, positionIds };
}

/** dropout(LayerNorm(sum)). @returns (N, C); the backward gives the gradient of the sum. */
function normedEmbeddings(
  model: Deberta,
  config: ModelConfig,
  inputs: ModelInputs,
  plan: DropoutPlan | null,
): WithBackward<tf.Tensor2D, tf.Tensor2D> {
  const { weight, bias } = model.embeddingNorm;
  const { tables, positionIds } = tablesOf(model, inputs);
  const [hidden, backward] = normOfEmbeddings(
    tables,
    inputs.wordRows,
    positionIds,
    currentValue(weight),
    currentValue(bias),
    { eps: config.layerNormEps, rate: plan?.rates.hiddenDropout ?? 0, seed: plan?.nextSeed() ?? null },
  );
  return [
    hidden,
    dHidden => {
      const { dSum, ...ofNorm } = backward(dHidden);
      addNormGradients(model.embeddingNorm, ofNorm);
      return dSum;
    },
  ];
}

/** dropout(LayerNorm(projection(sum))). @returns (N, C); the backward gives the gradient of the sum (N, E). */
function projectedEmbeddings(
  model: Deberta,
  projection: Parameter,
  config: ModelConfig,
  inputs: ModelInputs,
  plan: DropoutPlan | null,
): WithBackward<tf.Tensor2D, tf.Tensor2D> {
  const { weight, bias } = model.embeddingNorm;
  const { tables, positionIds } = tablesOf(model, inputs);
  const [projected, projectionBackward] = linearMap(
    projection,
    null,
    sumOfEmbeddings(tables, inputs.wordRows, positionIds),
  ); // (N, C)
  const [normed, normBackward] = normalise(projected, currentValue(weight), currentValue(bias), config.layerNormEps);
  const [hidden, dropoutBackward] = dropout(normed, plan?.rates.hiddenDropout ?? 0, plan?.nextSeed() ?? null);
  return [
    hidden,
    dHidden => {
      const { dx, ...ofNorm } = normBackward(dropoutBackward(dHidden)); // (N, C)
      addNormGradients(model.embeddingNorm, ofNorm);
      return projectionBackward(dx);
    },
  ];
}

/** The rows of the relative table that a batch reaches, normalised, and the gradient that layers leave of them. */
interface Positions {
  values: tf.Tensor2D; // (R, C)
  /** (2L - 1) among them the rows of the distances of the longest row, from 1 - L on. */
  rows: Int32Array;
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
    rows: Int32Array.from({ length: 2 * longest - 1 }, (_, i) => relativeRow(i - longest + 1, relative) - first),
    add: gradient => void gradients.push(gradient),
    backward: () => {
      const dValues = tf.addN(gradients);
      let dReached = dValues;
      if (normBackward !== null) {
        const { dx, ...ofNorm } = normBackward(dValues);
        addNormGradients(relativeNorm!, ofNorm);
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
    const [terms, termsBackward] = positionTerms(layer, config, positions, inputs.longest, plan);
    const [heads, headsBackward] = disentangledAttention(qkv, terms, inputs.layout, {
      heads: config.heads,
      divisor,
      rate: plan?.rates.attentionDropout ?? 0,
      seed: plan?.nextSeed() ?? null,
      precision: labelled === null ? layer.attentionOutput.weight.precision : 'fp32', // Some of its rows are taken as float32.
    }); // (N, C)
    qkv.dispose();
    const [projected, projectedBackward] = attentionOutput(layer, heads, labelled); // (M, C)
    return [
      projected,
      (dProjected, dxBefore = null) => {
        const dHeads = projectedBackward(dProjected); // (N, C)
        const { dQkv, dKeys, dQueries } = headsBackward(dHeads); // (N, 3C), (R, C), (R, C)
        dHeads.dispose();
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
  longest: number,
  plan: DropoutPlan | null,
): [Terms, TermsBackward] {
  if (positions === null) return [{ keys: null, queries: null, rows: new Int32Array(2 * longest - 1) }, () => {}];
  const [dropped, dropoutBackward] = dropout(
    positions.values,
    plan?.rates.hiddenDropout ?? 0,
    plan?.nextSeed() ?? null,
  ); // (R, C)
  const { rows } = positions;
  const { sharesMaps, contentToPosition, positionToContent } = config.deberta!.relative!;
  if (sharesMaps) {
    const [qkv, qkvBackward] = queriesKeysValues(layer, dropped); // (R, 3C)
    const [reached, hidden] = dropped.shape; // R, C
    const part = (index: number) => tf.slice2d(qkv, [0, index * hidden], [reached, hidden]); // (R, C)
    const keys = contentToPosition ? part(1) : null;
    const queries = positionToContent ? part(0) : null;
    return [
      { keys, queries, rows },
      (dKeys, dQueries) => {
        const none = tf.zeros<tf.Rank.R2>([reached, hidden]);
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
    { keys, queries, rows },
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
