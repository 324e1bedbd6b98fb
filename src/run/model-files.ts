/** The files of a model's folder, as transformers names them. No other list of them is in panx. */
export const modelFile = {
  config: 'config.json',
  weights: 'model.safetensors',
  /** Names the shards, where the weights are in several files. */
  weightsIndex: 'model.safetensors.index.json',
  tokenizer: 'tokenizer.json',
} as const;

/** The files in which transformers looks for a tokenizer, and which go along with a model. */
export const tokenizerFiles = [
  modelFile.tokenizer,
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'sentencepiece.bpe.model',
  'vocab.json',
  'merges.txt',
] as const;

/** Those of them that are small, and that transformers reads beside tokenizer.json. */
export const smallTokenizerFiles = ['tokenizer_config.json', 'special_tokens_map.json'] as const;

/** Whether a file is part of what a model is, so that another content makes it another model: weights, config and tokenizer. */
export function isPartOfModel(name: string): boolean {
  return name === modelFile.config || name === modelFile.tokenizer || /\.safetensors(\.index\.json)?$/.test(name);
}
