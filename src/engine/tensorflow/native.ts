import tf = require('@tensorflow/tfjs-core');

import type { Precision } from '../precision.js';

/**
 * Raw TensorFlow operations, for what TensorFlow.js does not expose (resource variables, stateless random numbers,
 * fused Adam). Only kernels may use this: each asks `nativeEngine()` and, where it is null, runs its plain composition.
 */
export interface NativeEngine {
  /** Whether panx's own fused operations (src/engine/tensorflow/operations/) are loaded. */
  readonly fused: boolean;
  /** The precisions whose matrix products panx computes itself (operations/linear.cc). */
  readonly ownProducts: ReadonlySet<Precision>;
  /**
   * Run one TensorFlow operation by its name in the op registry; returns its outputs. About 10 us a call. TensorFlow.js has no
   * bfloat16: such an output is a tensor (`isBfloat16`) that only `run` can take, and that tidy, keep and dispose treat as any other.
   */
  run(op: string, inputs: readonly tf.Tensor[], attributes: readonly Attribute[], outputs: number): tf.Tensor[];
  /** Attribute constructors: TF_DataType, bool, string and shape values. */
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

/** TensorFlow's raw operations, or null where another backend (WebAssembly) is in use. */
export function nativeEngine(): NativeEngine | null {
  if (tf.getBackend() !== 'tensorflow') return null;
  if (current === null) current = wrap(tf.backend() as unknown as NodeBackend);
  return current;
}

/** Whether a tensor is one of bfloat16. To TensorFlow.js these, like resource handles, are strings, which it neither computes with nor reads. */
export function isBfloat16(tensor: tf.Tensor): boolean {
  return tensor.dtype === 'string';
}

let current: NativeEngine | null = null;
let fusedLoaded = false;
let ownProducts: ReadonlySet<Precision> = new Set();

/** Said by the engine when it has loaded the library of fused operations, with the precisions of its products. */
export function fusedOperationsAreLoaded(products: readonly Precision[]): void {
  fusedLoaded = true;
  ownProducts = new Set(products);
}

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

function wrap(backend: NodeBackend): NativeEngine {
  const { binding } = backend;
  const dtypes = { float32: binding.TF_FLOAT, int32: binding.TF_INT32, bfloat16 };
  const wrapped = (output: Output) =>
    backend.createOutputTensor(output.dtype === bfloat16 ? { ...output, dtype: binding.TF_RESOURCE } : output);
  return {
    get fused() {
      return fusedLoaded;
    },
    get ownProducts() {
      return ownProducts;
    },
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
