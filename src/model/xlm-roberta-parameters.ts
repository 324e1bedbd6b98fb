import type { ModelConfig } from '../checkpoint/config.js';
import type { ParameterGroup, ParameterSpec } from './parameter-group.js';

/**
 * The network of XLM-RoBERTa's token classifier, place by place. T is what stands there: the names and shapes of its tensors, or the tensors.
 * V vocabulary, P positions, C hidden, I intermediate, L labels.
 */
export interface XlmRobertaOf<T> {
  wordTable: T; // (V, C)
  positionTable: T; // (P, C)
  typeTable: T; // (token types, C)
  embeddingNorm: AffineOf<T>; // (C), (C)
  classifier: AffineOf<T>; // (L, C), (L)
  layers: EncoderLayerOf<T>[];
}

export interface EncoderLayerOf<T> {
  qkv: AffineOf<T>; // (3C, C), (3C)
  attentionOutput: AffineOf<T>; // (C, C), (C)
  attentionNorm: AffineOf<T>; // (C), (C)
  intermediate: AffineOf<T>; // (I, C), (I)
  output: AffineOf<T>; // (C, I), (C)
  outputNorm: AffineOf<T>; // (C), (C)
}

/** A weight and a bias: of a linear map, or of a LayerNorm. */
export interface AffineOf<T> {
  weight: T;
  bias: T;
}

export const wordTableName = 'roberta.embeddings.word_embeddings.weight';

/** The parameters of `XLMRobertaForTokenClassification` (and `RobertaForTokenClassification`, which has the same). */
export function xlmRobertaParameters(config: ModelConfig): XlmRobertaOf<ParameterGroup> {
  const { hiddenSize, intermediateSize, vocabularySize, maxPositions, typeVocabularySize } = config;
  const embeddings = 'roberta.embeddings';
  return {
    wordTable: table('word table', wordTableName, vocabularySize, hiddenSize),
    positionTable: table('other', `${embeddings}.position_embeddings.weight`, maxPositions, hiddenSize),
    typeTable: table('other', `${embeddings}.token_type_embeddings.weight`, typeVocabularySize, hiddenSize),
    embeddingNorm: layerNorm(`${embeddings}.LayerNorm`, hiddenSize),
    classifier: linear('other', ['classifier'], config.labels.length, hiddenSize),
    layers: Array.from({ length: config.layers }, (_, index) => {
      const layer = `roberta.encoder.layer.${index}`;
      const self = `${layer}.attention.self`;
      return {
        qkv: linear('encoder', [`${self}.query`, `${self}.key`, `${self}.value`], hiddenSize, hiddenSize),
        attentionOutput: linear('encoder', [`${layer}.attention.output.dense`], hiddenSize, hiddenSize),
        attentionNorm: layerNorm(`${layer}.attention.output.LayerNorm`, hiddenSize),
        intermediate: linear('encoder', [`${layer}.intermediate.dense`], intermediateSize, hiddenSize),
        output: linear('encoder', [`${layer}.output.dense`], hiddenSize, intermediateSize),
        outputNorm: layerNorm(`${layer}.output.LayerNorm`, hiddenSize),
      };
    }),
  };
}

/** All tensors of a checkpoint in the order in which transformers writes them: from the embeddings up to the classifier. */
export function xlmRobertaSpecs(config: ModelConfig): ParameterSpec[] {
  const { wordTable, positionTable, typeTable, embeddingNorm, layers, classifier } = xlmRobertaParameters(config);
  const places = layers.flatMap(layer => [
    ...[layer.qkv, layer.attentionOutput, layer.attentionNorm],
    ...[layer.intermediate, layer.output, layer.outputNorm],
  ]);
  return [
    ...[wordTable, positionTable, typeTable].flatMap(({ parts }) => parts),
    ...[embeddingNorm, ...places, classifier].flatMap(({ weight, bias }) =>
      weight.parts.flatMap((part, i) => [part, bias.parts[i]!]),
    ),
  ];
}

/** The same network with something else in each place, made one after the other in the order of the places. */
export async function mapPlaces<T, U>(network: XlmRobertaOf<T>, make: (at: T) => Promise<U>): Promise<XlmRobertaOf<U>> {
  const affine = async ({ weight, bias }: AffineOf<T>): Promise<AffineOf<U>> => ({
    weight: await make(weight),
    bias: await make(bias),
  });
  const mapped: XlmRobertaOf<U> = {
    wordTable: await make(network.wordTable),
    positionTable: await make(network.positionTable),
    typeTable: await make(network.typeTable),
    embeddingNorm: await affine(network.embeddingNorm),
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

function table(kind: ParameterGroup['kind'], name: string, rows: number, columns: number): ParameterGroup {
  return { parts: [{ name, shape: [rows, columns], decay: true, init: 'normal' }], kind };
}

/** @param prefixes of the maps that are stacked */
function linear(
  kind: ParameterGroup['kind'],
  prefixes: readonly string[],
  outputs: number,
  inputs: number,
): AffineOf<ParameterGroup> {
  const weight = (prefix: string): ParameterSpec => ({
    ...{ name: `${prefix}.weight`, shape: [outputs, inputs] },
    ...{ decay: true, init: 'normal' },
  });
  const bias = (prefix: string): ParameterSpec => ({
    ...{ name: `${prefix}.bias`, shape: [outputs] },
    ...{ decay: false, init: 'zeros' },
  });
  return {
    weight: { parts: prefixes.map(weight), kind },
    bias: { parts: prefixes.map(bias), kind: 'other' },
  };
}

function layerNorm(prefix: string, size: number): AffineOf<ParameterGroup> {
  const part = (name: string, init: 'ones' | 'zeros'): ParameterGroup => ({
    parts: [{ name: `${prefix}.${name}`, shape: [size], decay: false, init }],
    kind: 'other',
  });
  return { weight: part('weight', 'ones'), bias: part('bias', 'zeros') };
}
