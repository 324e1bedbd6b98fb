import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { fromBfloat16, isBfloat16, toBfloat16 } from '../../src/kernels/bfloat16.js';
import { biasGelu, plainBiasGelu } from '../../src/kernels/bias-gelu.js';
import { engineKernel } from '../../src/kernels/engine-kernel.js';
import { expectClose, expectCloseTo, onEachBackend, referenceGradients, values } from './each-backend.js';
import { outputOfThreads } from './threads.js';

/** One element, one token, widths beside and on a multiple of the vectors', and tokens of one and of several blocks of sums. */
const shapes: [number, number][] = [
  [1, 1],
  [1, 17],
  [5, 40],
  [16, 3],
  [17, 16],
  [70, 33],
  [1100, 5],
];

const both = [
  ['as the engine has it', (x: tf.Tensor2D, bias: tf.Tensor1D) => biasGelu(x, bias, 'fp32')],
  ['plain', plainBiasGelu],
] as const;

function inputs(tokens: number, width: number) {
  const x = tf.mul<tf.Tensor2D>(values([tokens, width], 1) as tf.Tensor2D, 4);
  return { x, bias: values([width], 2) as tf.Tensor1D, dy: values([tokens, width], 3) as tf.Tensor2D };
}

onEachBackend(backend => {
  it.each(both)('biasGelu, %s: output and gradients', (_, kernel) => {
    const compose = (x: tf.Tensor, bias: tf.Tensor) => {
      const z = tf.add(x, bias);
      return tf.mul(z, tf.mul(0.5, tf.add(1, tf.erf(tf.div(z, Math.SQRT2)))));
    };
    for (const shape of shapes) {
      const { x, bias, dy } = inputs(...shape);
      const [y, backward] = kernel(tf.clone(x), bias);
      const { dx, dBias } = backward(dy);
      const [rx, rBias] = referenceGradients(compose as never, [x, bias], dy);
      expectCloseTo(y, compose(x, bias));
      expectCloseTo(dx, rx!);
      expectCloseTo(dBias, rBias!);
    }
  });

  it.each(both)('biasGelu, %s: takes x over, and keeps nothing after the backward', (_, kernel) => {
    const { x, bias, dy } = inputs(5, 40);
    const before = tf.memory().numTensors;
    const [y, backward] = kernel(x, bias);
    const { dx, dBias } = backward(dy);
    expect(x.isDisposed).toBe(true);
    tf.dispose([y, dx, dBias]);
    expect(tf.memory().numTensors).toBe(before - 1);
  });

  if (backend !== 'tensorflow') return;

  it('PanxBiasGelu: fused and plain agree', skip => {
    if (engineKernel('PanxBiasGelu') === null) return skip.skip();
    for (const shape of shapes) {
      const { x, bias, dy } = inputs(...shape);
      const [fused, plain] = both.map(([, kernel]) => {
        const [y, backward] = kernel(tf.clone(x), bias);
        return { y, ...backward(dy) };
      });
      for (const name of ['y', 'dx', 'dBias'] as const) expectCloseTo(fused![name], plain![name]);
    }
  });

  it('PanxBiasGelu: value and derivative in [-12, 12] against double precision', skip => {
    if (engineKernel('PanxBiasGelu') === null) return skip.skip();
    const points = 24_001;
    const x = tf.reshape(tf.linspace(-12, 12, points), [1, points]) as tf.Tensor2D;
    const [y, backward] = biasGelu(tf.clone(x), tf.zeros([points]), 'fp32');
    const { dx } = backward(tf.ones([1, points]));
    const [ys, ds] = [y.dataSync(), dx.dataSync()];
    for (const [i, z] of x.dataSync().entries()) {
      const { cdf, density } = normal(z);
      // Half a unit in the last place of y, and the few roundings of Phi.
      expect(Math.abs(ys[i]! - z * cdf)).toBeLessThan(1.5e-7 * Math.max(1, Math.abs(z)));
      expect(Math.abs(ds[i]! - (cdf + z * density))).toBeLessThan(2.5e-7);
    }
  });

  it('PanxBiasGelu in bf16: what float32 gives, rounded to bfloat16', skip => {
    if (engineKernel('PanxBiasGelu') === null) return skip.skip();
    for (const [tokens, width] of [...shapes, [33, 3072] as const]) {
      const { x, bias, dy } = inputs(tokens, width);
      const [exact, rounded] = (['fp32', 'bf16'] as const).map(precision => {
        const [y, backward] = biasGelu(tf.clone(x), bias, precision);
        return { y, ...backward(dy) };
      });
      expectClose(rounded!.dBias, exact!.dBias, 0);
      for (const name of ['y', 'dx'] as const) {
        expect(isBfloat16(rounded![name])).toBe(width % 2 === 0);
        if (width % 2 === 0) {
          expectClose(fromBfloat16(rounded![name]), fromBfloat16(toBfloat16(exact![name])), 0);
        } else {
          expectClose(rounded![name], exact![name], 0);
        }
      }
    }
  });

  it('PanxBiasGelu: far out and beyond numbers', skip => {
    if (engineKernel('PanxBiasGelu') === null) return skip.skip();
    const x = tf.tensor2d([[0, 100, -100, 1e30, -1e30, Number.POSITIVE_INFINITY, Number.NaN]]);
    const [y, backward] = biasGelu(x, tf.zeros([7]), 'fp32');
    const { dx } = backward(tf.ones([1, 7]));
    expect([...y.dataSync()].map(v => v + 0)).toEqual([0, 100, 0, Math.fround(1e30), 0, Infinity, Number.NaN]);
    expect([...dx.dataSync()].slice(0, 5).map(v => v + 0)).toEqual([0.5, 1, 0, 1, 0]);
  });

  it('PanxBiasGelu: the same bytes again, and whatever the number of threads', async skip => {
    if (engineKernel('PanxBiasGelu') === null) return skip.skip();
    const program = `
      const x = tf.mul(tf.reshape(tf.sin(tf.range(0, 301 * 517)), [301, 517]), 4), bias = tf.cos(tf.range(0, 517));
      for (let i = 0; i < 3; i++) {
        const [y, backward] = biasGelu(tf.clone(x), bias, 'fp32');
        const { dx, dBias } = backward(tf.cos(x));
        print(y, dx, dBias);
      }`;
    const outputs = await Promise.all([1, 2, 3, 7].map(threads => outputOfThreads(threads, program)));
    for (const lines of outputs) expect(lines).toEqual(Array(3).fill(outputs[0]![0]));
  });

  it('PanxBiasGelu refuses what does not belong together', skip => {
    if (engineKernel('PanxBiasGelu') === null) return skip.skip();
    const { x, dy } = inputs(5, 40);
    expect(() => biasGelu(x, tf.zeros([39]), 'fp32')).toThrow(
      /takes x \(N, I\) and bias \(I\), found \[5,40\] and \[39\]/,
    );
    const [, backward] = biasGelu(x, tf.zeros([40]), 'fp32');
    expect(() => backward(tf.slice2d(dy, [0, 0], [4, 40]))).toThrow(/found \[4,40\], \[5,40\] and \[40\]/);
  });
});

/** Phi and phi at z in double precision: Phi(z) = 1/2 + phi(z) (z + z^3 / 3 + z^5 / (3 * 5) + ...). */
function normal(z: number): { cdf: number; density: number } {
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  let [term, sum] = [z, z];
  for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum); k += 2) {
    term *= (z * z) / k;
    sum += term;
  }
  return { cdf: 0.5 + density * sum, density };
}
