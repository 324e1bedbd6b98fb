import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect } from 'vitest';
import { loadEngine } from '../../src/engine/engine.js';
import { findEngine } from '../../src/engine/tensorflow/installed-engine.js';

const require = createRequire(import.meta.url);
/** TensorFlow cannot be had everywhere; its tests are skipped, visibly, where it cannot. */
export const hasTensorflow = 'engine' in (await findEngine());

/**
 * Run the same tests on every engine that kernels are written for. A process of panx has one engine; a test changes between two,
 * so the second is brought in beside `loadEngine`.
 */
export function onEachBackend(tests: (backend: 'tensorflow' | 'wasm') => void): void {
  for (const backend of ['tensorflow', 'wasm'] as const) {
    describe.skipIf(backend === 'tensorflow' && !hasTensorflow)(backend, () => {
      beforeAll(async () => {
        if (backend === 'tensorflow') await loadEngine('tensorflow');
        else {
          const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
          setWasmPaths(join(dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'dist/'));
        }
        // The gradients of autograd, for the references here: panx does without them, and without the package.
        require('@tensorflow/tfjs');
        expect(await tf.setBackend(backend)).toBe(true);
      });
      tests(backend);
    });
  }
}

/** Values in [-1, 1) that look random and are the same on every machine. */
export function values(shape: number[], seed: number): tf.Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  let state = seed;
  const data = Float32Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
  return tf.tensor(data, shape);
}

/** The largest difference of two tensors is at most `tolerance`, and their shapes are equal. */
export function expectClose(actual: tf.Tensor, expected: tf.Tensor, tolerance = 2e-6): void {
  expect(actual.shape).toEqual(expected.shape);
  const [a, b] = [actual.dataSync(), expected.dataSync()];
  let worst = 0;
  for (let i = 0; i < a.length; i++) worst = Math.max(worst, Math.abs(a[i]! - b[i]!));
  expect(Number.isNaN(worst), 'NaN').toBe(false);
  expect(worst).toBeLessThanOrEqual(tolerance);
}

/** The same relative to the largest expected value, where that is above 1: for values that were added up or grow with the inputs. */
export function expectCloseTo(actual: tf.Tensor, expected: tf.Tensor, relative = 1e-6): void {
  const largest = expected.dataSync<'float32'>().reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  expectClose(actual, expected, relative * largest);
}

/**
 * The gradients that a composition of TensorFlow.js's own operations has by automatic differentiation: the reference for the
 * backward passes written by hand.
 */
export function referenceGradients(
  compose: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: tf.Tensor[],
  dOutput: tf.Tensor,
): tf.Tensor[] {
  return tf.grads(compose)(inputs, dOutput);
}
