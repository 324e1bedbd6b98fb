import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadEngine } from '../../src/engine/engine.js';
import { isBfloat16, multiplyBfloat16, toBfloat16 } from '../../src/kernels/bfloat16.js';
import { engineKernel } from '../../src/kernels/engine-kernel.js';
import { linear } from '../../src/kernels/linear.js';
import { hasTensorflow, values } from './each-backend.js';

describe.skipIf(!hasTensorflow)('bfloat16', () => {
  beforeAll(() => loadEngine('tensorflow'));

  // Eight bits: between 1 and 2 they stand 1/128 apart. The identity's product shows what an operand became.
  const exact = [1, 1 + 1 / 128, 1 + 1 / 256, 1 + 3 / 256, 1 + 1.01 / 256, -(1 + 1 / 256), 3e38, 1e-30, 0];
  const rounded = [1, 1 + 1 / 128, 1, 1 + 2 / 128, 1 + 1 / 128, -1];
  const identity = () => tf.eye(exact.length) as tf.Tensor2D;

  it('rounds to the nearest, of two to the even one', () => {
    const x = tf.tensor2d(exact, [1, exact.length]);
    const shown = multiplyBfloat16(toBfloat16(x), toBfloat16(identity()), false, false).dataSync();
    expect([...shown].slice(0, 6)).toEqual(rounded);
    expect(shown[6]! / 3e38).toBeCloseTo(1, 2);
    expect(shown[7]! / 1e-30).toBeCloseTo(1, 2);
  });

  it('panx’s own product rounds its operands likewise', skip => {
    if (engineKernel('PanxLinearBfloat16') === null) return skip.skip();
    const x = tf.tensor2d(exact, [1, exact.length]);
    const other = multiplyBfloat16(toBfloat16(x), toBfloat16(identity()), false, false).dataSync();
    expect([...linear(x, identity(), null, 'bf16')[0].dataSync()]).toEqual([...other]);
  });

  it('TensorFlow.js can neither read such a matrix nor compute with it', () => {
    const rounded = toBfloat16(tf.ones([2, 2]));
    expect(isBfloat16(rounded)).toBe(true);
    expect(isBfloat16(tf.ones([2, 2]))).toBe(false);
    expect(() => rounded.dataSync()).toThrow();
    expect(() => tf.matMul(rounded, rounded)).toThrow();
  });

  it('the same bytes on repeated calls', () => {
    const [x, w] = [values([100, 200], 1), values([300, 200], 2)].map(m => toBfloat16(m as tf.Tensor2D));
    const first = multiplyBfloat16(x!, w!, false, true).dataSync();
    for (let i = 0; i < 5; i++) expect(multiplyBfloat16(x!, w!, false, true).dataSync()).toEqual(first);
  });
});
