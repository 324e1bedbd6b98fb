import type { ModelConfig } from '../checkpoint/config.js';
import { encoderLayer, layerNorm, linear, type ParameterGroup, table } from './parameter-group.js';
import type { PostNormOf } from './post-norm.js';

export const wordTableName = 'roberta.embeddings.word_embeddings.weight';

/**
 * XLM-RoBERTa (Conneau et al. 2020), and RoBERTa (Liu et al. 2019) and CamemBERT (Martin et al. 2020), whose checkpoints have the very same
 * tensors: XLMRobertaForTokenClassification in transformers. Positions count from the padding id + 1, and padding has a row of its own among
 * them.
 */
export function xlmRoberta(config: ModelConfig): PostNormOf<ParameterGroup> {
  const { hiddenSize, intermediateSize, vocabularySize, maxPositions, typeVocabularySize } = config;
  const embeddings = 'roberta.embeddings';
  const padded = 'normal but padding';
  return {
    kind: 'post-norm',
    wordTable: table('word table', wordTableName, vocabularySize, hiddenSize, padded),
    positionTable: table('other', `${embeddings}.position_embeddings.weight`, maxPositions, hiddenSize, padded),
    typeTable: table('other', `${embeddings}.token_type_embeddings.weight`, typeVocabularySize, hiddenSize),
    embeddingNorm: layerNorm(`${embeddings}.LayerNorm`, hiddenSize),
    projection: null,
    classifier: linear('other', ['classifier'], config.labels.length, hiddenSize),
    layers: Array.from({ length: config.layers }, (_, index) =>
      encoderLayer(`roberta.encoder.layer.${index}`, hiddenSize, intermediateSize),
    ),
  };
}
