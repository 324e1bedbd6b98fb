import tf = require('@tensorflow/tfjs-core');

import type { EventDetails, Profile } from '../system/profile.js';
import type { Engine } from './engine.js';
import { type Attribute, bfloat16, type NodeBackend } from './tensorflow/raw-operations.js';

/**
 * Report every operation of the loaded engine to a profile, until that ends.
 *
 * On TensorFlow the native binding is watched, which TensorFlow.js's operations and panx's own pass; one on a CPU is over when the call
 * returns. Elsewhere TensorFlow.js's kernels are watched.
 */
export function watchOperations({ name, version, device, threads }: Engine, profile: Profile): void {
  const engine = `${name} ${version} on ${device}`;
  switch (name) {
    case 'tensorflow': {
      const onGpu =
        threads === null
          ? ' On a GPU the time of an operation is that of its launch; tensorDataSync waits for the work.'
          : '';
      const note = `createTensor, tensorDataSync and deleteTensor: values in, values out, memory freed.${onGpu}`;
      profile.engine = { name: engine, operation: 'TensorFlow operation', note };
      profile.atEnd.push(watchBinding(tf.backend() as unknown as NodeBackend, profile));
      break;
    }
    case 'wasm': {
      const note =
        'WebAssembly has no calls to time below the kernels of TensorFlow.js; reading and freeing tensors lie between them.';
      profile.engine = { name: engine, operation: 'TensorFlow.js kernel', note };
      profile.atEnd.push(watchKernels(name, profile));
      break;
    }
  }
}

type Shape = readonly number[];

/** @returns what undoes it */
function watchBinding(backend: NodeBackend, profile: Profile): () => void {
  const { binding } = backend;
  // The binding knows tensors by their numbers alone. Those of before have no shape here, and their products count no FLOPs.
  const shapes = new Map<number, Shape>();
  const timed = <Result>(name: string, work: () => Result, details: (result: Result) => EventDetails): Result => {
    const startMs = performance.now();
    const result = work();
    profile.operation(name, startMs, performance.now(), 0, () => details(result));
    return result;
  };
  // What the binding does beside operations takes time too: bringing values to TensorFlow, reading them, freeing memory.
  const watched: Pick<NodeBackend['binding'], 'executeOp' | 'createTensor' | 'tensorDataSync' | 'deleteTensor'> = {
    executeOp(op, attributes, ids, outputs) {
      const startMs = performance.now();
      const results = binding.executeOp(op, attributes, ids, outputs);
      const endMs = performance.now();
      for (const { id, shape } of results) shapes.set(id, shape);
      const inputs = ids.map(id => shapes.get(id));
      const flops = productFlops(op, inputs, results[0]?.shape);
      profile.operation(labelOf(op, attributes), startMs, endMs, flops, () => ({
        inputs: shapesText(inputs),
        outputs: shapesText(results.map(({ shape }) => shape)),
      }));
      return results;
    },
    createTensor(shape, dtype, values) {
      const create = () => binding.createTensor(shape, dtype, values);
      const id = timed('createTensor', create, () => ({ outputs: shapesText([shape]) }));
      shapes.set(id, shape);
      return id;
    },
    tensorDataSync: id =>
      timed(
        'tensorDataSync',
        () => binding.tensorDataSync(id),
        () => ({ inputs: shapesText([shapes.get(id)]) }),
      ),
    deleteTensor(id) {
      const remove = () => binding.deleteTensor(id);
      timed('deleteTensor', remove, () => ({ inputs: shapesText([shapes.get(id)]) }));
      shapes.delete(id);
    },
  };
  // The binding's own properties cannot be replaced; an object that inherits all the others stands before it.
  backend.binding = Object.create(binding, Object.getOwnPropertyDescriptors(watched)) as NodeBackend['binding'];
  return () => {
    backend.binding = binding;
  };
}

/** @returns what undoes it */
function watchKernels(backend: string, profile: Profile): () => void {
  const kernels = tf.getKernelsForBackend(backend);
  let running = false;
  for (const kernel of kernels) {
    tf.unregisterKernel(kernel.kernelName, backend);
    const kernelFunc: tf.KernelFunc = params => {
      // A kernel that runs others has their time.
      if (running) return kernel.kernelFunc(params);
      running = true;
      const startMs = performance.now();
      try {
        const result = kernel.kernelFunc(params);
        const endMs = performance.now();
        const inputs = Object.values(params.inputs).flatMap(input => (input ? [input.shape] : []));
        const outputs = [result].flat().map(output => output.shape);
        const flops = productFlops(kernel.kernelName, inputs, outputs[0]);
        profile.operation(kernel.kernelName, startMs, endMs, flops, () => ({
          inputs: shapesText(inputs),
          outputs: shapesText(outputs),
        }));
        return result;
      } finally {
        running = false;
      }
    };
    tf.registerKernel({ ...kernel, kernelFunc });
  }
  return () => {
    for (const kernel of kernels) {
      tf.unregisterKernel(kernel.kernelName, backend);
      tf.registerKernel(kernel);
    }
  };
}

/** "MatMul bf16": the same operation takes another time in bfloat16. */
function labelOf(op: string, attributes: readonly Attribute[]): string {
  const inBfloat16 = ({ name, value }: Attribute) =>
    (name === 'T' && value === bfloat16) || (name === 'bf16' && value === true);
  return attributes.some(inBfloat16) ? `${op} bf16` : op;
}

/** A matrix product's first two inputs are its operands and its first output is the product, each transposed or not. */
const products = /^(_Fused)?(Batch)?MatMul(V\d)?$|^PanxLinear$/;

/**
 * The multiplications and additions, 2 M N K for each matrix of the batch, of an operation that is a matrix product; else 0, and where a shape
 * is not known. Operands of M K and K N elements and a product of M N give M N K without knowing which is transposed:
 * (M N K)^2 = (M K) (K N) (M N).
 */
export function productFlops(op: string, inputs: readonly (Shape | undefined)[], product: Shape | undefined): number {
  const [a, b, c] = inputs;
  // Two products, of dy (N, O), x (N, I) and the weight (O, I): the same with c in the product's place.
  if (op === 'PanxLinearGrad') return 2 * productFlops('PanxLinear', [a, b], c);
  if (op === 'PanxEncoderLayer') return layerFlops(a, inputs[7], product);
  if (a === undefined || b === undefined || product === undefined || !products.test(op)) return 0;
  const batch = sizeOf(product.slice(0, -2));
  const squared = [a, b, product].reduce((all, shape) => all * sizeOf(shape.slice(-2)), 1);
  return 2 * batch * Math.round(Math.sqrt(squared));
}

/** @param x (N, C), bias (I) of the wider map, y (M, C) */
function layerFlops(x: Shape | undefined, bias: Shape | undefined, y: Shape | undefined): number {
  if (x === undefined || bias === undefined || y === undefined) return 0;
  const [tokens, hidden] = x as [number, number];
  return 2 * tokens * 3 * hidden ** 2 + 2 * y[0]! * (hidden ** 2 + 2 * hidden * bias[0]!);
}

function sizeOf(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** "443x768 768x3072"; of many (an update of all parameters) the first. */
function shapesText(shapes: readonly (Shape | undefined)[]): string {
  const some = shapes
    .slice(0, 8)
    .map(shape => (shape === undefined ? '?' : shape.length === 0 ? '()' : shape.join('x')));
  return shapes.length > some.length ? `${some.join(' ')} and ${shapes.length - some.length} more` : some.join(' ');
}
