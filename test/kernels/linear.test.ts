import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import type { Precision } from '../../src/engine/precision.js';
import { toBfloat16 } from '../../src/kernels/bfloat16.js';
import { engineKernel } from '../../src/kernels/engine-kernel.js';
import { asWeight, linear, plainLinear } from '../../src/kernels/linear.js';
import { expectClose, expectCloseTo, onEachBackend, referenceGradients, values } from './each-backend.js';
import { outputOfThreads } from './threads.js';

/** Tokens, inputs, outputs: one of each, sizes beside those of the fused operation's tiles (6, 48, 64), odd sums, and long ones. */
const shapes: [number, number, number][] = [
  [1, 1, 1],
  [5, 3, 4],
  [7, 17, 65],
  [48, 64, 64],
  [97, 130, 63],
  [70, 768, 96],
  [33, 3071, 40],
];
/** So many tokens and inputs that the fused operation adds up in more than one part. */
const long: [number, number, number][] = [
  [6, 4101, 10],
  [4101, 10, 6],
];
/** So many tokens, or outputs, that it takes several panels of columns side by side (from 1,024), and the last ones in parts. */
const many: [number, number, number][] = [
  [1030, 130, 700],
  [1100, 1500, 190],
  [20, 70, 1100],
];

/** The weight as each form of the operation takes it. */
const both = [
  ['as the engine has it', linear, asWeight],
  [
    'plain',
    plainLinear,
    (w: tf.Tensor2D, precision: Precision) => (precision === 'bf16' ? toBfloat16(w) : tf.clone(w)),
  ],
] as const;

function inputs([tokens, inner, outer]: [number, number, number]) {
  return {
    x: values([tokens, inner], 1) as tf.Tensor2D,
    w: values([outer, inner], 2) as tf.Tensor2D,
    b: values([outer], 3) as tf.Tensor1D,
    dy: values([tokens, outer], 4) as tf.Tensor2D,
    dxBefore: values([tokens, inner], 5) as tf.Tensor2D,
    dWeightBefore: values([outer, inner], 6) as tf.Tensor2D,
  };
}

