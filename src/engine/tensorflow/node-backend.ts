import { createRequire } from 'node:module';
import { join } from 'node:path';

import tf = require('@tensorflow/tfjs-core');

import { tfjsNodeFolder } from './addon.js';

/**
 * Give TensorFlow.js its `tensorflow` backend: tfjs-node's kernels and backend, on an addon that is loaded.
 *
 * The package's own index does that too, but loads the union package @tensorflow/tfjs first: layers, the converter, data pipelines
 * and two more backends, 0.3 s of JavaScript of which panx uses nothing. Whatever the kernels and the backend ask of the union
 * package is the core's, so the core stands in for it while they load (0.04 s). Left out with the union: operations as methods of
 * tensors (`x.add(y)`; of the kernels, Prelu's, ArgMax's of bools and Exp's of integers call some) and the gradients of autograd.
 */
export function registerNodeBackend(binding: object): void {
  const dist = join(tfjsNodeFolder(), 'dist');
  const { NodeJSKernelBackend } = withCoreAsUnion(dist, () => {
    commonJs(join(dist, 'register_all_kernels.js'));
    return commonJs(join(dist, 'nodejs_kernel_backend.js')) as NodeBackendModule;
  });
  tf.registerBackend('tensorflow', () => new NodeJSKernelBackend(binding, '@tensorflow/tfjs-node-gpu'));
}

interface NodeBackendModule {
  NodeJSKernelBackend: new (binding: object, packageName: string) => tf.KernelBackend;
}

/** Run `load` with the core in the module cache in the place of the union package, unless that has been loaded. */
function withCoreAsUnion<T>(dist: string, load: () => T): T {
  const union = createRequire(join(dist, 'index.js')).resolve('@tensorflow/tfjs');
  if (commonJs.cache[union] !== undefined) return load();
  commonJs.cache[union] = commonJs.cache[commonJs.resolve('@tensorflow/tfjs-core')];
  try {
    return load();
  } finally {
    delete commonJs.cache[union];
  }
}

const commonJs = createRequire(import.meta.url);
