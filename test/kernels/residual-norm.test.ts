import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { fromBfloat16, toBfloat16 } from '../../src/kernels/bfloat16.js';
import type { DropoutSeed } from '../../src/kernels/dropout.js';
import { engineKernel } from '../../src/kernels/engine-kernel.js';
import { plainResidualNorm, residualNorm } from '../../src/kernels/residual-norm.js';
import { expectClose, expectCloseTo, onEachBackend, referenceGradients, values } from './each-backend.js';
import { outputOfThreads } from './threads.js';

/** One token, widths beside and on a multiple of the lanes, and tokens of one and of several blocks of sums. */
const shapes: [number, number][] = [
  [1, 8],
  [1, 65],
  [5, 40],
  [16, 31],
  [17, 64],
  [70, 33],
  [1100, 67],
];
const eps = 1e-5;

const both = [
  ['as the engine has it', residualNorm],
  ['plain', plainResidualNorm],
] as const;
type Kernel = typeof residualNorm;

function inputs(tokens: number, width: number) {
  return {
    branch: values([tokens, width], 1) as tf.Tensor2D,
    bias: values([width], 2) as tf.Tensor1D,
    residual: tf.mul(values([tokens, width], 3), 2) as tf.Tensor2D,
    gamma: tf.add(values([width], 4), 1.5) as tf.Tensor1D,
    beta: values([width], 5) as tf.Tensor1D,
    dy: values([tokens, width], 6) as tf.Tensor2D,
  };
}

/** What the kernel's forward multiplies with: of branch 1 and no residual, LayerNorm leaves the kept ones above 0, the dropped below. */
function forwardMask(kernel: Kernel, shape: [number, number], rate: number, seed: DropoutSeed): tf.Tensor2D {
  const [tokens, width] = shape;
  const options = { eps, rate, seed, keep: true };
  const [y] = kernel(
    tf.ones(shape),
    tf.zeros([width]),
    tf.zeros([tokens, width]),
    tf.ones([width]),
    tf.zeros([width]),
    options,
  );
  return tf.mul<tf.Tensor2D>(tf.cast(tf.greater(y, 0), 'float32'), 1 / (1 - rate));
}

/** Output and gradients of the kernel against TensorFlow.js's own, dropout being a product with a known mask. */
function expectGradients(
  kernel: Kernel,
  shape: [number, number],
  mask: tf.Tensor,
  rate: number,
  seed: DropoutSeed | null,
) {
  const { branch, bias, residual, gamma, beta, dy } = inputs(...shape);
  const compose = (branch: tf.Tensor, bias: tf.Tensor, residual: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) => {
    const sum = tf.add(residual, tf.mul(mask, tf.add(branch, bias)));
    const { mean, variance } = tf.moments(sum, 1, true);
    return tf.add(tf.mul(tf.div(tf.sub(sum, mean), tf.sqrt(tf.add(variance, eps))), gamma), beta);
  };
  const [y, backward] = kernel(branch, bias, residual, gamma, beta, { eps, rate, seed, keep: true });
  const { dBranch, dBias, dResidual, dGamma, dBeta } = backward(dy);
  const expected = referenceGradients(compose as never, [branch, bias, residual, gamma, beta], dy);
  expectCloseTo(y, compose(branch, bias, residual, gamma, beta));
  for (const [i, actual] of [dBranch, dBias, dResidual, dGamma, dBeta].entries()) expectCloseTo(actual, expected[i]!);
}

