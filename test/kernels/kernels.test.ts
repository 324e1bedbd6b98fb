import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { adamW } from '../../src/kernels/adamw.js';
import { crossEntropy } from '../../src/kernels/cross-entropy.js';
import { dropout, dropoutMask } from '../../src/kernels/dropout.js';
import { gelu } from '../../src/kernels/gelu.js';
import { layerNorm } from '../../src/kernels/layer-norm.js';
import { squaredNorm } from '../../src/kernels/squared-norm.js';
import { embedding } from '../../src/kernels/table-rows.js';
import { createVariable } from '../../src/kernels/variable.js';
import { expectClose, onEachBackend, referenceGradients, values } from './each-backend.js';

onEachBackend(() => {
  it('layerNorm: output and gradients', () => {
    const [x, g, b] = [values([6, 8], 1), values([8], 2), values([8], 3)] as [tf.Tensor2D, tf.Tensor1D, tf.Tensor1D];
    const dy = values([6, 8], 4) as tf.Tensor2D;
    const compose = (x: tf.Tensor, g: tf.Tensor, b: tf.Tensor) => {
      const { mean, variance } = tf.moments(x, 1, true);
      return tf.add(tf.mul(tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-5))), g), b);
    };
    const [y, backward] = layerNorm(x, g, b, 1e-5);
    expectClose(y, compose(x, g, b));
    const { dx, dGamma, dBeta } = backward(dy);
    const [rx, rg, rb] = referenceGradients(compose as never, [x, g, b], dy);
    expectClose(dx, rx!, 1e-5); // 1/std is up to 3 here, and two formulas of the same gradient round differently
    expectClose(dGamma, rg!, 5e-6);
    expectClose(dBeta, rb!);
  });

  it('gelu: the exact form, and its gradient, also far from 0', () => {
    const x = tf.concat([values([3, 4], 1), tf.mul(values([3, 4], 2), 8)]) as tf.Tensor2D;
    const dy = values([6, 4], 3) as tf.Tensor2D;
    const compose = (x: tf.Tensor) => tf.mul(x, tf.mul(0.5, tf.add(1, tf.erf(tf.div(x, Math.SQRT2)))));
    const [y, backward] = gelu(tf.clone(x));
    expectClose(y, compose(x));
    expectClose(backward(dy), referenceGradients(compose, [x], dy)[0]!, 5e-6);
  });

  it('embedding: rows, and gradients summed over repeated ids', () => {
    const table = values([7, 3], 1) as tf.Tensor2D;
    const ids = tf.tensor1d([2, 5, 2, 2, 0], 'int32');
    const [y, backward] = embedding(table, ids);
    const oneHot = tf.oneHot(ids, 7); // (N, V), float
    expectClose(y, tf.matMul(tf.cast(oneHot, 'float32'), table));
    const dy = values([5, 3], 2) as tf.Tensor2D;
    expectClose(backward(dy), tf.matMul(tf.cast(oneHot, 'float32'), dy, true, false));
  });

  it('dropout: scaled, seeded, and the backward uses the forward mask', () => {
    const x = tf.ones([200, 100]) as tf.Tensor2D;
    const [y, backward] = dropout(x, 0.25, [7, 3]);
    const kept = y.dataSync();
    expect(new Set(kept)).toEqual(new Set([0, Math.fround(1 / 0.75)]));
    const share = kept.filter(value => value > 0).length / kept.length;
    expect(Math.abs(share - 0.75)).toBeLessThan(0.012); // 4 standard deviations of 20,000 draws
    expectClose(backward(x), y, 0);
    expectClose(dropoutMask([200, 100], 0.25, [7, 3]), y, 0);
    expect(dropoutMask([200, 100], 0.25, [7, 4]).dataSync()).not.toEqual(kept);
    expect(dropoutMask([200, 100], 0.25, [8, 3]).dataSync()).not.toEqual(kept);
  });

  it('dropout: rate 0 and no seed leave the tensor alone', () => {
    const x = values([2, 2], 1);
    expect(dropout(x, 0, [1, 1])[0]).toBe(x);
    expect(dropout(x, 0.5, null)[0]).toBe(x);
  });

  it('crossEntropy: mean over counted labels, gradient of the logits', () => {
    const logits = tf.mul(values([5, 3], 1), 4) as tf.Tensor2D;
    const labels = Int32Array.of(2, -100, 0, 0, -100);
    // The one-hot labels, with a row of zeros where the label is ignored.
    const targets = tf.tensor2d([
      [0, 0, 1],
      [0, 0, 0],
      [1, 0, 0],
      [1, 0, 0],
      [0, 0, 0],
    ]);
    const compose = (z: tf.Tensor) => tf.neg(tf.div(tf.sum(tf.mul(tf.log(tf.softmax(z)), targets)), 3));
    const { loss, dLogits } = crossEntropy(logits, labels);
    expectClose(loss, compose(logits));
    expectClose(dLogits, tf.grad(compose)(logits));
  });

  it('crossEntropy: no label at all is zero loss and zero gradient', () => {
    const { loss, dLogits } = crossEntropy(values([2, 3], 1) as tf.Tensor2D, Int32Array.of(-100, -100));
    expect(loss.dataSync()[0]).toBe(0);
    expectClose(dLogits, tf.zeros([2, 3]), 0);
  });

  it('crossEntropy: large logits do not overflow', () => {
    const { loss, dLogits } = crossEntropy(tf.tensor2d([[1000, -1000]]), Int32Array.of(1));
    expect(loss.dataSync()[0]).toBe(2000);
    expectClose(dLogits, tf.tensor2d([[1, -1]]));
  });

  it('squaredNorm', () => {
    expectClose(
      squaredNorm(
        tf.tensor2d([
          [1, 2],
          [3, -4],
        ]),
      ),
      tf.scalar(30),
    );
  });

  it('adamW: five updates equal the equations in double precision', () => {
    const size = 12;
    const start = values([size], 1).dataSync() as Float32Array;
    const variables = [start, null, null].map(data => createVariable(data, [size])); // null: zeros
    const [p, m, v] = [Float64Array.from(start), new Float64Array(size), new Float64Array(size)];
    for (let step = 1; step <= 5; step++) {
      const g = values([size], 10 + step).dataSync();
      const at = { learningRate: 0.01, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.1, step };
      adamW(variables[0]!, variables[1]!, variables[2]!, tf.tensor(g), at);
      for (let i = 0; i < size; i++) {
        m[i] = 0.9 * m[i]! + 0.1 * g[i]!;
        v[i] = 0.999 * v[i]! + 0.001 * g[i]! ** 2;
        p[i]! *= 1 - 0.01 * 0.1;
        p[i]! -= ((0.01 / (1 - 0.9 ** step)) * m[i]!) / (Math.sqrt(v[i]!) / Math.sqrt(1 - 0.999 ** step) + 1e-8);
      }
    }
    // Updates are 0.01 each; float32 keeps 1e-7 of the weight, a few of which add up in five steps.
    expectClose(variables[0]!.read(), tf.tensor(Float32Array.from(p)), 3e-7);
  });

  it('adamW: learning rate 0 leaves the weights and still moves the moments', () => {
    const [p, m, v] = [1, 0, 0].map(value => createVariable(Float32Array.of(value), [1]));
    const at = { learningRate: 0, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.1, step: 1 };
    adamW(p!, m!, v!, tf.tensor1d([2]), at);
    expect(p!.read().dataSync()[0]).toBe(1);
    expect(m!.read().dataSync()[0]).toBeCloseTo(0.2, 6);
  });

  it('a variable outlives the array it was made from, and frees what it held', () => {
    const before = tf.memory().numTensors;
    const array = Float32Array.of(1, 2, 3);
    const variable = createVariable(array, [3]);
    array.fill(9);
    expect([...variable.read().dataSync()]).toEqual([1, 2, 3]);
    variable.assign(tf.tensor1d([4, 5, 6]));
    expect([...variable.read().dataSync()]).toEqual([4, 5, 6]);
    variable.dispose();
    expect(tf.memory().numTensors - before).toBeLessThanOrEqual(2); // the two values read above
  });
});
