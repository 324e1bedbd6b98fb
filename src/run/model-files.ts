/** The files of a model's folder, as transformers names them. No other list of them is in panx. */
export const modelFile = {
  config: 'config.json',
  weights: 'model.safetensors',
  /** Names the shards, where the weights are in several files. */
  weightsIndex: 'model.safetensors.index.json',
  /** Weights as torch.save writes them, read where there are no safetensors. */
  torchWeights: 'pytorch_model.bin',
  torchWeightsIndex: 'pytorch_model.bin.index.json',
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

/** Whether the index of torch files may name a file as a shard. */
export function isTorchShard(name: string): boolean {
  return /^pytorch_model[\w.-]*\.bin$/.test(name) && name !== modelFile.torchWeights;
}

/**
 * The files of a folder that are part of what a model is, so that another content makes it another model: weights, config and tokenizer. Of torch
 * files only those that are read, so that a model is the same with and without a copy of its weights in the other format. Where there is no
 * tokenizer.json, the files that it is made of are too (`sourcesOf` in tokenization/converters/).
 */
export function partsOfModel(names: readonly string[]): string[] {
  const hasSafetensors = names.includes(modelFile.weights) || names.includes(modelFile.weightsIndex);
  const isTorchPart = names.includes(modelFile.torchWeights)
    ? (name: string) => name === modelFile.torchWeights
    : (name: string) => name === modelFile.torchWeightsIndex || isTorchShard(name);
  return names.filter(name => isPartOfModel(name) || (!hasSafetensors && isTorchPart(name)));
}

function isPartOfModel(name: string): boolean {
  return name === modelFile.config || name === modelFile.tokenizer || /\.safetensors(\.index\.json)?$/.test(name);
}
