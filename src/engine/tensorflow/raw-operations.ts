import tf = require('@tensorflow/tfjs-core');

/**
 * TensorFlow's operations by their names in its registry, for what TensorFlow.js does not expose: resource variables, stateless random
 * numbers, fused Adam, panx's own (operations/). register-kernels.ts makes of them the kernels that the rest of panx asks for.
 */
export interface RawOperations {
  /**
   * Run one operation; returns its outputs. About 10 us a call. TensorFlow.js has no bfloat16: such an output is a tensor
   * (`isBfloat16`, kernels/bfloat16.ts) that only another raw operation can take, and that tidy, keep and dispose treat as any other.
   */
  run(op: string, inputs: readonly tf.Tensor[], attributes: readonly Attribute[], outputs: number): tf.Tensor[];
  /** Attributes, typed as TensorFlow wants them: TF_DataType, bool, int, float, string and shape values. */
  type(name: string, dtype: 'float32' | 'int32' | 'bfloat16'): Attribute;
  bool(name: string, value: boolean): Attribute;
  int(name: string, value: number): Attribute;
  float(name: string, value: number): Attribute;
  string(name: string, value: string): Attribute;
  shape(name: string, value: readonly number[]): Attribute;
}

export interface Attribute {
  name: string;
  type: number;
  value: unknown;
}

/** Those of the loaded backend, which must be TensorFlow.js's `tensorflow`. */
export function rawOperations(): RawOperations {
  current ??= wrap(tf.backend() as unknown as NodeBackend);
  return current;
}

let current: RawOperations | null = null;

/** The part of tfjs-node's backend object that is used in this room (nodejs_kernel_backend.ts). */
export interface NodeBackend {
  binding: Record<
    | 'TF_FLOAT'
    | 'TF_INT32'
    | 'TF_RESOURCE'
    | 'TF_ATTR_TYPE'
    | 'TF_ATTR_BOOL'
    | 'TF_ATTR_INT'
    | 'TF_ATTR_FLOAT'
    | 'TF_ATTR_STRING'
    | 'TF_ATTR_SHAPE',
    number
  > & {
    executeOp(op: string, attributes: readonly Attribute[], ids: readonly number[], outputs: number): Output[];
    createTensor(shape: number[], dtype: number, values: unknown): number;
    tensorDataSync(id: number): unknown;
    deleteTensor(id: number): void;
  };
  getInputTensorIds(inputs: readonly tf.Tensor[]): number[];
  createOutputTensor(output: Output): tf.Tensor;
}

/** An output as TensorFlow gives it, before TensorFlow.js knows it. */
interface Output {
  id: number;
  shape: number[];
  dtype: number;
}

/** DT_BFLOAT16 of tensorflow/core/framework/types.proto, which the binding does not name. */
export const bfloat16 = 14;

function wrap(backend: NodeBackend): RawOperations {
  const { binding } = backend;
  const dtypes = { float32: binding.TF_FLOAT, int32: binding.TF_INT32, bfloat16 };
  const wrapped = (output: Output) =>
    backend.createOutputTensor(output.dtype === bfloat16 ? { ...output, dtype: binding.TF_RESOURCE } : output);
  return {
    run: (op, inputs, attributes, outputs) =>
      // The backend's own each time: a profile puts one that is watched in its place.
      backend.binding.executeOp(op, attributes, backend.getInputTensorIds(inputs), outputs).map(wrapped),
    type: (name, dtype) => ({ name, type: binding.TF_ATTR_TYPE, value: dtypes[dtype] }),
    bool: (name, value) => ({ name, type: binding.TF_ATTR_BOOL, value }),
    int: (name, value) => ({ name, type: binding.TF_ATTR_INT, value }),
    float: (name, value) => ({ name, type: binding.TF_ATTR_FLOAT, value }),
    string: (name, value) => ({ name, type: binding.TF_ATTR_STRING, value }),
    shape: (name, value) => ({ name, type: binding.TF_ATTR_SHAPE, value }),
  };
}
