import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { productFlops, watchOperations } from '../../src/engine/operation-times.js';
import { rawOperations } from '../../src/engine/tensorflow/raw-operations.js';
import { toBfloat16 } from '../../src/kernels/bfloat16.js';
import { matMul } from '../../src/kernels/mat-mul.js';
import { endProfile, type OperationTotals, type Profile, startProfile } from '../../src/system/profile.js';
import { onEachBackend } from '../kernels/each-backend.js';

onEachBackend(backend => {
  let profile: Profile;
  beforeEach(() => {
    profile = startProfile();
    const engine = { version: '1', device: 'here', threads: 1, operations: 'plain', bf16: false, why: null };
    watchOperations({ ...engine, name: backend }, profile);
  });
  afterEach(() => endProfile(profile));

  /** (2, 5) = (2, 3) x (3, 4) x (4, 5) */
  const compute = () =>
    tf.tidy(() => {
      const a = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
      const b = tf.ones<tf.Rank.R2>([4, 3]);
      return Array.from(tf.matMul(tf.matMul(a, b, false, true), tf.ones<tf.Rank.R2>([4, 5])).dataSync());
    });
  const totalsOf = (name: string): OperationTotals | undefined => profile.whole.operations.get(name);
  const product = backend === 'tensorflow' ? 'BatchMatMulV2' : 'BatchMatMul';

  it('counts operations, their time and the work of matrix products, and changes no result', () => {
    const watched = compute();
    expect(totalsOf(product)).toMatchObject({ calls: 2, flops: 2 * (2 * 3 * 4 + 2 * 4 * 5) });
    expect(totalsOf(product)!.ms).toBeGreaterThan(0);
    endProfile(profile);
    expect(compute()).toEqual(watched);
    expect(totalsOf(product)!.calls).toBe(2);
  });

  it('tells shapes to the trace', () => {
    compute();
    const products = profile.events.filter(({ name }) => name === product);
    expect(products.map(({ details }) => details)).toEqual([
      { inputs: '2x3 4x3', outputs: '2x4' },
      { inputs: '2x4 4x5', outputs: '2x5' },
    ]);
  });

  it.runIf(backend === 'tensorflow')('lets an error of an operation through, and counts only what was done', () => {
    expect(() => rawOperations().run('NoSuchOperation', [], [], 1)).toThrow('NoSuchOperation');
    expect(totalsOf('NoSuchOperation')).toBeUndefined();
    compute();
    expect(totalsOf(product)!.calls).toBe(2);
  });

  it.runIf(backend === 'tensorflow')("counts panx's own calls, and tells a product of bfloat16 apart", () => {
    tf.tidy(() => matMul(toBfloat16(tf.ones([2, 3])), toBfloat16(tf.ones([3, 4]))));
    expect(totalsOf('Cast')!.calls).toBe(3);
    expect(totalsOf('MatMul bf16')).toMatchObject({ calls: 1, flops: 2 * 2 * 3 * 4 });
  });

  it('frees the same tensors', () => {
    const before = tf.memory().numTensors;
    compute();
    expect(tf.memory().numTensors).toBe(before);
  });

  it.runIf(backend === 'tensorflow')('counts what comes in, is read and is freed', () => {
    compute();
    expect(totalsOf('tensorDataSync')!.calls).toBe(1);
    const { calls } = totalsOf('createTensor')!;
    expect(calls).toBeGreaterThanOrEqual(1);
    expect(totalsOf('deleteTensor')!.calls).toBeGreaterThan(calls);
    expect(profile.events.find(({ name }) => name === 'tensorDataSync')!.details).toEqual({ inputs: '2x5' });
  });

  it.runIf(backend === 'tensorflow')('says of a GPU what the times mean', () => {
    const engine = { version: '1', device: 'a GPU', operations: 'plain', bf16: false, why: null };
    watchOperations({ ...engine, name: 'tensorflow', threads: null }, profile);
    expect(profile.engine!.note).toContain('On a GPU the time of an operation is that of its launch;');
  });

  it.runIf(backend === 'wasm')('says that only kernels are timed', () => {
    expect(profile.engine).toMatchObject({
      name: 'wasm 1 on here',
      operation: 'TensorFlow.js kernel',
      note: expect.stringContaining('reading and freeing tensors lie between them'),
    });
  });
});

describe('productFlops', () => {
  it.each([
    [
      'MatMul',
      [
        [7, 3],
        [3, 5],
      ],
      [7, 5],
      2 * 7 * 3 * 5,
    ],
    [
      'MatMul',
      [
        [3, 7],
        [5, 3],
      ],
      [7, 5],
      2 * 7 * 3 * 5,
    ],
    ['PanxLinear', [[443, 768], [3072, 768], [3072]], [443, 3072], 2 * 443 * 768 * 3072],
    [
      'PanxEncoderLayer',
      [
        [443, 64],
        [31],
        [3, 64, 64],
        [192],
        [1, 64, 64],
        [64],
        [4, 64, 64],
        [256],
        [1, 256, 64],
        [64],
        [64],
        [64],
        [64],
        [64],
        [200],
      ],
      [200, 64],
      2 * 443 * 64 * 192 + 2 * 200 * (64 * 64 + 2 * 64 * 256),
    ],
    [
      'PanxLinearGrad',
      [
        [443, 3072],
        [443, 768],
        [3072, 768],
      ],
      [443, 768],
      4 * 443 * 768 * 3072,
    ],
    [
      'BatchMatMulV2',
      [
        [4, 2, 7, 3],
        [4, 2, 3, 5],
      ],
      [4, 2, 7, 5],
      8 * 2 * 7 * 3 * 5,
    ],
    // The second operand serves every matrix of the batch.
    [
      'BatchMatMulV3',
      [
        [4, 7, 3],
        [3, 5],
      ],
      [4, 7, 5],
      4 * 2 * 7 * 3 * 5,
    ],
    [
      'Add',
      [
        [7, 3],
        [7, 3],
      ],
      [7, 3],
      0,
    ],
  ])('%s of %j giving %j', (op, inputs, output, flops) => {
    expect(productFlops(op, inputs, output)).toBe(flops);
  });

  it('is 0 where a shape is not known', () => {
    expect(productFlops('MatMul', [undefined, [3, 5]], [7, 5])).toBe(0);
  });
});
