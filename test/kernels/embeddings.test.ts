import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import type { DropoutSeed } from '../../src/kernels/dropout.js';
import { embeddings, plainEmbeddings } from '../../src/kernels/embeddings.js';
import { engineKernel } from '../../src/kernels/engine-kernel.js';
import { sumByRow } from '../../src/kernels/table-rows.js';
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
const [wordRows, positionRows, typeRows] = [97, 13, 2];

const both = [
  ['as the engine has it', embeddings],
  ['plain', plainEmbeddings],
] as const;
type Kernel = typeof embeddings;

function inputs(tokens: number, width: number) {
  const tables = {
    words: values([wordRows, width], 1) as tf.Tensor2D,
    positions: values([positionRows, width], 2) as tf.Tensor2D,
    types: values([typeRows, width], 3) as tf.Tensor2D,
  };
  const rows = (factor: number, of: number) => Int32Array.from({ length: tokens }, (_, n) => (factor * n * n + n) % of);
  return {
    tables,
    ids: tf.tensor1d(rows(7, wordRows), 'int32'),
    positionIds: tf.tensor1d(rows(5, positionRows), 'int32'),
    gamma: tf.add(values([width], 4), 1.5) as tf.Tensor1D,
    beta: values([width], 5) as tf.Tensor1D,
    dy: values([tokens, width], 6) as tf.Tensor2D,
  };
}

/** What the kernel's forward multiplies with: of gamma 0 and beta 1, LayerNorm leaves 1. */
function forwardMask(kernel: Kernel, shape: [number, number], rate: number, seed: DropoutSeed): tf.Tensor2D {
  const { tables, ids, positionIds, gamma, beta } = inputs(...shape);
  const [y] = kernel(tables, ids, positionIds, tf.zerosLike(gamma), tf.onesLike(beta), { eps, rate, seed });
  return y;
}

/** Output and gradients of the kernel against TensorFlow.js's own, dropout being a product with a known mask. */
function expectGradients(
  kernel: Kernel,
  shape: [number, number],
  mask: tf.Tensor,
  rate: number,
  seed: DropoutSeed | null,
) {
  const { tables, ids, positionIds, gamma, beta, dy } = inputs(...shape);
  const rowsOf = (table: tf.Tensor, ids: tf.Tensor) =>
    tf.matMul(tf.cast(tf.oneHot(ids as tf.Tensor1D, table.shape[0]!), 'float32'), table);
  const compose = (words: tf.Tensor, positions: tf.Tensor, types: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) => {
    const sum = tf.add(tf.add(rowsOf(words, ids), rowsOf(positions, positionIds)), tf.slice(types, 0, 1));
    const { mean, variance } = tf.moments(sum, 1, true);
    const normed = tf.add(tf.mul(tf.div(tf.sub(sum, mean), tf.sqrt(tf.add(variance, eps))), gamma), beta);
    return tf.mul(normed, mask);
  };
  const [y, backward] = kernel(tables, ids, positionIds, gamma, beta, { eps, rate, seed });
  const { dSum, dGamma, dBeta, dType } = backward(dy);
  const of = [tables.words, tables.positions, tables.types, gamma, beta] as const;
  const [dWords, dPositions, dTypes, rGamma, rBeta] = referenceGradients(compose as never, [...of], dy);
  expectCloseTo(y, compose(...of));
  expectCloseTo(sumByRow(dSum, ids, wordRows), dWords!);
  expectCloseTo(sumByRow(dSum, positionIds, positionRows), dPositions!);
  expectCloseTo(
    tf.pad2d(tf.reshape(dType, [1, shape[1]]), [
      [0, typeRows - 1],
      [0, 0],
    ]),
    dTypes!,
  );
  expectCloseTo(dGamma, rGamma!);
  expectCloseTo(dBeta, rBeta!);
}

