import type { ModelConfig } from '../checkpoint/config.js';
import { encoderLayer, layerNorm, linear, type ParameterGroup, table } from './parameter-group.js';
import type { PostNormOf } from './post-norm.js';

export const wordTableName = 'distilbert.embeddings.word_embeddings.weight';

const layerNames = {
  qkv: ['attention.q_lin', 'attention.k_lin', 'attention.v_lin'],
  attentionOutput: 'attention.out_lin',
  attentionNorm: 'sa_layer_norm',
  intermediate: 'ffn.lin1',
  output: 'ffn.lin2',
  outputNorm: 'output_layer_norm',
} as const;

/**
 * DistilBERT (Sanh et al. 2019): DistilBertForTokenClassification in transformers. It differs from bert.ts in that it has no token types, in
 * that nothing is dropped behind attention's output, and in its names. The epsilon of its LayerNorms is 1e-12 always.
 */
export function distilBert(config: ModelConfig): PostNormOf<ParameterGroup> {
  const { hiddenSize, intermediateSize, vocabularySize, maxPositions } = config;
  const embeddings = 'distilbert.embeddings';
  return {
    kind: 'post-norm',
    wordTable: table('word table', wordTableName, vocabularySize, hiddenSize, 'normal but padding'),
    positionTable: table('other', `${embeddings}.position_embeddings.weight`, maxPositions, hiddenSize),
    typeTable: null,
    embeddingNorm: layerNorm(`${embeddings}.LayerNorm`, hiddenSize),
    projection: null,
    classifier: linear('other', ['classifier'], config.labels.length, hiddenSize),
    layers: Array.from({ length: config.layers }, (_, index) =>
      encoderLayer(`distilbert.transformer.layer.${index}`, hiddenSize, intermediateSize, layerNames),
    ),
  };
}
