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

/** The description of an adapter, by PEFT and by AdapterHub's library: weights that are added to those of a model. */
export const adapterConfig = 'adapter_config.json';

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
 * Weights among the files of a folder that panx does not read, as they are or under the name that they have.
 *
 * @returns null where nothing looks like weights. `rename`: what one of them is to be called, if it holds what panx reads. `hint`: how else to come
 *   to weights that it reads
 */
export function otherWeights(names: readonly string[]): OtherWeights | null {
  for (const { kind, ...advice } of otherKinds) {
    const found = names.filter(name => kind.test(name));
    if (found.length > 0) return { found, ...advice };
  }
  return null;
}

type Advice = { rename: string } | { hint: string };
export type OtherWeights = { found: string[] } & Advice;

/** TensorFlow's and JAX's were converted with each of these: transformers 4.51 to 4.57 keep nothing of what they read, and 5 reads none. */
const otherKinds: readonly ({ kind: RegExp } & Advice)[] = [
  { kind: /^model-\d+-of-\d+\.safetensors$/, hint: lackingIndex(modelFile.weightsIndex) },
  { kind: /^pytorch_model-\d+-of-\d+\.bin$/, hint: lackingIndex(modelFile.torchWeightsIndex) },
  { kind: /^(?!adapter).*\.safetensors$/, rename: modelFile.weights },
  {
    kind: /^(?!adapter|pytorch_adapter|training_args|optimizer|scheduler|scaler|rng_state|openvino).*\.(ckpt|pt|pth|bin)$/,
    rename: modelFile.torchWeights,
  },
  { kind: /\.h5$/, hint: converted('torch, tensorflow and tf-keras', ofTokens('from_tf')) },
  { kind: /\.msgpack$/, hint: converted('torch and flax', ofTokens('from_flax')) },
  {
    kind: /\.ckpt\.(index|meta|data-.*)$/,
    hint: converted(
      'torch and tensorflow',
      'BertForPreTraining.from_pretrained("DIR/NAME.ckpt.index", from_tf=True, config=BertConfig.from_json_file("DIR/bert_config.json"))',
    ),
  },
  {
    kind: /\.(onnx|gguf|ot|tflite|mlmodel)$|^openvino/,
    hint: 'Take the model that this one was made of: it has lost what a training needs.',
  },
];

function lackingIndex(index: string): string {
  return `These are shards: copy or download ${index} too, which says what is in them.`;
}

function ofTokens(from: string): string {
  return `AutoModelForTokenClassification.from_pretrained("DIR", ${from}=True)`;
}

function converted(beside: string, model: string): string {
  return `Convert them in Python, with transformers 4.50 or an older 4 (later ones cannot), ${beside}: ${model}.save_pretrained("DIR").`;
}

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
