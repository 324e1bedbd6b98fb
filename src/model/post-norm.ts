import tf = require('@tensorflow/tfjs-core');

import type { ModelConfig } from '../checkpoint/config.js';
import type { WithBackward } from '../kernels/backward.js';
import { embeddings as normOfEmbeddings } from '../kernels/embeddings.js';
import { sumByRow } from '../kernels/table-rows.js';
import type { DropoutPlan } from './dropout-plan.js';
import type { ModelInputs } from './inputs.js';
import { type Affine, addNormGradients, encoderLayers, fusedLayer, head, linearMap, selfAttention } from './layers.js';
import { addGradient, addRowGradient, currentValue, type Parameter } from './parameter.js';
import type { AffineOf, EncoderLayerOf, ParameterGroup, ParameterSpec } from './parameter-group.js';

/**
 * The token classifier of every encoder that is built like BERT, read top-down: the sum of embeddings, normalised and dropped; a stack of
 * layers; one linear head (BertForTokenClassification in transformers). What encoders differ in is in their configuration (checkpoint/config.ts)
 * and in the names of their tensors (xlm-roberta.ts, bert.ts, electra.ts, distilbert.ts).
 *
 * The network, place by place. T is what stands there: the names and shapes of its tensors, or the tensors. V vocabulary, P positions,
 * E embedding, C hidden, L labels.
 */
export interface PostNormOf<T> {
  kind: 'post-norm';
  wordTable: T; // (V, E)
  positionTable: T; // (P, E)
  typeTable: T | null; // (token types, E); DistilBERT has none
  embeddingNorm: AffineOf<T>; // (E), (E)
  projection: AffineOf<T> | null; // (C, E), (C); ELECTRA's where E is not C
  classifier: AffineOf<T>; // (L, C), (L)
  layers: EncoderLayerOf<T>[];
}

export type PostNorm = PostNormOf<Parameter>;

/** @returns logits (M, L) of the M labelled tokens, and the backward that takes their gradient and adds every parameter's. */
export function forward(
  model: PostNorm,
  config: ModelConfig,
  inputs: ModelInputs,
  plan: DropoutPlan | null,
): WithBackward<tf.Tensor2D, void> {
  const [embedded, embeddingsBackward] = embeddings(model, config, inputs, plan); // (N, C)
  const [hidden, layersBackward] = encoderLayers(
    model.layers,
    config,
    embedded,
    inputs,
    plan,
    selfAttention(config, inputs, plan),
    fusedLayer(config, inputs),
  ); // (M, C)
  const [logits, headBackward] = head(model.classifier, hidden, plan); // (M, L)
  return [
    logits,
    dLogits => {
      const dHidden = headBackward(dLogits); // (M, C)
      if (isFrozen(model)) return; // Nothing below the classifier takes a gradient.
      embeddingsBackward(layersBackward(dHidden));
    },
  ];
}

/** Whether nothing but the classifier is trained. */
function isFrozen(model: PostNorm): boolean {
  const { wordTable, positionTable, typeTable, embeddingNorm, projection, layers } = model;
  const affine = [embeddingNorm, projection, ...layers.flatMap(layer => Object.values(layer) as Affine[])];
  const parameters = [wordTable, positionTable, typeTable, ...affine.flatMap(one => [one?.weight, one?.bias])];
  return parameters.every(parameter => !parameter?.trainable);
}

