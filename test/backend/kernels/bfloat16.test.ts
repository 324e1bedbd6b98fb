import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadEngine } from '../../../src/backend/engine.js';
import { toBfloat16 } from '../../../src/backend/kernels/bfloat16.js';
import { linear, project } from '../../../src/backend/kernels/linear.js';
import { isBfloat16 } from '../../../src/backend/native.js';
import { hasTensorflow, values } from './each-backend.js';

describe.skipIf(!hasTensorflow)('linear maps in bfloat16', () => {
  beforeAll(() => loadEngine('tensorflow'));

  it.each([
    [1, 1, 1],
    [5, 3, 4],
    [1, 17, 31],
    [37, 65, 129],
    [70, 768, 96],
    [33, 3072, 40], // long sums
  ])('%i tokens, %i in, %i out: the products of rounded operands, forward and backward', (tokens, inner, outer) => {
    const x = values([tokens, inner], 1) as tf.Tensor2D;
    const w = values([outer, inner], 2) as tf.Tensor2D;
    const dy = values([tokens, outer], 3) as tf.Tensor2D;
    const [y, backward] = project(x, toBfloat16(w));
    const { dx, dWeight } = backward(dy);
    const [xr, wr, dyr] = [x, w, dy].map(roundedTo8Bits);
    expectProduct(y, xr!, tf.transpose(wr!));
    expectProduct(dx, dyr!, wr!);
    expectProduct(dWeight, tf.transpose(dyr!), xr!);
  });

  it('rounds to the nearest, of two to the even one', () => {
    // Eight bits: between 1 and 2 they stand 1/128 apart. The identity's product shows what an operand became.
    const exact = [1, 1 + 1 / 128, 1 + 1 / 256, 1 + 3 / 256, 1 + 1.01 / 256, -(1 + 1 / 256), 3e38, 1e-30, 0];
    const x = tf.tensor2d(exact, [1, exact.length]);
    const shown = project(x, toBfloat16(tf.eye(exact.length)))[0].dataSync();
    expect([...shown]).toEqual([...roundedTo8Bits(x).dataSync()]);
    expect([...shown].slice(0, 6)).toEqual([1, 1 + 1 / 128, 1, 1 + 2 / 128, 1 + 1 / 128, -1]);
  });

  it('the bias and its gradient stay float32', () => {
    const [x, w] = [tf.zeros([3, 2]) as tf.Tensor2D, tf.ones([2, 2]) as tf.Tensor2D];
    const [y, backward] = linear(x, toBfloat16(w), tf.tensor1d([1 + 2 ** -20, 2]));
    expect(y.dataSync()[0]).toBe(1 + 2 ** -20);
    expect(backward(tf.fill([3, 2], 1 + 2 ** -20)).dBias.dataSync()[0]).toBeCloseTo(3 * (1 + 2 ** -20), 6);
  });

  it('TensorFlow.js can neither read such a matrix nor compute with it', () => {
    const rounded = toBfloat16(tf.ones([2, 2]));
    expect(isBfloat16(rounded)).toBe(true);
    expect(isBfloat16(tf.ones([2, 2]))).toBe(false);
    expect(() => rounded.dataSync()).toThrow();
    expect(() => tf.matMul(rounded, rounded)).toThrow();
  });

  it('the same bytes on repeated calls', () => {
    const [x, w] = [values([100, 200], 1), values([300, 200], 2)] as [tf.Tensor2D, tf.Tensor2D];
    const first = project(x, toBfloat16(w))[0].dataSync();
    for (let i = 0; i < 5; i++) expect(project(x, toBfloat16(w))[0].dataSync()).toEqual(first);
  });

  it('200 passes leave no tensor and no memory behind, with a backward or without', () => {
    const [x, w] = [values([256, 1024], 1), values([512, 1024], 2)] as [tf.Tensor2D, tf.Tensor2D];
    const dy = tf.ones([256, 512]) as tf.Tensor2D;
    const pass = () =>
      tf.tidy(() => {
        const weight = toBfloat16(w);
        project(x, weight); // evaluation
        const [, backward] = project(x, weight);
        backward(dy);
      });
    for (let i = 0; i < 20; i++) pass();
    const before = { ...tf.memory(), dataIds: tf.backend().numDataIds(), bytes: process.memoryUsage.rss() };
    for (let i = 0; i < 200; i++) pass();
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(tf.backend().numDataIds()).toBe(before.dataIds);
    // The smallest of the five matrices that a pass makes in bfloat16 has 0.25 MB: one lost in each pass would be 50 MB.
    expect((process.memoryUsage.rss() - before.bytes) / 2 ** 20).toBeLessThan(25);
  });
});

/** bfloat16 by its definition, on float32's bits: the upper 16, rounded to the nearest, of two to the even one. */
function roundedTo8Bits(x: tf.Tensor): tf.Tensor2D {
  const bits = new Uint32Array(Float32Array.from(x.dataSync()).buffer);
  for (let i = 0; i < bits.length; i++) bits[i] = (bits[i]! + 0x7fff + ((bits[i]! >>> 16) & 1)) & 0xffff0000;
  return tf.tensor2d(new Float32Array(bits.buffer), x.shape as [number, number]);
}

/**
 * a b in float32, and its sum rounded to bfloat16. The rounding, to 8 significant bits, is off by 2^-8 of the sum at most. Both sums are float32's, in an
 * order each: 2^-20 of the sum of the absolute products is more than they differ by here (up to 3,072 terms, in blocks).
 */
function expectProduct(actual: tf.Tensor, a: tf.Tensor2D, b: tf.Tensor2D): void {
  const [found, exact] = [actual.dataSync(), tf.matMul(a, b).dataSync()];
  const sizes = tf.matMul(tf.abs(a), tf.abs(b)).dataSync();
  expect(actual.shape).toEqual([a.shape[0], b.shape[1]]);
  expect(actual.dtype).toBe('float32');
  let worst = 0;
  for (let i = 0; i < exact.length; i++) {
    const allowed = 2 ** -8 * Math.abs(exact[i]!) + 2 ** -20 * sizes[i]!;
    worst = Math.max(worst, Math.abs(found[i]! - exact[i]!) / allowed);
  }
  expect(worst).toBeLessThanOrEqual(1);
}
