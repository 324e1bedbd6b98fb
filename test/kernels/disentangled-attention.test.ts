import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { layoutOf } from '../../src/kernels/attention.js';
import { fromBfloat16, isBfloat16, toBfloat16 } from '../../src/kernels/bfloat16.js';
import {
  type DisentangledOptions,
  disentangledAttention,
  plainDisentangledAttention,
} from '../../src/kernels/disentangled-attention.js';
import { engineKernel } from '../../src/kernels/engine-kernel.js';
import { gridOf } from '../../src/kernels/row-grid.js';
import { fusedMask, offsetsOf } from './attention-rows.js';
import { expectClose, expectCloseTo, onEachBackend, referenceGradients, values } from './each-backend.js';
import { outputOfThreads } from './threads.js';

/** Rows of a table of `span` positions before a token and as many behind: near distances have one each, all beyond share the last. */
function rowsOf(longest: number, span: number): Int32Array {
  return Int32Array.from({ length: Math.max(2 * longest - 1, 0) }, (_, i) =>
    Math.min(Math.max(i - longest + 1 + span, 0), 2 * span - 1),
  );
}

interface Case {
  rows: number[];
  heads: number;
  size: number;
  span: number;
  /** Which terms there are. */
  terms: 'both' | 'keys' | 'queries' | 'none';
}

const inputsOf = ({ rows, heads, size, span, terms }: Case) => {
  const hidden = heads * size;
  const tokens = offsetsOf(rows).at(-1)!;
  const table = (seed: number) => values([2 * span, hidden], seed) as tf.Tensor2D;
  return {
    qkv: tf.mul(values([tokens, 3 * hidden], 1), 2) as tf.Tensor2D,
    dOutput: values([tokens, hidden], 2) as tf.Tensor2D,
    terms: {
      keys: terms === 'both' || terms === 'keys' ? table(3) : null,
      queries: terms === 'both' || terms === 'queries' ? table(4) : null,
      rows: rowsOf(Math.max(...rows), span),
    },
  };
};

/** Row by row and head by head, straight from the paper. @param mask (N, H, T) what probabilities are multiplied with, or null */
function reference(
  { rows, heads, size }: Case,
  rowOf: Int32Array,
  divisor: number,
  mask: tf.Tensor | null,
  [qkv, keys, queries]: readonly (tf.Tensor | null)[],
): tf.Tensor {
  const hidden = heads * size;
  const middle = (rowOf.length - 1) / 2;
  let start = 0;
  const outputs = rows.flatMap(length => {
    if (length === 0) return [];
    const count = (keys ?? queries)?.shape[0] ?? Math.max(...rowOf) + 1;
    const distances = Int32Array.from({ length: length ** 2 }, (_, at) => {
      return rowOf[Math.floor(at / length) - (at % length) + middle]!; // query - key
    });
    const chosen = tf.reshape(tf.oneHot(tf.tensor1d(distances, 'int32'), count), [length, length, count]);
    const perHead = Array.from({ length: heads }, (_, head) => {
      const part = (which: number) => tf.slice(qkv!, [start, which * hidden + head * size], [length, size]);
      const products = (content: tf.Tensor, table: tf.Tensor) =>
        tf.matMul(content, tf.slice(table, [0, head * size], [count, size]), false, true); // (T, R)
      const scores = [tf.matMul(part(0), part(1), false, true)];
      if (keys) scores.push(tf.sum(tf.mul(tf.expandDims(products(part(0), keys), 1), chosen), 2));
      if (queries) scores.push(tf.sum(tf.mul(tf.expandDims(products(part(1), queries), 0), chosen), 2));
      const p = tf.softmax(tf.div(tf.addN(scores), divisor));
      const factors =
        mask === null ? 1 : tf.reshape(tf.slice(mask, [start, head, 0], [length, 1, length]), [length, length]);
      return tf.matMul(tf.mul(p, factors), part(2));
    });
    start += length;
    return [tf.concat(perHead, 1)];
  });
  return tf.concat(outputs, 0);
}

/** Rows of 1 to 150 tokens, within a block of 48 and beyond; head sizes on either side of vectors of 8 and 16; tables that reach less far than rows. */
const cases: Case[] = [
  { rows: [3, 1, 5], heads: 2, size: 3, span: 4, terms: 'both' },
  { rows: [1], heads: 1, size: 1, span: 2, terms: 'both' },
  { rows: [16, 0, 17, 15], heads: 3, size: 16, span: 8, terms: 'keys' },
  { rows: [7, 70, 1, 33, 48, 49], heads: 2, size: 64, span: 100, terms: 'both' },
  { rows: [20, 9], heads: 1, size: 100, span: 12, terms: 'queries' },
  { rows: [2, 150, 97], heads: 2, size: 24, span: 20, terms: 'both' },
  { rows: [6, 11], heads: 2, size: 8, span: 4, terms: 'none' },
];
const named = cases.map(one => ({
  ...one,
  name: `rows of ${one.rows}, ${one.heads} heads of ${one.size}, ${one.terms}`,
}));

