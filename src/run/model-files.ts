/** The files of a model's folder, as transformers names them. No other list of them is in panx. */
export const modelFile = {
  config: 'config.json',
  weights: 'model.safetensors',
  /** Names the shards, where the weights are in several files. */
  weightsIndex: 'model.safetensors.index.json',
  tokenizer: 'tokenizer.json',
  tokenizerConfig: 'tokenizer_config.json',
  specialTokens: 'special_tokens_map.json',
  addedTokens: 'added_tokens.json',
} as const;

/** Where a folder has no tokenizer.json, one of these has its vocabulary: WordPiece, byte-level BPE, SentencePiece. */
export const vocabularyFile = {
  wordPiece: 'vocab.txt',
  byteLevel: 'vocab.json',
  /** Goes along with `byteLevel`. */
  merges: 'merges.txt',
  sentencePiece: 'sentencepiece.bpe.model',
  /** DeBERTa's, of versions 2 and 3. */
  spm: 'spm.model',
} as const;

/** The small files beside a tokenizer: what transformers reads beside tokenizer.json, and what a vocabulary by itself does not say. */
export const smallTokenizerFiles = [modelFile.tokenizerConfig, modelFile.specialTokens] as const;

/** All that a tokenizer may be made of where there is no tokenizer.json; which of them are read, its kind says. */
export const tokenizerSources = [
  ...smallTokenizerFiles,
  modelFile.addedTokens,
  ...(Object.values(vocabularyFile) as readonly (typeof vocabularyFile)[keyof typeof vocabularyFile][]),
] as const;

/** The files in which transformers looks for a tokenizer, and which go along with a model. */
export const tokenizerFiles = [modelFile.tokenizer, ...tokenizerSources] as const;

/**
 * Whether a file is part of what a model is, so that another content makes it another model: weights, config and tokenizer. Where there is no
 * tokenizer.json, the files that it is made of are too (`sourcesOf` in tokenization/converters/).
 */
export function isPartOfModel(name: string): boolean {
  return name === modelFile.config || name === modelFile.tokenizer || /\.safetensors(\.index\.json)?$/.test(name);
}
