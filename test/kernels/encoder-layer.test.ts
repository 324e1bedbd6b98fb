import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { Precision } from '../../src/engine/precision.js';
import { attention, layoutOf } from '../../src/kernels/attention.js';
import { biasGelu } from '../../src/kernels/bias-gelu.js';
import { encoderLayer, encoderLayerKernel, layOut } from '../../src/kernels/encoder-layer.js';
import type { EngineKernel } from '../../src/kernels/engine-kernel.js';
import { linear } from '../../src/kernels/linear.js';
import { residualNorm } from '../../src/kernels/residual-norm.js';
import { embedding } from '../../src/kernels/table-rows.js';
import { expectClose, onEachBackend, values } from './each-backend.js';
import { outputOfThreads } from './threads.js';

interface Weights {
  qkv: [tf.Tensor2D, tf.Tensor1D];
  attentionOutput: [tf.Tensor2D, tf.Tensor1D];
  intermediate: [tf.Tensor2D, tf.Tensor1D];
  output: [tf.Tensor2D, tf.Tensor1D];
  norms: [tf.Tensor1D, tf.Tensor1D][];
}

function weightsOf(hidden: number, wide: number): Weights {
  const map = (outputs: number, inputs: number, seed: number): [tf.Tensor2D, tf.Tensor1D] => [
    tf.mul(values([outputs, inputs], seed), 3 / Math.sqrt(inputs)),
    values([outputs], seed + 1) as tf.Tensor1D,
  ];
  const norm = (seed: number) => [values([hidden], seed), values([hidden], seed + 1)] as [tf.Tensor1D, tf.Tensor1D];
  return {
    qkv: map(3 * hidden, hidden, 1),
    attentionOutput: map(hidden, hidden, 3),
    intermediate: map(wide, hidden, 5),
    output: map(hidden, wide, 7),
    norms: [norm(9), norm(11)],
  };
}

const eps = 1e-5;

/** The layer from the kernels that it is made of. */
function composition(
  x: tf.Tensor2D,
  offsets: number[],
  labelled: number[] | null,
  { qkv, attentionOutput, intermediate, output, norms }: Weights,
  heads: number,
  precision: Precision,
): tf.Tensor2D {
  const some = (all: tf.Tensor2D) => (labelled === null ? all : embedding(all, tf.tensor1d(labelled, 'int32'))[0]);
  const join = (branch: tf.Tensor2D, bias: tf.Tensor1D, residual: tf.Tensor2D, [gamma, beta]: Weights['norms'][0]) =>
    residualNorm(branch, bias, residual, gamma, beta, { eps, rate: 0, seed: null, keep: false })[0];
  const [projected] = linear(x, ...qkv, precision);
  const [attended] = attention(projected, layoutOf(Int32Array.from(offsets)), heads, 0, null, 'fp32');
  const [branch] = linear(some(attended), attentionOutput[0], null, precision);
  const middle = join(branch, attentionOutput[1], some(x), norms[0]!);
  const [activated] = biasGelu(linear(middle, intermediate[0], null, precision)[0], intermediate[1], precision);
  return join(linear(activated, output[0], null, precision)[0], output[1], middle, norms[1]!);
}

function fused(
  kernel: EngineKernel,
  x: tf.Tensor2D,
  offsets: number[],
  labelled: number[] | null,
  weights: Weights,
  heads: number,
  precision: Precision,
): tf.Tensor2D {
  const map = ([weight, bias]: [tf.Tensor2D, tf.Tensor1D], headsOfMap = 0) => ({
    panels: layOut(weight, headsOfMap, precision),
    bias,
  });
  const [attentionNorm, outputNorm] = weights.norms.map(([gamma, beta]) => ({ gamma, beta }));
  const layer = {
    qkv: map(weights.qkv, heads),
    attentionOutput: map(weights.attentionOutput),
    attentionNorm: attentionNorm!,
    intermediate: map(weights.intermediate),
    output: map(weights.output),
    outputNorm: outputNorm!,
  };
  const some = labelled === null ? null : tf.tensor1d(labelled, 'int32');
  return encoderLayer(kernel, x, tf.tensor1d(offsets, 'int32'), some, layer, { heads, eps, precision });
}

/** Offsets of rows of these lengths, one after the other. */
function offsetsOf(lengths: number[]): number[] {
  const offsets = [0];
  for (const length of lengths) offsets.push(offsets.at(-1)! + length);
  return offsets;
}

/** Rows of 1 to 40 tokens, none, and more than the blocks have that threads take. */
const lengths = [...Array.from({ length: 30 }, (_, row) => 1 + ((row * 17) % 40)), 0, 250, 97, 0];

/**
 * C, H, I. Heads: two to a group of panels, one, of two panels; those that no group fits (C or D is no multiple of 64), which are taken
 * all together. Widths with a panel that is not whole, and inputs that are added up in two parts.
 */
const sizes: [number, number, number][] = [
  [128, 4, 192],
  [128, 2, 130],
  [256, 2, 66],
  [48, 3, 100],
  [192, 2, 64],
  [64, 1, 2200],
  [1088, 17, 70],
];

