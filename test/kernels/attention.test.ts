import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { attention, layoutOf, plainAttention } from '../../src/kernels/attention.js';
import { fromBfloat16, isBfloat16, toBfloat16 } from '../../src/kernels/bfloat16.js';
import { type DropoutSeed, dropoutMask } from '../../src/kernels/dropout.js';
import { engineKernel } from '../../src/kernels/engine-kernel.js';
import { gridOf, groupByLength } from '../../src/kernels/row-grid.js';
import { fusedMask, offsetsOf } from './attention-rows.js';
import { expectClose, expectCloseTo, onEachBackend, referenceGradients, values } from './each-backend.js';
import { outputOfThreads } from './threads.js';

const lengths = [3, 1, 5];
/** One long row among short ones: two groups. */
const uneven = [4, 150, 3, 60];
const heads = 2;
const hidden = 6;

/**
 * Row by row and head by head, straight from the paper. `masks` are the dropout masks of the groups, `groups` their rows: each row's
 * mask is cut from its group's grid.
 */
function reference(qkv: tf.Tensor, rowLengths: number[], masks: tf.Tensor[], groups: number[][]): tf.Tensor {
  const size = hidden / heads;
  let start = 0;
  const rows = rowLengths.map((length, row) => {
    const group = groups.findIndex(members => members.includes(row));
    const perHead = Array.from({ length: heads }, (_, head) => {
      const part = (which: number) => tf.slice(qkv, [start, which * hidden + head * size], [length, size]);
      const p = tf.softmax(tf.div(tf.matMul(part(0), part(1), false, true), Math.sqrt(size)));
      if (masks.length === 0) return tf.matMul(p, part(2));
      const cut = tf.slice(masks[group]!, [groups[group]!.indexOf(row), head, 0, 0], [1, 1, length, length]);
      return tf.matMul(tf.mul(p, tf.squeeze(cut, [0, 1])), part(2));
    });
    start += length;
    return tf.concat(perHead, 1);
  });
  return tf.concat(rows, 0);
}