onEachBackend(backend => {
  it.each(both)('residualNorm, %s: output and gradients without dropout', (_, kernel) => {
    for (const shape of shapes) {
      expectGradients(kernel, shape, tf.ones(shape), 0, [1, 2]);
      expectGradients(kernel, shape, tf.ones(shape), 0.3, null);
    }
  });

  it.each(both)('residualNorm, %s: output and gradients with dropout', (_, kernel) => {
    for (const shape of shapes) {
      if (shape[0] === 1) continue; // its narrow row may be kept as a whole, which does not show the mask
      expectGradients(kernel, shape, forwardMask(kernel, shape, 0.3, [11, 7]), 0.3, [11, 7]);
    }
  });

  it.each(both)('residualNorm, %s: the mask: rate, scale, seeds, and the same one in the backward', (_, kernel) => {
    const shape: [number, number] = [200, 100];
    const rate = 0.25;
    const mask = forwardMask(kernel, shape, rate, [7, 3]);
    const kept = mask.dataSync().filter(value => value > 0).length / mask.size;
    expect(Math.abs(kept - (1 - rate))).toBeLessThan(0.012); // 4 standard deviations of 20,000 draws
    expectClose(forwardMask(kernel, shape, rate, [7, 3]), mask, 0);
    for (const other of [
      [7, 4],
      [8, 3],
      [-7, 3],
      [3, 7],
    ] as const) {
      expect(forwardMask(kernel, shape, rate, other).dataSync()).not.toEqual(mask.dataSync());
    }
    const { branch, bias, residual, gamma, beta, dy } = inputs(...shape);
    const [, backward] = kernel(branch, bias, residual, gamma, beta, { eps, rate, seed: [7, 3], keep: true });
    const { dBranch, dResidual } = backward(dy);
    expectCloseTo(dBranch, tf.mul(dResidual, mask), 1e-7);
  });

  it.each(both)('residualNorm, %s: rows far from 0 lose nothing of their variance', (_, kernel) => {
    const { branch, gamma, beta } = inputs(5, 40);
    const zeros = tf.zeros([5, 40]) as tf.Tensor2D;
    const options = { eps, rate: 0, seed: null, keep: true };
    const [near] = kernel(tf.round(tf.mul(branch, 64)), tf.zeros([40]), zeros, gamma, beta, options);
    const [far] = kernel(tf.round(tf.mul(branch, 64)), tf.zeros([40]), tf.add(zeros, 4096), gamma, beta, options);
    expectClose(far, near, 5e-5); // the mean has 4e-4 of 40
  });

  it.each(both)('residualNorm, %s: leaves its inputs, and keeps nothing after the backward', (_, kernel) => {
    const { branch, bias, residual, gamma, beta, dy } = inputs(5, 40);
    for (const options of [
      { eps, rate: 0.1, seed: [1, 2] as const, keep: true },
      { eps, rate: 0, seed: null, keep: true },
      { eps, rate: 0.1, seed: null, keep: true, precision: 'bf16' as const },
    ]) {
      const before = tf.memory().numTensors;
      const [y, backward, rounded] = kernel(branch, bias, residual, gamma, beta, options);
      tf.dispose([y, rounded ?? [], ...Object.values(backward(dy))]);
      expect(tf.memory().numTensors).toBe(before);
    }
    expect(branch.isDisposed || residual.isDisposed).toBe(false);
  });

  if (backend !== 'tensorflow') return;

  it('PanxResidualNorm: fused and plain agree where nothing is dropped', skip => {
    if (engineKernel('PanxResidualNorm') === null) return skip.skip();
    for (const shape of shapes) {
      const { branch, bias, residual, gamma, beta, dy } = inputs(...shape);
      const [fused, plain] = both.map(([, kernel]) => {
        const [y, backward] = kernel(branch, bias, residual, gamma, beta, { eps, rate: 0.1, seed: null, keep: true });
        return { y, ...backward(dy) };
      });
      for (const name of ['y', 'dBranch', 'dBias', 'dResidual', 'dGamma', 'dBeta'] as const) {
        expectCloseTo(fused![name], plain![name]);
      }
    }
  });

  it.each(shapes)('PanxResidualNorm: the same output where nothing is kept for a backward, %i x %i', (...shape) => {
    const { branch, bias, residual, gamma, beta } = inputs(...shape);
    for (const seed of [null, [5, 6] as const]) {
      const [kept, bare] = [true, false].map(
        keep => residualNorm(branch, bias, residual, gamma, beta, { eps, rate: 0.1, seed, keep })[0],
      );
      expectClose(bare!, kept!, 0);
    }
  });

  it.for([...shapes, [33, 768]] as [number, number][])(
    'PanxResidualNorm in bf16, %i x %i: the same, and y rounded beside it where rows are even',
    ([tokens, width], test) => {
      if (engineKernel('PanxResidualNorm') === null) return test.skip();
      const { branch, bias, residual, gamma, beta } = inputs(tokens, width);
      const options = { eps, rate: 0.1, seed: [5, 6] as const, keep: true };
      const [alone, , nothing] = residualNorm(branch, bias, residual, gamma, beta, options);
      const [y, , rounded] = residualNorm(branch, bias, residual, gamma, beta, {
        ...options,
        precision: 'bf16',
      });
      expectClose(y, alone, 0);
      expect(nothing).toBe(undefined);
      expect(rounded === undefined).toBe(width % 2 !== 0);
      if (rounded !== undefined) expectClose(fromBfloat16(rounded), fromBfloat16(toBfloat16(alone)), 0);
    },
  );

  it('PanxResidualNorm draws the documented stream', skip => {
    if (engineKernel('PanxResidualNorm') === null) return skip.skip();
    const mask = forwardMask(residualNorm, [7, 67], 0.3, [0x9e3779b9 | 0, -5]);
    const threshold = Math.trunc(Math.fround(0.3) * 2 ** 32);
    for (const [index, factor] of mask.dataSync().entries()) {
      const word = randomWord(0x9e3779b9n, 0xfffffffbn, BigInt(Math.floor(index / 67)), index % 67);
      expect(factor > 0).toBe(word >= threshold);
    }
  });

  it('PanxResidualNorm: what is dropped depends on neither neighbours, nor rows, nor steps beside it', skip => {
    if (engineKernel('PanxResidualNorm') === null) return skip.skip();
    const [rows, width, rate] = [400, 768, 0.1];
    const draw = (place: number) => forwardMask(residualNorm, [rows, width], rate, [42, place]).dataSync();
    const masks = [draw(7), draw(8)] as const;
    const at = (mask: ArrayLike<number>, index: number) => (mask[index]! > 0 ? 0 : 1);
    const pairs: [string, (index: number) => number][] = [
      ['neighbours', index => at(masks[0], index + 1)],
      ['one further', index => at(masks[0], index + 2)],
      ['a vector further', index => at(masks[0], index + 16)],
      ['rows below each other', index => at(masks[0], index + width)],
      ['diagonals', index => at(masks[0], index + width + 1)],
      ['places beside each other', index => at(masks[1], index)],
    ];
    const count = (rows - 1) * width - 1;
    // Of independent pairs rate^2 are dropped both; five standard deviations are allowed.
    const allowed = 5 * Math.sqrt(rate ** 2 * (1 - rate ** 2) * count);
    for (const [name, other] of pairs) {
      let both = 0;
      for (let index = 0; index < count; index++) both += at(masks[0], index) * other(index);
      expect(Math.abs(both - rate ** 2 * count), name).toBeLessThan(allowed);
    }
  });

  it('PanxResidualNorm: the same bytes again, and whatever the number of threads', async skip => {
    if (engineKernel('PanxResidualNorm') === null) return skip.skip();
    const program = `
      const like = (seed, ...shape) => tf.reshape(tf.sin(tf.range(seed, seed + shape.reduce((a, b) => a * b))), shape);
      for (let i = 0; i < 3; i++) {
        const [y, backward] = residualNorm(like(1, 301, 517), like(2, 517), like(3, 301, 517), like(4, 517), like(5, 517), {
          eps: 1e-5, rate: 0.1, seed: [3, 4], keep: true,
        });
        const { dBranch, dBias, dResidual, dGamma, dBeta } = backward(like(6, 301, 517));
        print(y, dBranch, dBias, dResidual, dGamma, dBeta);
      }`;
    const outputs = await Promise.all([1, 2, 3, 7].map(threads => outputOfThreads(threads, program)));
    for (const lines of outputs) expect(lines).toEqual(Array(3).fill(outputs[0]![0]));
  });

  it('PanxResidualNorm refuses what does not belong together', skip => {
    if (engineKernel('PanxResidualNorm') === null) return skip.skip();
    const { branch, bias, residual, gamma, beta, dy } = inputs(5, 40);
    const options = { eps, rate: 0.1, seed: [1, 2] as const, keep: true };
    expect(() => residualNorm(branch, tf.zeros([39]), residual, gamma, beta, options)).toThrow(
      /takes branch \(N, C\), bias \(C\).*found \[5,40\], \[39\]/,
    );
    expect(() => residualNorm(branch, bias, residual, gamma, beta, { ...options, rate: 1 })).toThrow(
      /takes a rate from 0 to below 1, found 1/,
    );
    const [, backward] = residualNorm(branch, bias, residual, gamma, beta, options);
    expect(() => backward(tf.slice2d(dy, [0, 0], [4, 40]))).toThrow(/found \[4,40\], \[5,40\], \[5\]/);
  });
});

/** The word of Dropout::draw of src/engine/tensorflow/operations/panx_ops.h. */
function randomWord(seed0: bigint, seed1: bigint, row: bigint, element: number): number {
  const wrap = (value: bigint) => BigInt.asUintN(64, value);
  let z = wrap(((seed0 << 32n) | seed1) * 0x9e3779b97f4a7c15n + row * 0xd1342543de82ef95n);
  z = wrap((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
  z = wrap((z ^ (z >> 27n)) * 0x94d049bb133111ebn);
  z ^= z >> 31n;
  z = wrap((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
  z ^= z >> 27n;
  const [first, second] = [Number(z & 0xffffffffn), Number(z >> 32n)];
  let x = (Math.imul(element, 0x9e3779b9) + first) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad) >>> 0;
  x = Math.imul(x ^ (x >>> 15) ^ second, 0xd35a2d97) >>> 0;
  return (x ^ (x >>> 15)) >>> 0;
}
