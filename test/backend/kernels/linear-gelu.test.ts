import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { fromBfloat16, toBfloat16 } from '../../../src/backend/kernels/bfloat16.js';
import { biasGelu } from '../../../src/backend/kernels/bias-gelu.js';
import { asWeight, linear } from '../../../src/backend/kernels/linear.js';
import { linearGelu } from '../../../src/backend/kernels/linear-gelu.js';
import { isBfloat16, nativeEngine } from '../../../src/backend/native.js';
import type { Precision } from '../../../src/backend/precision.js';
import { expectClose, expectCloseTo, onEachBackend, values } from './each-backend.js';
import { outputOfThreads } from './threads.js';

/** Tokens, inputs, outputs: beside the sizes of the fused operation's tiles (6, 64), several panels side by side, sums in several parts. */
const shapes: [number, number, number][] = [
  [1, 1, 1],
  [7, 18, 66],
  [48, 64, 64],
  [97, 130, 63],
  [1030, 70, 700],
  [13, 2500, 130],
  [5, 4200, 65],
];

onEachBackend(backend => {
  const precisions: Precision[] = backend === 'tensorflow' ? ['fp32', 'bf16'] : ['fp32'];

  it.each(precisions)('linearGelu in %s: to the bit what linear and biasGelu give one after the other', precision => {
    for (const [tokens, inner, outer] of shapes) {
      const x = values([tokens, inner], 1) as tf.Tensor2D;
      const weight = asWeight(values([outer, inner], 2) as tf.Tensor2D, precision);
      const bias = values([outer], 3) as tf.Tensor1D;
      const before = tf.memory().numTensors;
      const y = linearGelu(x, weight, bias, precision);
      expect(tf.memory().numTensors).toBe(before + 1);
      const [expected] = biasGelu(linear(x, weight, null, precision)[0], bias, precision);
      expect(isBfloat16(y)).toBe(isBfloat16(expected));
      if (isBfloat16(y)) expectClose(fromBfloat16(y), fromBfloat16(expected), 0);
      else expectClose(y, expected, 0);
    }
  });

  it('linearGelu: the exact GELU of the map', () => {
    const [x, weight, bias] = [values([70, 40], 1), values([96, 40], 2), values([96], 3)] as [
      tf.Tensor2D,
      tf.Tensor2D,
      tf.Tensor1D,
    ];
    const z = tf.add(tf.matMul(x, weight, false, true), bias);
    const exact = tf.mul(z, tf.mul(0.5, tf.add(1, tf.erf(tf.div(z, Math.SQRT2)))));
    expectCloseTo(linearGelu(x, asWeight(weight, 'fp32'), bias, 'fp32'), exact);
  });

  if (backend !== 'tensorflow') return;

  it('PanxLinearGelu takes an x of bfloat16 already', skip => {
    if (!nativeEngine()!.ownProducts.has('bf16')) return skip.skip();
    const [x, weight] = [values([9, 30], 1), values([66, 30], 2)] as [tf.Tensor2D, tf.Tensor2D];
    const bias = values([66], 3) as tf.Tensor1D;
    const [given, rounded] = [x, toBfloat16(x)].map(input => fromBfloat16(linearGelu(input, weight, bias, 'bf16')));
    expectClose(rounded!, given!, 0);
  });

  it('PanxLinearGelu: the same bytes again, and whatever the number of threads', async skip => {
    if (!nativeEngine()!.ownProducts.has('fp32')) return skip.skip();
    const program = `
      const x = tf.reshape(tf.sin(tf.range(0, 301 * 170)), [301, 170]), bias = tf.cos(tf.range(0, 517));
      const weight = tf.reshape(tf.cos(tf.range(0, 517 * 170)), [517, 170]);
      for (let i = 0; i < 3; i++) print(linearGelu(x, weight, bias, 'fp32'));`;
    const outputs = await Promise.all([1, 2, 3, 7].map(threads => outputOfThreads(threads, program)));
    for (const lines of outputs) expect(lines).toEqual(Array(3).fill(outputs[0]![0]));
  });

  it('PanxLinearGelu refuses what does not belong together', skip => {
    if (!nativeEngine()!.ownProducts.has('fp32')) return skip.skip();
    const [x, weight] = [values([9, 30], 1), values([66, 30], 2)] as [tf.Tensor2D, tf.Tensor2D];
    expect(() => linearGelu(x, weight, tf.zeros([65]), 'fp32')).toThrow(/a bias of another size than 66/);
    expect(() => linearGelu(x, tf.zeros([66, 31]), tf.zeros([66]), 'fp32')).toThrow(/found \[9,30\] and \[66,31\]/);
  });
});
