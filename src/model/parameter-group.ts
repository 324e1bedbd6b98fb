/** One tensor of a checkpoint, under the name that Hugging Face gives it. */
export interface ParameterSpec {
  name: string;
  shape: number[];
  /** Whether weight decay applies: to weights of linear layers and embeddings, not to biases and LayerNorm. */
  decay: boolean;
  /** `normal but padding`: the row of the padding token is 0. */
  init: 'normal' | 'normal but padding' | 'zeros' | 'ones';
}

/** What becomes one parameter of the network: tensors of one shape, stacked along their first axis. */
export interface ParameterGroup {
  parts: readonly ParameterSpec[];
  /** The file has the rows of queries, keys and values head by head, q, k and v of head 0 first: how many heads there are. Else left out. */
  interleavedHeads?: number;
  /** The network has it, and its forward does not use it: it has no gradient, and stays as it is. */
  unused?: boolean;
  /** `encoder`: the weight of a linear map of the encoder, which is multiplied in the run's precision; all others stay float32. */
  kind: 'encoder' | 'word table' | 'other';
}

/** A weight and a bias: of a linear map, or of a LayerNorm. */
export interface AffineOf<T> {
  weight: T;
  bias: T;
}

/** A layer of an encoder apart from how it attends: by queries, keys and values, and what else there is. C hidden, I intermediate. */
export interface LayerOf<T> {
  qkv: { weight: T }; // (3C, C)
  attentionOutput: AffineOf<T>; // (C, C), (C)
  attentionNorm: AffineOf<T>; // (C), (C)
  intermediate: AffineOf<T>; // (I, C), (I)
  output: AffineOf<T>; // (C, I), (C)
  outputNorm: AffineOf<T>; // (C), (C)
}

/** The layer of BERT. */
export interface EncoderLayerOf<T> extends LayerOf<T> {
  qkv: AffineOf<T>; // (3C, C), (3C)
}

/** An embedding table. */
export function table(
  kind: ParameterGroup['kind'],
  name: string,
  rows: number,
  columns: number,
  init: ParameterSpec['init'] = 'normal',
): ParameterGroup {
  return { parts: [{ name, shape: [rows, columns], decay: true, init }], kind };
}

/** A linear map, with the weights of several stacked. @param prefixes of the maps */
export function linear(
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

export function layerNorm(prefix: string, size: number): AffineOf<ParameterGroup> {
  const part = (name: string, init: 'ones' | 'zeros'): ParameterGroup => ({
    parts: [{ name: `${prefix}.${name}`, shape: [size], decay: false, init }],
    kind: 'other',
  });
  return { weight: part('weight', 'ones'), bias: part('bias', 'zeros') };
}

/** The names of a layer's maps and norms: those that BERT gave them, and that most others kept. */
export const bertLayerNames = {
  qkv: ['attention.self.query', 'attention.self.key', 'attention.self.value'],
  attentionOutput: 'attention.output.dense',
  attentionNorm: 'attention.output.LayerNorm',
  intermediate: 'intermediate.dense',
  output: 'output.dense',
  outputNorm: 'output.LayerNorm',
} as const;

/** @param prefix of the layer, without the dot */
export function encoderLayer(
  prefix: string,
  hiddenSize: number,
  intermediateSize: number,
  names: { [Place in keyof typeof bertLayerNames]: Place extends 'qkv' ? readonly string[] : string } = bertLayerNames,
): EncoderLayerOf<ParameterGroup> {
  const at = (name: string) => `${prefix}.${name}`;
  return {
    qkv: linear('encoder', names.qkv.map(at), hiddenSize, hiddenSize),
    attentionOutput: linear('encoder', [at(names.attentionOutput)], hiddenSize, hiddenSize),
    attentionNorm: layerNorm(at(names.attentionNorm), hiddenSize),
    intermediate: linear('encoder', [at(names.intermediate)], intermediateSize, hiddenSize),
    output: linear('encoder', [at(names.output)], hiddenSize, intermediateSize),
    outputNorm: layerNorm(at(names.outputNorm), hiddenSize),
  };
}