/** Word + position + token type (always 0), LayerNorm, dropout, and the projection where there is one. @returns (N, C) */
function embeddings(
  model: PostNorm,
  config: ModelConfig,
  inputs: ModelInputs,
  plan: DropoutPlan | null,
): WithBackward<tf.Tensor2D, void> {
  const { wordTable, positionTable, typeTable, embeddingNorm, projection } = model;
  const types =
    typeTable === null ? tf.zeros<tf.Rank.R2>([1, config.embeddingSize]) : currentValue<tf.Tensor2D>(typeTable);
  const [normed, backward] = normOfEmbeddings(
    { words: currentValue(wordTable), positions: currentValue(positionTable), types },
    inputs.wordRows,
    inputs.positions,
    currentValue(embeddingNorm.weight),
    currentValue(embeddingNorm.bias),
    { eps: config.layerNormEps, rate: plan?.rates.hiddenDropout ?? 0, seed: plan?.nextSeed() ?? null },
  ); // (N, E)
  const [hidden, projectionBackward] =
    projection === null ? [normed, null] : linearMap(projection.weight, projection.bias, normed);
  return [
    hidden,
    dHidden => {
      const dNormed = projectionBackward === null ? dHidden : projectionBackward(dHidden); // (N, E)
      const { dSum, dGamma, dBeta, dType } = backward(dNormed);
      addNormGradients(embeddingNorm, { dGamma, dBeta });
      // torch's padding_idx: the pad row of the word table gets no gradient, nor that of the position table where positions count from it.
      const dWords = inputs.notPad === null ? dSum : tf.mul<tf.Tensor2D>(dSum, inputs.notPad); // (N, E)
      const dPositions = config.positionsFromPad ? dWords : dSum;
      addRowGradient(wordTable, inputs.wordRows, inputs.wordRowsOnHost, dWords);
      addGradient(positionTable, sumByRow(dPositions, inputs.positions, positionTable.shape[0]!));
      if (typeTable !== null) addGradient(typeTable, ofFirstRow(dType, typeTable.shape[0]!));
    },
  ];
}

/** (rows, E) with the gradient of the first row, and 0 elsewhere. */
function ofFirstRow(dRow: tf.Tensor1D, rows: number): tf.Tensor2D {
  return tf.tidy(() =>
    tf.pad2d(tf.expandDims<tf.Tensor2D>(dRow, 0), [
      [0, rows - 1],
      [0, 0],
    ]),
  );
}

/** All tensors of a checkpoint in the order in which transformers writes them: from the embeddings up to the classifier. */
export function specsOf(network: PostNormOf<ParameterGroup>): ParameterSpec[] {
  const { wordTable, positionTable, typeTable, embeddingNorm, projection, layers, classifier } = network;
  const places = layers.flatMap(layer => [
    ...[layer.qkv, layer.attentionOutput, layer.attentionNorm],
    ...[layer.intermediate, layer.output, layer.outputNorm],
  ]);
  return [
    ...[wordTable, positionTable, typeTable].flatMap(group => group?.parts ?? []),
    ...[embeddingNorm, projection, ...places, classifier].flatMap(
      affine => affine?.weight.parts.flatMap((part, i) => [part, affine.bias.parts[i]!]) ?? [],
    ),
  ];
}

/** The same network with something else in each place, made one after the other in the order of the places. */
export async function mapPlaces<T, U>(network: PostNormOf<T>, make: (at: T) => Promise<U>): Promise<PostNormOf<U>> {
  const affine = async ({ weight, bias }: AffineOf<T>): Promise<AffineOf<U>> => ({
    weight: await make(weight),
    bias: await make(bias),
  });
  const mapped: PostNormOf<U> = {
    kind: 'post-norm',
    wordTable: await make(network.wordTable),
    positionTable: await make(network.positionTable),
    typeTable: network.typeTable === null ? null : await make(network.typeTable),
    embeddingNorm: await affine(network.embeddingNorm),
    projection: network.projection === null ? null : await affine(network.projection),
    classifier: await affine(network.classifier),
    layers: [],
  };
  for (const layer of network.layers) {
    mapped.layers.push({
      qkv: await affine(layer.qkv),
      attentionOutput: await affine(layer.attentionOutput),
      attentionNorm: await affine(layer.attentionNorm),
      intermediate: await affine(layer.intermediate),
      output: await affine(layer.output),
      outputNorm: await affine(layer.outputNorm),
    });
  }
  return mapped;
}
