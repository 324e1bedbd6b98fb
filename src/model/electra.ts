import type { ModelConfig } from '../checkpoint/config.js';
import { encoderLayer, layerNorm, linear, type ParameterGroup, table } from './parameter-group.js';
import type { PostNormOf } from './post-norm.js';

export const wordTableName = 'electra.embeddings.word_embeddings.weight';

/**
 * ELECTRA's discriminator (Clark et al. 2020): ElectraForTokenClassification in transformers. It differs from bert.ts in that its embeddings may
 * be narrower than its layers; then a linear map widens them, behind LayerNorm and dropout.
 */
export function electra(config: ModelConfig): PostNormOf<ParameterGroup> {
  const { embeddingSize, hiddenSize, intermediateSize, vocabularySize, maxPositions, typeVocabularySize } = config;
  const embeddings = 'electra.embeddings';
  return {
    kind: 'post-norm',
    wordTable: table('word table', wordTableName, vocabularySize, embeddingSize, 'normal but padding'),
    positionTable: table('other', `${embeddings}.position_embeddings.weight`, maxPositions, embeddingSize),
    typeTable: table('other', `${embeddings}.token_type_embeddings.weight`, typeVocabularySize, embeddingSize),
    embeddingNorm: layerNorm(`${embeddings}.LayerNorm`, embeddingSize),
    projection:
      embeddingSize === hiddenSize
        ? null
        : linear('encoder', [`electra.embeddings_project`], hiddenSize, embeddingSize),
    classifier: linear('other', ['classifier'], config.labels.length, hiddenSize),
    layers: Array.from({ length: config.layers }, (_, index) =>
      encoderLayer(`electra.encoder.layer.${index}`, hiddenSize, intermediateSize),
    ),
  };
}