onEachBackend(backend => {
  it.each(both)('linear, %s: output and gradients', (_, kernel, weightOf) => {
    const compose = (x: tf.Tensor, w: tf.Tensor, b: tf.Tensor) => tf.add(tf.matMul(x, w, false, true), b);
    for (const shape of shapes.slice(0, 5)) {
      const { x, w, b, dy } = inputs(shape);
      const [y, backward] = kernel(x, weightOf(w, 'fp32'), b, 'fp32');
      const { dx, dWeight, dBias } = backward(dy);
      const [rx, rw, rb] = referenceGradients(compose as never, [x, w, b], dy);
      expectCloseTo(y, compose(x, w, b));
      expectCloseTo(dx, rx!);
      expectCloseTo(dWeight, rw!);
      expectCloseTo(dBias!, rb!);
    }
  });

  it.each(both)('linear, %s: without a bias, and with gradients to be added to', (_, kernel, weightOf) => {
    const { x, w, b, dy, dxBefore, dWeightBefore } = inputs([13, 70, 130]);
    const zero = tf.zerosLike(b);
    const [y, backward] = kernel(x, weightOf(w, 'fp32'), zero, 'fp32');
    const [bare, bareBackward] = kernel(x, weightOf(w, 'fp32'), null, 'fp32');
    expectClose(bare, y, 0);
    const alone = backward(dy);
    const summed = bareBackward(dy, { dx: dxBefore, dWeight: dWeightBefore });
    expect(summed.dBias).toBe(null);
    expectCloseTo(summed.dx, tf.add(alone.dx, dxBefore));
    expectCloseTo(summed.dWeight, tf.add(alone.dWeight, dWeightBefore));
    for (const { dWeight, dWeightSquares } of [alone, summed]) {
      if (dWeightSquares === null) continue;
      const [total] = tf.sum(tf.square(dWeight)).dataSync();
      expect(Math.abs(dWeightSquares.dataSync()[0]! / total! - 1)).toBeLessThan(1e-5);
    }
  });

  it.each(both)('linear, %s: 200 passes leave no tensor and no memory behind', (_, kernel, weightOf) => {
    const { x, w, b, dy } = inputs([64, 256, 512]);
    const precision = backend === 'tensorflow' ? 'bf16' : 'fp32';
    const pass = () =>
      tf.tidy(() => {
        const weight = weightOf(w, precision);
        kernel(x, weight, b, precision); // evaluation
        kernel(x, weight, b, precision)[1](dy);
      });
    for (let i = 0; i < 20; i++) pass();
    const before = {
      tensors: tf.memory().numTensors,
      data: tf.backend().numDataIds(),
      bytes: process.memoryUsage.rss(),
    };
    for (let i = 0; i < 200; i++) pass();
    expect(tf.memory().numTensors).toBe(before.tensors);
    expect(tf.backend().numDataIds()).toBe(before.data);
    // One dWeight lost in each pass would be 100 MB.
    if (backend === 'tensorflow') expect((process.memoryUsage.rss() - before.bytes) / 2 ** 20).toBeLessThan(50);
  });

  if (backend !== 'tensorflow') return;

  it.each([...shapes, ...long, ...many])('%i tokens, %i in, %i out in float32', (...shape) => {
    const { x, w, b, dy } = inputs(shape);
    for (const [, kernel, weightOf] of both) {
      const [y, backward] = kernel(x, weightOf(w, 'fp32'), null, 'fp32');
      const { dx, dWeight } = backward(dy);
      expectProduct(y, x, tf.transpose(w), 0);
      expectProduct(dx, dy, w, 0);
      expectProduct(dWeight, tf.transpose(dy), x, 0);
      const { dBias } = kernel(x, weightOf(w, 'fp32'), b, 'fp32')[1](dy);
      expectProduct(tf.reshape(dBias!, [1, -1]), tf.ones([1, dy.shape[0]]), dy, 0);
    }
  });

  it.each([...shapes, ...long, ...many])(
    '%i tokens, %i in, %i out in bfloat16: the products of rounded operands',
    (...shape) => {
      const { x, w, b, dy } = inputs(shape);
      const [xr, wr, dyr] = [x, w, dy].map(roundedTo8Bits);
      for (const [, kernel, weightOf] of both) {
        const [y, backward] = kernel(x, weightOf(w, 'bf16'), null, 'bf16');
        const { dx, dWeight } = backward(dy);
        // TensorFlow rounds the sums too, to 8 significant bits.
        const rounding = kernel === plainLinear || engineKernel('PanxLinearBfloat16') === null ? 2 ** -8 : 0;
        expectProduct(y, xr!, tf.transpose(wr!), rounding);
        expectProduct(dx, dyr!, wr!, rounding);
        expectProduct(dWeight, tf.transpose(dyr!), xr!, rounding);
        // The bias and its gradient stay float32.
        const [biased, biasedBackward] = kernel(x, weightOf(w, 'bf16'), b, 'bf16');
        expectClose(biased, tf.add(y, b), 0);
        expectProduct(tf.reshape(biasedBackward(dy).dBias!, [1, -1]), tf.ones([1, dy.shape[0]]), dy, 0);
      }
    },
  );

  it.each([
    [5, 4, 8],
    [97, 130, 64],
    [1100, 300, 190],
    [20, 70, 1100],
  ] as [number, number, number][])(
    '%i tokens, %i in, %i out: operands that are bfloat16 already are rounded no more',
    (...shape) => {
      const { x, w, dy } = inputs(shape);
      for (const [, kernel, weightOf] of both) {
        const weight = weightOf(w, 'bf16');
        const [y, backward] = kernel(x, weight, null, 'bf16');
        const { dx, dWeight } = backward(dy);
        const [same, sameBackward] = kernel(toBfloat16(x), weight, null, 'bf16');
        const sameGradients = sameBackward(toBfloat16(dy));
        expectClose(same, y, 0);
        expectClose(sameGradients.dx, dx, 0);
        expectClose(sameGradients.dWeight, dWeight, 0);
      }
    },
  );

  it.each(['fp32', 'bf16'] as const)('a token has the same bytes among many and among few, in %s', precision => {
    const { x, w, b } = inputs([1100, 300, 700]);
    const weight = asWeight(w, precision);
    const [y] = linear(x, weight, b, precision);
    for (const [from, count] of [
      [0, 6],
      [500, 7],
      [1090, 10],
    ] as const) {
      const [some] = linear(tf.slice(x, [from, 0], [count, 300]), weight, b, precision);
      if (engineKernel(precision === 'bf16' ? 'PanxLinearBfloat16' : 'PanxLinear') !== null)
        expectClose(some, tf.slice(y, [from, 0], [count, 700]), 0);
      else expectCloseTo(some, tf.slice(y, [from, 0], [count, 700]));
    }
  });

  it('no tokens: an empty output, and gradients of zero', () => {
    const { w, b } = inputs([1, 6, 5]);
    const [y, backward] = linear(tf.zeros([0, 6]), asWeight(w, 'fp32'), b, 'fp32');
    expect(y.shape).toEqual([0, 5]);
    const { dx, dWeight, dBias } = backward(tf.zeros([0, 5]));
    expect(dx.shape).toEqual([0, 6]);
    expectClose(dWeight, tf.zeros([5, 6]), 0);
    expectClose(dBias!, tf.zeros([5]), 0);
  });

  it('what does not fit each other is refused with the shapes', skip => {
    if (engineKernel('PanxLinear') === null) return skip.skip();
    const { x, b } = inputs([4, 6, 5]);
    expect(() => linear(x, tf.ones([5, 7]), b, 'fp32')).toThrow(
      /x \(N, I\) and a weight \(O, I\), found \[4,6\] and \[5,7\]/,
    );
    expect(() => linear(x, tf.ones([5, 6]), tf.ones([4]), 'fp32')).toThrow(/a bias of another size than 5/);
    const evenLength = /bfloat16 only where it computes in that, and in rows of an even length, found \[4,/;
    expect(() => linear(toBfloat16(x), tf.ones([5, 6]), null, 'fp32')).toThrow(evenLength);
    if (engineKernel('PanxLinearBfloat16') === null) return;
    expect(() => linear(toBfloat16(tf.ones([4, 7])), tf.ones([5, 7]), null, 'bf16')).toThrow(evenLength);
    const [, backward] = linear(x, tf.ones([8, 6]), tf.ones([8]), 'bf16');
    expect(() => backward(toBfloat16(tf.ones([4, 8])))).toThrow(/sums dy in float32 only/);
  });

  it('the same bytes with 1, 2 and 3 threads', async skip => {
    if (engineKernel('PanxLinear') === null) return skip.skip();
    const program = `
      const wave = (shape, step) => tf.sin(tf.mul(tf.reshape(tf.range(0, shape[0] * shape[1]), shape), step));
      for (const [tokens, outputs] of [[300, 500], [1100, 500], [50, 1300]]) {
        const [x, w, dy] = [wave([tokens, 200], 0.37), wave([outputs, 200], 0.11), wave([tokens, outputs], 0.23)];
        for (const precision of ['fp32', 'bf16']) {
          const [y, backward] = linear(x, asWeight(w, precision), tf.zeros([outputs]), precision);
          const { dx, dWeight, dBias, dWeightSquares } = backward(dy);
          print(y, dx, dWeight, dBias, ...(dWeightSquares === null ? [] : [dWeightSquares]));
        }
      }`;
    const [one, two, three] = [
      await outputOfThreads(1, program),
      await outputOfThreads(2, program),
      await outputOfThreads(3, program),
    ];
    expect(one).toHaveLength(6);
    expect(two).toEqual(one);
    expect(three).toEqual(one);
  });
});

/** bfloat16 by its definition, on float32's bits: the upper 16, rounded to the nearest, of two to the even one. */
function roundedTo8Bits(x: tf.Tensor): tf.Tensor2D {
  const bits = new Uint32Array(Float32Array.from(x.dataSync()).buffer);
  for (let i = 0; i < bits.length; i++) bits[i] = (bits[i]! + 0x7fff + ((bits[i]! >>> 16) & 1)) & 0xffff0000;
  return tf.tensor2d(new Float32Array(bits.buffer), x.shape as [number, number]);
}

/**
 * a b in float32, its sum rounded once more by `rounding` of itself. Both sums are float32's, in an order each: 2^-20 of the sum of
 * the absolute products is more than they differ by here (up to 4,101 terms, in blocks).
 */
function expectProduct(actual: tf.Tensor, a: tf.Tensor2D, b: tf.Tensor2D, rounding: number): void {
  const [found, exact] = [actual.dataSync(), tf.matMul(a, b).dataSync()];
  const sizes = tf.matMul(tf.abs(a), tf.abs(b)).dataSync();
  expect(actual.shape).toEqual([a.shape[0], b.shape[1]]);
  expect(actual.dtype).toBe('float32');
  let worst = 0;
  for (let i = 0; i < exact.length; i++) {
    const allowed = rounding * Math.abs(exact[i]!) + 2 ** -20 * sizes[i]!;
    worst = Math.max(worst, Math.abs(found[i]! - exact[i]!) / allowed);
  }
  expect(worst).toBeLessThanOrEqual(1);
}