onEachBackend(backend => {
  it.each(both)('embeddings, %s: output and gradients without dropout', (_, kernel) => {
    for (const shape of shapes) {
      expectGradients(kernel, shape, tf.ones(shape), 0, [1, 2]);
      expectGradients(kernel, shape, tf.ones(shape), 0.3, null);
    }
  });

  it.each(both)('embeddings, %s: output and gradients with dropout, whose mask is the forward one', (_, kernel) => {
    for (const shape of shapes) {
      expectGradients(kernel, shape, forwardMask(kernel, shape, 0.3, [11, 7]), 0.3, [11, 7]);
    }
  });

  it.each(both)('embeddings, %s: the mask: rate, scale and seeds', (_, kernel) => {
    const shape: [number, number] = [200, 100];
    const rate = 0.25;
    const mask = forwardMask(kernel, shape, rate, [7, 3]);
    expect(new Set(mask.dataSync())).toEqual(new Set([0, Math.fround(1 / (1 - rate))]));
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
  });

  it.each(both)('embeddings, %s: leaves its inputs, and keeps nothing after the backward', (_, kernel) => {
    const { tables, ids, positionIds, gamma, beta, dy } = inputs(5, 40);
    for (const options of [
      { eps, rate: 0.1, seed: [1, 2] as const },
      { eps, rate: 0, seed: null },
    ]) {
      const before = tf.memory().numTensors;
      const [y, backward] = kernel(tables, ids, positionIds, gamma, beta, options);
      tf.dispose([y, ...Object.values(backward(dy))]);
      expect(tf.memory().numTensors).toBe(before);
    }
    const given = [...Object.values(tables), ids, positionIds, gamma, beta, dy];
    expect(given.some(tensor => tensor.isDisposed)).toBe(false);
  });

  if (backend !== 'tensorflow') return;

  it('PanxEmbeddings: fused and plain agree where nothing is dropped', skip => {
    if (engineKernel('PanxEmbeddings') === null) return skip.skip();
    for (const shape of shapes) {
      const { tables, ids, positionIds, gamma, beta, dy } = inputs(...shape);
      const [fused, plain] = both.map(([, kernel]) => {
        const [y, backward] = kernel(tables, ids, positionIds, gamma, beta, { eps, rate: 0.1, seed: null });
        return { y, ...backward(dy) };
      });
      for (const name of ['y', 'dSum', 'dGamma', 'dBeta', 'dType'] as const) {
        expectCloseTo(fused![name], plain![name]);
      }
    }
  });

  it('PanxEmbeddings: the same bytes again, and whatever the number of threads', async skip => {
    if (engineKernel('PanxEmbeddings') === null) return skip.skip();
    const program = `
      const like = (seed, ...shape) => tf.reshape(tf.sin(tf.range(seed, seed + shape.reduce((a, b) => a * b))), shape);
      const tables = { words: like(1, 97, 517), positions: like(2, 13, 517), types: like(3, 1, 517) };
      const [ids, positionIds] = [97, 13].map(rows => tf.tensor1d(Array.from({ length: 301 }, (_, n) => (n * n) % rows), 'int32'));
      for (let i = 0; i < 3; i++) {
        const [y, backward] = embeddings(tables, ids, positionIds, like(4, 517), like(5, 517), {
          eps: 1e-5, rate: 0.1, seed: [3, 4],
        });
        const { dSum, dGamma, dBeta, dType } = backward(like(6, 301, 517));
        print(y, dSum, dGamma, dBeta, dType);
      }`;
    const outputs = await Promise.all([1, 2, 3].map(threads => outputOfThreads(threads, program)));
    for (const lines of outputs) expect(lines).toEqual(Array(3).fill(outputs[0]![0]));
  });

  it('PanxEmbeddings refuses ids that are no rows of their tables', skip => {
    if (engineKernel('PanxEmbeddings') === null) return skip.skip();
    const { tables, ids, positionIds, gamma, beta } = inputs(5, 40);
    const run = (ids: tf.Tensor1D, positionIds: tf.Tensor1D) =>
      embeddings(tables, ids, positionIds, gamma, beta, { eps, rate: 0, seed: null });
    for (const outside of [-1, wordRows]) {
      expect(() => run(tf.tensor1d([0, 1, outside, 3, 4], 'int32'), positionIds)).toThrow(
        `takes ids from 0 to below ${wordRows}, found ${outside} at token 2`,
      );
    }
    for (const outside of [-7, positionRows]) {
      expect(() => run(ids, tf.tensor1d([0, 1, 2, 3, outside], 'int32'))).toThrow(
        `takes position_ids from 0 to below ${positionRows}, found ${outside} at token 4`,
      );
    }
  });

  it('PanxEmbeddings refuses what does not belong together', skip => {
    if (engineKernel('PanxEmbeddings') === null) return skip.skip();
    const { tables, ids, positionIds, gamma, beta, dy } = inputs(5, 40);
    const options = { eps, rate: 0.1, seed: [1, 2] as const };
    expect(() => embeddings(tables, ids, positionIds, gamma, tf.zeros([39]), options)).toThrow(
      /takes words \(V, C\), positions \(P, C\).*found \[97,40\], \[13,40\], \[2,40\], \[5\], \[5\], \[40\], \[39\] and \[2\]/,
    );
    expect(() => embeddings(tables, ids, tf.slice1d(positionIds, 0, 4), gamma, beta, options)).toThrow(/\[5\], \[4\]/);
    expect(() => embeddings(tables, ids, positionIds, gamma, beta, { ...options, rate: 1 })).toThrow(
      /takes a rate from 0 to below 1, found 1/,
    );
    const [, backward] = embeddings(tables, ids, positionIds, gamma, beta, options);
    expect(() => backward(tf.slice2d(dy, [0, 0], [4, 40]))).toThrow(/found \[4,40\], \[5,40\], \[5\]/);
  });
});