onEachBackend(backend => {
  const expectReference = (
    one: Case,
    compute: (options: DisentangledOptions) => ReturnType<typeof disentangledAttention>,
    rate: number,
    mask: tf.Tensor | null,
  ) => {
    const { qkv, dOutput, terms } = inputsOf(one);
    const divisor = Math.sqrt(3 * one.size);
    const [output, backward] = compute({ heads: one.heads, divisor, rate, seed: [11, 12], precision: 'fp32' });
    const given = [qkv, terms.keys, terms.queries];
    const there = given.filter(input => input !== null) as tf.Tensor[];
    const compose = (...inputs: tf.Tensor[]) => {
      const all = given.map(input => (input === null ? null : inputs[there.indexOf(input)]!));
      return reference(one, terms.rows, divisor, mask, all);
    };
    expectCloseTo(output, compose(...there), 2e-6);
    const expected = referenceGradients(compose, there, dOutput);
    const { dQkv, dKeys, dQueries } = backward(dOutput);
    const found = [dQkv, dKeys, dQueries];
    expect(found.map(gradient => gradient === null)).toEqual(given.map(input => input === null));
    for (const [index, gradient] of found.filter(gradient => gradient !== null).entries()) {
      expectCloseTo(gradient, expected[index]!, 3e-6);
    }
  };

  it.for(named.filter(({ rows }) => !rows.includes(0)))('plain, $name: output and gradients', one => {
    const { qkv, terms } = inputsOf(one);
    const plain = (options: DisentangledOptions) =>
      plainDisentangledAttention(qkv, terms, gridOf(offsetsOf(one.rows)), options);
    expectReference(one, plain, 0, null);
  });

  it('frees all it kept', () => {
    const one = cases[0]!;
    const { qkv, dOutput, terms } = inputsOf(one);
    const layout = layoutOf(offsetsOf(one.rows));
    const before = tf.memory().numTensors;
    const options = { heads: one.heads, divisor: 2, rate: 0.1, seed: [1, 1], precision: 'fp32' } as const;
    for (const some of [terms, { ...terms, keys: null }, { ...terms, queries: null }]) {
      const [output, backward] = disentangledAttention(qkv, some, layout, options);
      const { dQkv, dKeys, dQueries } = backward(dOutput);
      tf.dispose([output, dQkv, ...[dKeys, dQueries].filter(gradient => gradient !== null)]);
    }
    if (backend === 'tensorflow') expect(tf.memory().numTensors).toBe(before);
  });

  if (backend !== 'tensorflow') return;

  for (const rate of [0, 0.3]) {
    it.for(named)(`fused, $name, dropout ${rate}: output and gradients`, (one, test) => {
      if (engineKernel('PanxDisentangledAttention') === null) return test.skip();
      const { qkv, terms } = inputsOf(one);
      const offsets = offsetsOf(one.rows);
      const mask = rate === 0 ? null : fusedMask(offsets, one.heads, one.size, rate, [11, 12]);
      expectReference(one, options => disentangledAttention(qkv, terms, layoutOf(offsets), options), rate, mask);
    });
  }

  it.for(named)('fused in bf16, $name: what float32 gives, rounded to bfloat16', (one, test) => {
    if (engineKernel('PanxDisentangledAttention') === null || (one.heads * one.size) % 2 === 1) return test.skip();
    const { qkv, dOutput, terms } = inputsOf(one);
    const run = (precision: 'fp32' | 'bf16') => {
      const options = { heads: one.heads, divisor: 3, rate: 0.2, seed: [3, 4], precision } as const;
      return disentangledAttention(qkv, terms, layoutOf(offsetsOf(one.rows)), options);
    };
    const [exact, exactBackward] = run('fp32');
    const [rounded, roundedBackward] = run('bf16');
    expect(isBfloat16(rounded)).toBe(true);
    expectClose(fromBfloat16(rounded), fromBfloat16(toBfloat16(exact)), 0);
    expectClose(roundedBackward(dOutput).dQkv, exactBackward(dOutput).dQkv, 0);
  });

  it('fused: NaN stays NaN, in its row and head, and in the positions that this row sees', test => {
    if (engineKernel('PanxDisentangledAttention') === null) return test.skip();
    const one: Case = { rows: [5, 3], heads: 2, size: 4, span: 6, terms: 'both' };
    const { terms } = inputsOf(one);
    const data = values([8, 24], 1).dataSync<'float32'>().slice();
    data[2 * 24] = Number.NaN; // a query of row 0, head 0
    const options = { heads: 2, divisor: 2, rate: 0, seed: null, precision: 'fp32' } as const;
    const [output, backward] = disentangledAttention(
      tf.tensor2d(data, [8, 24]),
      terms,
      layoutOf(offsetsOf(one.rows)),
      options,
    );
    const nan = (tensor: tf.Tensor2D) => tensor.arraySync().map(row => row.map(Number.isNaN));
    const some = (tensor: tf.Tensor2D) => nan(tensor).map(row => row.includes(true));
    expect(some(output)).toEqual([false, false, true, false, false, false, false, false]);
    const { dQkv, dKeys } = backward(tf.ones([8, 8]));
    expect(some(dQkv)).toEqual([true, true, true, true, true, false, false, false]);
    // The distances in row 0 are -4 to 4: rows 2 to 10. Head 1 saw no NaN.
    expect(some(dKeys!)).toEqual([...Array(12).keys()].map(row => row >= 2 && row <= 10));
    expect(nan(dKeys!).some(row => row.slice(4).includes(true))).toBe(false);
  });

  it('fused: the same bytes on every call, whatever number of threads', async test => {
    if (engineKernel('PanxDisentangledAttention') === null) return test.skip();
    const program = `
      import { layoutOf } from './dist/kernels/attention.js';
      import { disentangledAttention } from './dist/kernels/disentangled-attention.js';
      const rows = [40, 3, 90, 1, 12, 12, 30];
      const offsets = Int32Array.from([0, ...rows.map((_, row) => rows.slice(0, row + 1).reduce((a, b) => a + b))]);
      const filled = (shape, by) => tf.reshape(tf.sin(tf.mul(tf.range(0, shape[0] * shape[1]), by)), shape);
      const order = Int32Array.from({ length: 179 }, (_, i) => Math.min(Math.max(i - 69, 0), 39));
      const options = { heads: 4, divisor: 5, rate: 0.1, seed: [1, 2], precision: 'fp32' };
      for (let call = 0; call < 3; call++) {
        const terms = { keys: filled([40, 32], 0.9), queries: filled([40, 32], 0.4), rows: order };
        const [output, backward] = disentangledAttention(filled([188, 96], 0.7), terms, layoutOf(offsets), options);
        const { dQkv, dKeys, dQueries } = backward(filled([188, 32], 0.3));
        print(output, dQkv, dKeys, dQueries);
      }`;
    const hashes = (await Promise.all([1, 2, 3, 8].map(threads => outputOfThreads(threads, program)))).flat();
    expect(hashes.length).toBe(12);
    expect(new Set(hashes).size).toBe(1);
  });

  it('the operation refuses tables and rows that do not fit', test => {
    const kernel = engineKernel('PanxDisentangledAttention');
    if (kernel === null) return test.skip();
    const run = (keys: number[], queries: number[], rows: number[], heads = 2) =>
      kernel(
        [
          ...[tf.zeros([4, 12]), tf.tensor1d([0, 3, 4], 'int32'), tf.tensor1d([1, 2], 'int32')],
          ...[tf.zeros(keys), tf.zeros(queries), tf.tensor1d(rows, 'int32')],
        ],
        { heads, scale: 1, rate: 0, T: 'float32' },
      );
    const rows = [0, 1, 2, 3, 4];
    expect(run([5, 4], [5, 4], rows)).toHaveLength(2);
    expect(() => run([5, 4], [5, 3], rows)).toThrow(/C = 4 got tables of positions of shapes \[5,4\] and \[5,3\]/);
    expect(() => run([5, 4], [6, 4], rows)).toThrow(/tables of positions of shapes/);
    expect(() => run([5, 4], [5, 4], [0, 1, 2])).toThrow(/the rows of 3 distances, expected 5/);
    expect(() => run([5, 4], [0, 4], [0, 1, 2, 3, 5])).toThrow(/row 5 of a table of 5 rows/);
    expect(() => run([5, 4], [0, 4], [0, 1, 2, 3, -1])).toThrow(/row -1 of a table of 5 rows/);
    expect(() => run([5, 4], [5, 4], rows, 3)).toThrow(/3 heads got queries, keys and values/);
  });
});
