import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { loadEngine } from '../../../src/engine/engine.js';
import { findEngine } from '../../../src/engine/tensorflow/installed-engine.js';

const require = createRequire(import.meta.url);
const loadedPackages = () =>
  new Set(Object.keys(require.cache).flatMap(path => /(@tensorflow\/[^/]+)/.exec(path)?.[1] ?? []));

describe.skipIf(!('engine' in (await findEngine())))('registerNodeBackend', () => {
  it('brings the kernels of TensorFlow and, of the packages of TensorFlow.js, no more than the core', async () => {
    await loadEngine('tensorflow');
    expect(loadedPackages()).toEqual(new Set(['@tensorflow/tfjs-core', '@tensorflow/tfjs-node-gpu']));
    expect(tf.getKernelsForBackend('tensorflow').length).toBeGreaterThan(150);
    expect(Array.from(tf.matMul(tf.tensor2d([[1, 2]]), tf.tensor2d([[3], [4]])).dataSync())).toEqual([11]);
  });

  it('leaves the union package to who asks for it: itself, on the same core', () => {
    const union = require('@tensorflow/tfjs') as typeof tf & { layers: object };
    expect(union.layers).toBeDefined();
    expect(union.Tensor).toBe(tf.Tensor);
    expect(tf.getBackend()).toBe('tensorflow');
  });
});
