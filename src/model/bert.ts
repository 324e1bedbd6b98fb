import type { ModelConfig } from '../checkpoint/config.js';
import { encoderLayer, layerNorm, linear, type ParameterGroup, table } from './parameter-group.js';
import type { PostNormOf } from './post-norm.js';

export const wordTableName = 'bert.embeddings.word_embeddings.weight';

/**
 * BERT (Devlin et al. 2019): BertForTokenClassification in transformers. It differs from xlm-roberta.ts in that positions count from 0, and in
 * two token types, of which all tokens have the first.
 */
export function bert(config: ModelConfig): PostNormOf<ParameterGroup> {
  const { hiddenSize, intermediateSize, vocabularySize, maxPositions, typeVocabularySize } = config;
  const embeddings = 'bert.embeddings';
  return {
    kind: 'post-norm',
    wordTable: table('word table', wordTableName, vocabularySize, hiddenSize, 'normal but padding'),
    positionTable: table('other', `${embeddings}.position_embeddings.weight`, maxPositions, hiddenSize),
    typeTable: table('other', `${embeddings}.token_type_embeddings.weight`, typeVocabularySize, hiddenSize),
    embeddingNorm: layerNorm(`${embeddings}.LayerNorm`, hiddenSize),
    projection: null,
    classifier: linear('other', ['classifier'], config.labels.length, hiddenSize),
    layers: Array.from({ length: config.layers }, (_, index) =>
      encoderLayer(`bert.encoder.layer.${index}`, hiddenSize, intermediateSize),
    ),
  };
}
