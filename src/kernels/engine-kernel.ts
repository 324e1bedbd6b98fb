import tf = require('@tensorflow/tfjs-core');

/**
 * What an engine may have of its own beside the kernels of TensorFlow.js: registered with TensorFlow.js under these names, and described
 * where they are used. An engine that has a name has its gradient too (`...Grad`); one that multiplies in bfloat16 itself has the names that
 * end in `Bfloat16`.
 */
export type KernelName =
  | 'PanxAdamW'
  | 'PanxAdamWOfOne'
  | 'PanxAdamWRows'
  | 'PanxAssignVariable'
  | 'PanxAttention'
  | 'PanxAttentionGrad'
  | 'PanxBiasGelu'
  | 'PanxBiasGeluGrad'
  | 'PanxCreateVariable'
  | 'PanxDisentangledAttention'
  | 'PanxDisentangledAttentionGrad'
  | 'PanxDisposeVariable'
  | 'PanxEmbeddings'
  | 'PanxEmbeddingsGrad'
  | 'PanxEncoderLayer'
  | 'PanxEncoderLayerBfloat16'
  | 'PanxEncoderPanels'
  | 'PanxEncoderPanelsBfloat16'
  | 'PanxFromBfloat16'
  | 'PanxLinear'
  | 'PanxLinearBfloat16'
  | 'PanxLinearGrad'
  | 'PanxLinearGradBfloat16'
  | 'PanxMatMul'
  | 'PanxMatMulBfloat16'
  | 'PanxReadVariable'
  | 'PanxResidualNorm'
  | 'PanxResidualNormGrad'
  | 'PanxSquaredNorm'
  | 'PanxSquaredNormOfOne'
  | 'PanxSumByRow'
  | 'PanxToBfloat16'
  | 'PanxUniform';

/** Numbers, switches, shapes and names of types: all that is not a tensor. */
export type Attributes = Readonly<Record<string, number | boolean | string | readonly number[]>>;

/** Inputs in the order in which the operation takes them; its outputs belong to the caller. */
export type EngineKernel = (inputs: readonly tf.Tensor[], attributes?: Attributes) => tf.Tensor[];

/** What the active engine has under a name; null where it has nothing: then the plain twin serves. */
export function engineKernel(name: KernelName): EngineKernel | null {
  const kernel = tf.getKernel(name, tf.getBackend());
  if (!kernel) return null;
  // Not through TensorFlow.js's own runKernel, which keeps a tape for gradients that nothing here asks for.
  return (inputs, attrs = {}) =>
    kernel.kernelFunc({
      inputs: inputs as unknown as tf.NamedTensorInfoMap,
      attrs: attrs as tf.NamedAttrMap,
      backend: tf.backend(),
    }) as tf.Tensor[];
}

/** The same for one that must be there, since another kernel of the engine's made what it takes. */
export function neededKernel(name: KernelName): EngineKernel {
  const kernel = engineKernel(name);
  if (kernel === null) throw new Error(`${tf.getBackend()} has no ${name}`);
  return kernel;
}
