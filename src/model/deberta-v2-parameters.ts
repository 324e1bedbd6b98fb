import type { ModelConfig } from '../checkpoint/config.js';
import type { DebertaLayerOf, DebertaOf, MapOf } from './deberta-v2.js';
import {
  type AffineOf,
  bertLayerNames,
  encoderLayer,
  layerNorm,
  linear,
  type ParameterGroup,
  type ParameterSpec,
  table,
} from './parameter-group.js';

export const wordTableName = 'deberta.embeddings.word_embeddings.weight';

/** The parameters of `DebertaV2ForTokenClassification`. */
export function debertaV2(config: ModelConfig): DebertaOf<ParameterGroup> {
  return deberta(config, layer => {
    const { hiddenSize, intermediateSize } = config;
    const self = 'attention.self';
    const maps = [`${self}.query_proj`, `${self}.key_proj`, `${self}.value_proj`];
    const { qkv, ...others } = encoderLayer(layer, hiddenSize, intermediateSize, { ...bertLayerNames, qkv: maps });
    const relative = config.deberta!.relative;
    const ownMap = (name: string) => linear('encoder', [`${layer}.${self}.${name}`], hiddenSize, hiddenSize);
    const hasOwn = relative !== null && !relative.sharesMaps;
    return {
      ...others,
      qkv: { ...qkv, queryBias: null, valueBias: null },
      positionKeys: hasOwn && relative.contentToPosition ? ownMap('pos_key_proj') : null,
      positionQueries: hasOwn && relative.positionToContent ? ownMap('pos_query_proj') : null,
    };
  });
}

/** What both versions have. @param layerAt the places of a layer, by its prefix */
export function deberta(
  config: ModelConfig,
  layerAt: (prefix: string) => DebertaLayerOf<ParameterGroup>,
): DebertaOf<ParameterGroup> {
  const { embeddingSize, hiddenSize, vocabularySize, maxPositions, typeVocabularySize } = config;
  const { hasPositionTable, hasRelativeNorm, relative } = config.deberta!;
  const embeddings = 'deberta.embeddings';
  const isUsed = relative !== null && (relative.contentToPosition || relative.positionToContent);
  const ofRelative = (group: ParameterGroup): ParameterGroup => (isUsed ? group : { ...group, unused: true });
  const norm = layerNorm('deberta.encoder.LayerNorm', hiddenSize);
  return {
    kind: 'deberta',
    wordTable: table('word table', wordTableName, vocabularySize, embeddingSize, 'normal but padding'),
    positionTable: hasPositionTable
      ? table('other', `${embeddings}.position_embeddings.weight`, maxPositions, embeddingSize)
      : null,
    typeTable:
      typeVocabularySize > 0
        ? table('other', `${embeddings}.token_type_embeddings.weight`, typeVocabularySize, embeddingSize)
        : null,
    projection:
      embeddingSize === hiddenSize
        ? null
        : linear('encoder', [`${embeddings}.embed_proj`], hiddenSize, embeddingSize).weight,
    embeddingNorm: layerNorm(`${embeddings}.LayerNorm`, hiddenSize),
    relativeTable:
      relative === null
        ? null
        : ofRelative(table('other', 'deberta.encoder.rel_embeddings.weight', 2 * relative.span, hiddenSize)),
    relativeNorm: hasRelativeNorm ? { weight: ofRelative(norm.weight), bias: ofRelative(norm.bias) } : null,
    classifier: linear('other', ['classifier'], config.labels.length, hiddenSize),
    layers: Array.from({ length: config.layers }, (_, index) => layerAt(`deberta.encoder.layer.${index}`)),
  };
}

/** All tensors of a checkpoint in the order in which transformers writes them. */
export function specsOf(network: DebertaOf<ParameterGroup>): ParameterSpec[] {
  const { wordTable, positionTable, typeTable, projection, embeddingNorm, layers } = network;
  const { relativeTable, relativeNorm, classifier } = network;
  const partsOf = (group: ParameterGroup | null) => group?.parts ?? [];
  const ofMap = (map: MapOf<ParameterGroup> | null) =>
    partsOf(map?.weight ?? null).flatMap((part, i) => [part, ...partsOf(map!.bias).slice(i, i + 1)]);
  return [
    ...[wordTable, positionTable, typeTable, projection].flatMap(partsOf),
    ...ofMap(embeddingNorm),
    ...layers.flatMap(layer => [
      ...[layer.qkv.queryBias, layer.qkv.valueBias].flatMap(partsOf),
      ...[layer.qkv, layer.positionKeys, layer.positionQueries, layer.attentionOutput, layer.attentionNorm].flatMap(
        ofMap,
      ),
      ...[layer.intermediate, layer.output, layer.outputNorm].flatMap(ofMap),
    ]),
    ...partsOf(relativeTable),
    ...[relativeNorm, classifier].flatMap(ofMap),
  ];
}

/** The same network with something else in each place, made one after the other in the order of the places. */
export async function mapPlaces<T, U>(network: DebertaOf<T>, make: (at: T) => Promise<U>): Promise<DebertaOf<U>> {
  const maybe = async (at: T | null): Promise<U | null> => (at === null ? null : await make(at));
  const affine = async ({ weight, bias }: AffineOf<T>): Promise<AffineOf<U>> => ({
    weight: await make(weight),
    bias: await make(bias),
  });
  const map = async (at: MapOf<T> | null): Promise<MapOf<U> | null> =>
    at === null ? null : { weight: await make(at.weight), bias: await maybe(at.bias) };
  const mapped: DebertaOf<U> = {
    kind: 'deberta',
    wordTable: await make(network.wordTable),
    positionTable: await maybe(network.positionTable),
    typeTable: await maybe(network.typeTable),
    projection: await maybe(network.projection),
    embeddingNorm: await affine(network.embeddingNorm),
    relativeTable: await maybe(network.relativeTable),
    relativeNorm: network.relativeNorm === null ? null : await affine(network.relativeNorm),
    classifier: await affine(network.classifier),
    layers: [],
  };
  for (const layer of network.layers) {
    const { qkv } = layer;
    mapped.layers.push({
      qkv: {
        weight: await make(qkv.weight),
        bias: await maybe(qkv.bias),
        queryBias: await maybe(qkv.queryBias),
        valueBias: await maybe(qkv.valueBias),
      },
      positionKeys: await map(layer.positionKeys),
      positionQueries: await map(layer.positionQueries),
      attentionOutput: await affine(layer.attentionOutput),
      attentionNorm: await affine(layer.attentionNorm),
      intermediate: await affine(layer.intermediate),
      output: await affine(layer.output),
      outputNorm: await affine(layer.outputNorm),
    });
  }
  return mapped;
}
