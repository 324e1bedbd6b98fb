/** One tensor of a checkpoint, under the name that Hugging Face gives it. */
export interface ParameterSpec {
  name: string;
  shape: number[];
  /** Whether weight decay applies: to weights of linear layers and embeddings, not to biases and LayerNorm. */
  decay: boolean;
  init: 'normal' | 'zeros' | 'ones';
}

/** What becomes one parameter of the network: tensors of one shape, stacked along their first axis. */
export interface ParameterGroup {
  parts: readonly ParameterSpec[];
  /** `encoder`: the weight of a linear map of the encoder, which is multiplied in the run's precision; all others stay float32. */
  kind: 'encoder' | 'word table' | 'other';
}