onEachBackend(backend => {
  if (backend !== 'tensorflow') {
    it('is of TensorFlow only', () => expect(encoderLayerKernel(1e6, 64, 64, 'fp32')).toBeNull());
    return;
  }

  describe.each<Precision>(['fp32', 'bf16'])('encoderLayer in %s', precision => {
    it.for(sizes)(
      'C = %d, %d heads, I = %d: to the bit what its kernels give one after the other',
      (size, { skip }) => {
        const [c, heads, wide] = size;
        const kernel = encoderLayerKernel(1e6, c, wide, precision);
        if (kernel === null) return skip();
        const offsets = offsetsOf(lengths);
        const x = values([offsets.at(-1)!, c], 20) as tf.Tensor2D;
        const weights = weightsOf(c, wide);
        const before = tf.memory().numTensors;
        const all = fused(kernel, x, offsets, null, weights, heads, precision);
        expect(tf.memory().numTensors).toBe(before + 6); // the output, the test's panels and offsets
        expectClose(all, composition(x, offsets, null, weights, heads, precision), 0);
        const labelled = Array.from({ length: offsets.at(-1)! }, (_, token) => token).filter(
          token => (token * 7) % 3 === 0,
        );
        const expected = composition(x, offsets, labelled, weights, heads, precision);
        expectClose(fused(kernel, x, offsets, labelled, weights, heads, precision), expected, 0);
      },
    );
  });

  it('few tokens, and widths that pairs do not fill, are left to single operations', () => {
    expect(encoderLayerKernel(100, 64, 64, 'fp32')).toBeNull();
    expect(encoderLayerKernel(1e6, 63, 64, 'bf16')).toBeNull();
    expect(encoderLayerKernel(1e6, 64, 63, 'bf16')).toBeNull();
  });

  it('no rows, and no labelled tokens', ({ skip }) => {
    const kernel = encoderLayerKernel(1e6, 64, 64, 'fp32');
    if (kernel === null) return skip();
    const weights = weightsOf(64, 64);
    expect(fused(kernel, tf.zeros([0, 64]), [0], null, weights, 2, 'fp32').shape).toEqual([0, 64]);
    expect(fused(kernel, tf.zeros([3, 64]), [0, 3], [], weights, 2, 'fp32').shape).toEqual([0, 64]);
  });

  it('the same bytes again, and whatever the number of threads', async ({ skip }) => {
    if (encoderLayerKernel(1e6, 64, 64, 'fp32') === null) return skip();
    const program = `
      const map = (o, i, heads = 0) => ({
        panels: layOut(tf.reshape(tf.cos(tf.range(0, o * i)), [o, i]), heads, 'fp32'), bias: tf.sin(tf.range(0, o)),
      });
      const kernel = encoderLayerKernel(600, 128, 200, 'fp32'), norm = { gamma: tf.cos(tf.range(0, 128)), beta: tf.zeros([128]) };
      const layer = {
        qkv: map(384, 128, 2), attentionOutput: map(128, 128), attentionNorm: norm,
        intermediate: map(200, 128), output: map(128, 200), outputNorm: norm,
      };
      const offsets = tf.range(0, 601, 12, 'int32'), x = tf.reshape(tf.sin(tf.range(0, 600 * 128)), [600, 128]);
      for (let i = 0; i < 3; i++) {
        print(encoderLayer(kernel, x, offsets, null, layer, { heads: 2, eps: 1e-5, precision: 'fp32' }));
      }`;
    const outputs = await Promise.all([1, 2, 3, 7].map(threads => outputOfThreads(threads, program)));
    for (const lines of outputs) expect(lines).toEqual(Array(3).fill(outputs[0]![0]));
  });

  it('refuses what does not belong together', ({ skip }) => {
    const kernel = encoderLayerKernel(1e6, 64, 64, 'fp32');
    if (kernel === null) return skip();
    const [x, weights] = [values([6, 64], 1) as tf.Tensor2D, weightsOf(64, 66)];
    const layer = (changed: Partial<Weights>, offsets = [0, 6], labelled: number[] | null = null, heads = 2) =>
      fused(kernel, x, offsets, labelled, { ...weights, ...changed }, heads, 'fp32');
    const map = (outputs: number, inputs: number): [tf.Tensor2D, tf.Tensor1D] => [
      tf.zeros([outputs, inputs]),
      tf.zeros([outputs]),
    ];
    expect(() => layer({}, [0, 5])).toThrow(/over 6 tokens got offsets that do not go from 0 to there/);
    expect(() => layer({}, [0, 7, 6])).toThrow(/a row of -1 tokens/);
    expect(() => layer({}, [0, 6], [2, 6])).toThrow(/wants ascending tokens below 6, found 6/);
    expect(() => layer({}, [0, 6], [2, 2])).toThrow(/wants ascending tokens below 6, found 2/);
    expect(() => layer({}, [0, 6], [-1])).toThrow(/wants ascending tokens below 6, found -1/);
    expect(() => layer({ qkv: map(192, 63) })).toThrow(/for 2 heads got a weight of shape \[192,63\]/);
    expect(() => layer({ output: map(64, 65) })).toThrow(/a bias of shape \[64\] for 64 outputs of 66 inputs/);
    expect(() => layer({ attentionOutput: map(65, 64) })).toThrow(/panels of shape \[2,64,64\]/);
    expect(() => layer({ norms: [weights.norms[0]!, [tf.zeros([64]), tf.zeros([63])]] })).toThrow(/\[64\] and \[63\]/);
    expect(() => layer({}, [0, 6], null, 3)).toThrow(/3 heads/);
  });
});