onEachBackend(backend => {
  for (const [rowLengths, groups] of [
    [lengths, [[0, 1, 2]]],
    [uneven, [[1], [0, 2, 3]]],
  ] as const) {
    for (const rate of [0, 0.4]) {
      it(`rows of ${rowLengths.join(', ')} tokens, dropout ${rate}: output and gradient`, () => {
        const offsets = offsetsOf([...rowLengths]);
        const members = groups.map(group => [...group]);
        expect(groupByLength(offsets)).toEqual(members);
        const tokens = offsets.at(-1)!;
        const qkv = tf.mul(values([tokens, 3 * hidden], 1), 2) as tf.Tensor2D;
        const dOutput = values([tokens, hidden], 2) as tf.Tensor2D;
        const masks =
          rate === 0
            ? []
            : members.map((rows, index) => {
                const longest = Math.max(...rows.map(row => rowLengths[row]!));
                return dropoutMask([rows.length, heads, longest, longest], rate, [5 ^ Math.imul(index, 0x9e3779b9), 6]);
              });
        const [output, backward] = plainAttention(qkv, gridOf(offsets), heads, rate, [5, 6]);
        expectClose(output, reference(qkv, [...rowLengths], masks, members));
        const [expected] = referenceGradients(x => reference(x, [...rowLengths], masks, members), [qkv], dOutput);
        expectClose(backward(dOutput), expected!, 5e-6);
      });
    }
  }

  it('frees all it kept', () => {
    const qkv = values([217, 3 * hidden], 1) as tf.Tensor2D;
    const rows = layoutOf(offsetsOf(uneven));
    const dOutput = values([217, hidden], 2) as tf.Tensor2D;
    const before = tf.memory().numTensors;
    const [output, backward] = attention(qkv, rows, heads, 0.1, [1, 1], 'fp32');
    tf.dispose([output, backward(dOutput)]);
    expect(tf.memory().numTensors).toBe(before);
  });

  if (backend !== 'tensorflow') return;

  /** Rows of 1 to 70 tokens, in both blocks of queries and beyond, head sizes on either side of vectors of 8 and 16, one token. */
  for (const { rows, heads, size } of [
    { rows: [3, 1, 5], heads: 2, size: 3 },
    { rows: [1], heads: 1, size: 1 },
    { rows: [16, 0, 17, 15], heads: 3, size: 16 },
    { rows: [7, 70, 1, 33, 48, 49], heads: 2, size: 64 },
    { rows: [20, 9], heads: 1, size: 100 },
    { rows: [2, 150], heads: 4, size: 24 },
    { rows: Array.from({ length: 70 }, (_, row) => row + 1), heads: 1, size: 8 },
  ]) {
    for (const rate of [0, 0.3]) {
      it(`fused, rows of ${short(rows)} tokens, ${heads} heads of ${size}, dropout ${rate}: output and gradient`, test => {
        if (engineKernel('PanxAttention') === null) return test.skip();
        const offsets = offsetsOf(rows);
        const tokens = offsets.at(-1)!;
        const seed = [11, 12] as const;
        const qkv = tf.mul(values([tokens, 3 * heads * size], 1), 2) as tf.Tensor2D;
        const dOutput = values([tokens, heads * size], 2) as tf.Tensor2D;
        const mask = rate === 0 ? null : fusedMask(offsets, heads, size, rate, seed);
        const compose = (x: tf.Tensor) => rowByRow(x, rows, heads, mask);
        const [output, backward] = attention(qkv, layoutOf(offsets), heads, rate, seed, 'fp32');
        expectCloseTo(output, compose(qkv));
        const gradient = backward(dOutput);
        expectCloseTo(gradient, referenceGradients(compose, [qkv], dOutput)[0]!);
        if (rate > 0 || rows.includes(0)) return;
        const [plain, plainBackward] = plainAttention(qkv, gridOf(offsets), heads, 0, null);
        expectCloseTo(output, plain);
        expectCloseTo(gradient, plainBackward(dOutput));
      });
    }
  }

  it.for([
    [3, 2, 2],
    [5, 3, 16],
    [70, 2, 24],
    [50, 2, 64],
  ] as [number, number, number][])(
    'fused in bf16, a row of %i tokens, %i heads of %i: what float32 gives, rounded to bfloat16',
    ([length, heads, size], test) => {
      if (engineKernel('PanxAttention') === null) return test.skip();
      const layout = layoutOf(offsetsOf([length, 4]));
      const qkv = values([length + 4, 3 * heads * size], 1) as tf.Tensor2D;
      const dOutput = values([length + 4, heads * size], 2) as tf.Tensor2D;
      const [exact, exactBackward] = attention(qkv, layout, heads, 0.2, [3, 4], 'fp32');
      const [rounded, roundedBackward] = attention(qkv, layout, heads, 0.2, [3, 4], 'bf16');
      expect(isBfloat16(rounded)).toBe(true);
      expectClose(fromBfloat16(rounded), fromBfloat16(toBfloat16(exact)), 0);
      expectClose(roundedBackward(dOutput), exactBackward(dOutput), 0);
    },
  );

  it('fused: scores far apart and far from 0 neither overflow nor vanish', test => {
    if (engineKernel('PanxAttention') === null) return test.skip();
    const rows = [40, 3];
    const qkv = tf.mul(values([43, 3 * 32], 1), 40) as tf.Tensor2D; // scores up to 3,000
    const dOutput = values([43, 32], 2) as tf.Tensor2D;
    const [output, backward] = attention(qkv, layoutOf(offsetsOf(rows)), 2, 0, null, 'fp32');
    const [plain, plainBackward] = plainAttention(qkv, gridOf(offsetsOf(rows)), 2, 0, null);
    // The scores themselves are off by up to 1e-4, whatever computes them, and with them the probabilities.
    expectCloseTo(output, plain, 1e-4);
    expectCloseTo(backward(dOutput), plainBackward(dOutput), 1e-3);
  });

  it('fused: NaN stays NaN, in its row and head alone', test => {
    if (engineKernel('PanxAttention') === null) return test.skip();
    const data = values([8, 3 * 8], 1)
      .dataSync<'float32'>()
      .slice();
    data[2 * 24] = Number.NaN; // a query of row 0, head 0
    const [output, backward] = attention(tf.tensor2d(data, [8, 24]), layoutOf(offsetsOf([5, 3])), 2, 0, null, 'fp32');
    const isNan = (tensor: tf.Tensor2D) => tensor.arraySync().map(row => row.some(Number.isNaN));
    expect(isNan(output)).toEqual([false, false, true, false, false, false, false, false]);
    const ones = tf.ones([8, 8]) as tf.Tensor2D;
    expect(isNan(backward(ones))).toEqual([true, true, true, true, true, false, false, false]);
  });

  it('fused: the mask drops at its rate, scales, and is the same for the same seed only', test => {
    if (engineKernel('PanxAttention') === null) return test.skip();
    const offsets = offsetsOf([60, 50, 64]);
    const draw = (seed: DropoutSeed) => fusedMask(offsets, 4, 16, 0.25, seed).dataSync<'float32'>();
    const mask = draw([3, 4]);
    const places = 4 * (60 ** 2 + 50 ** 2 + 64 ** 2);
    const kept = mask.filter(value => value !== 0);
    expect(Math.max(...kept.map(value => Math.abs(value * 0.75 - 1)))).toBeLessThan(1e-6);
    expect(Math.abs(kept.length / places - 0.75)).toBeLessThan(4 * Math.sqrt((0.25 * 0.75) / places));
    expect(draw([3, 4])).toEqual(mask);
    // Two masks that have nothing to do with each other agree at 0.25^2 + 0.75^2 of the places.
    for (const seed of [
      [3, 5],
      [4, 4],
      [4, 3],
    ] as const) {
      const other = draw(seed);
      const same = mask.reduce((count, value, i) => count + (value !== 0 && other[i] !== 0 ? 1 : 0), 0);
      expect(Math.abs(same / places - 0.75 ** 2)).toBeLessThan(4 * Math.sqrt((0.5625 * 0.4375) / places));
    }
  });

  it('fused: the same bytes on every call, whatever number of threads', async test => {
    if (engineKernel('PanxAttention') === null) return test.skip();
    const program = `
      import { attention, layoutOf } from './dist/kernels/attention.js';
      const rows = [40, 3, 90, 1, 12, 12, 30];
      const offsets = Int32Array.from([0, ...rows.map((_, row) => rows.slice(0, row + 1).reduce((a, b) => a + b))]);
      const filled = (shape, by) => tf.reshape(tf.sin(tf.mul(tf.range(0, shape[0] * shape[1]), by)), shape);
      for (let call = 0; call < 3; call++) {
        const [output, backward] = attention(filled([188, 96], 0.7), layoutOf(offsets), 4, 0.1, [1, 2], 'fp32');
        print(output, backward(filled([188, 32], 0.3)));
      }`;
    const hashes = (await Promise.all([1, 2, 3, 8].map(threads => outputOfThreads(threads, program)))).flat();
    expect(hashes.length).toBe(12);
    expect(new Set(hashes).size).toBe(1);
  });

  it('fused, of huge scores: what plain operations give, whatever rounding leaves of the largest', test => {
    if (engineKernel('PanxAttention') === null) return test.skip();
    const offsets = offsetsOf([7, 20, 1]);
    for (const sign of [1, -1]) {
      for (const size of [1e4, 1e5, 1e8, 1e12, 1e16]) {
        const parts = [tf.fill([1, 32], sign * size), tf.ones([1, 64])] as [tf.Tensor2D, tf.Tensor2D];
        const qkv = tf.mul(values([28, 96], 3), tf.concat2d(parts, 1)) as tf.Tensor2D;
        const [output, backward] = attention(qkv, layoutOf(offsets), 2, 0, null, 'fp32');
        const [plain] = plainAttention(qkv, gridOf(offsets), 2, 0, null);
        expectClose(output, plain, 2e-6);
        const gradient = backward(values([28, 32], 4) as tf.Tensor2D).dataSync();
        expect(gradient.every(Number.isFinite), `${sign * size}`).toBe(true);
      }
    }
  });

  it('PanxAttention refuses offsets, heads and seeds that do not fit', test => {
    const kernel = engineKernel('PanxAttention');
    if (kernel === null) return test.skip();
    const run = (offsets: number[], heads: number, seed = [1, 2], rate = 0) =>
      kernel([tf.zeros([4, 12]), tf.tensor1d(offsets, 'int32'), tf.tensor1d(seed, 'int32')], {
        heads,
        rate,
        T: 'float32',
      });
    expect(() => run([0, 5], 2)).toThrow(/offsets that do not go from 0/);
    expect(() => run([0, 3, 2, 4], 2)).toThrow(/a row of -1 tokens/);
    expect(() => run([0, 4], 3)).toThrow(/3 heads got queries, keys and values of shape \[4,12\]/);
    expect(() => run([0, 4], 2, [1])).toThrow(/a seed of 1 numbers/);
    expect(() => run([0, 4], 2, [1, 2], 1)).toThrow(/dropout rate of 1/);
  });
});

/** The same as `reference`, for any sizes and with the mask of the fused operation. @param mask (N, H, longest row) or null */
function rowByRow(qkv: tf.Tensor, rows: readonly number[], heads: number, mask: tf.Tensor | null): tf.Tensor {
  const hidden = qkv.shape[1]! / 3;
  const size = hidden / heads;
  let start = 0;
  const outputs = rows.flatMap(length => {
    if (length === 0) return [];
    const perHead = Array.from({ length: heads }, (_, head) => {
      const part = (which: number) => tf.slice(qkv, [start, which * hidden + head * size], [length, size]);
      const p = tf.softmax(tf.div(tf.matMul(part(0), part(1), false, true), Math.sqrt(size)));
      const factors =
        mask === null ? 1 : tf.reshape(tf.slice(mask, [start, head, 0], [length, 1, length]), [length, length]);
      return tf.matMul(tf.mul(p, factors), part(2));
    });
    start += length;
    return [tf.concat(perHead, 1)];
  });
  return tf.concat(outputs, 0);
}

function short(rows: readonly number[]): string {
  return rows.length > 8 ? `${rows[0]} to ${rows.at(-1)}` : rows.join(', ');
}
