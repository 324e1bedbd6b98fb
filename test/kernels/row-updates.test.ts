import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadEngine } from '../../src/engine/engine.js';
import { adamWOfAll } from '../../src/kernels/adamw.js';
import { engineKernel } from '../../src/kernels/engine-kernel.js';
import { rowUpdates } from '../../src/kernels/row-updates.js';
import { createVariable, type Variable } from '../../src/kernels/variable.js';
import { hasTensorflow, values } from './each-backend.js';

const [rows, width] = [50, 37];

/** A table of random values with its two moments, of nothing or of a run that is under way. */
function table(started: boolean): [Variable, Variable, Variable] {
  const of = (seed: number, scale: number) =>
    createVariable(
      Float32Array.from(values([rows, width], seed).dataSync(), value => scale * value),
      [rows, width],
    );
  if (!started) return [of(1, 1), createVariable(null, [rows, width]), createVariable(null, [rows, width])];
  const second = Float32Array.from(values([rows, width], 3).dataSync(), value => 1e-3 * value ** 2);
  return [of(1, 1), of(2, 0.1), createVariable(second, [rows, width])];
}

/** The numbers of a step with a warm-up, weight decay and clipping. */
const numbersOf = (step: number) => ({
  at: { learningRate: 1e-3 * Math.min(1, step / 20), beta1: 0.9, beta2: 0.999, eps: 1e-8, step, weightDecay: 0.01 },
  clip: step % 3 === 0 ? 0.37 : 1,
});

/** Some rows, others in each step; the first ten often, the last never. */
const rowsOf = (step: number) =>
  Int32Array.from(new Set([step % 10, (step * 7) % 10, (step * step) % (rows - 1), (step * 13) % (rows - 1)])).sort();
const gradientOf = (step: number, count: number) => values([count, width], 100 + step) as tf.Tensor2D;

const bytesOf = (variables: readonly Variable[]) =>
  variables.map(variable => {
    const value = variable.read();
    const copy = value.dataSync<'float32'>().slice();
    value.dispose();
    return copy;
  });

describe.skipIf(!hasTensorflow)('updates of rows', () => {
  beforeAll(() => loadEngine('tensorflow'));
  beforeEach(({ skip }) => {
    if (engineKernel('PanxAdamWRows') === null) skip();
  });

  it.each([
    ['from the start', false, 0],
    ['of a run that is under way', true, 40],
  ])('%s: to the same bytes as an update of all rows at every step', (_, started, steps) => {
    const whole = table(started);
    const sparse = table(started);
    const updates = rowUpdates(...sparse, steps)!;
    for (let step = steps + 1; step <= steps + 150; step++) {
      const { at, clip } = numbersOf(step);
      const touched = rowsOf(step);
      const gradient = step % 11 === 0 ? null : gradientOf(step, touched.length);
      const dense = new Float32Array(rows * width);
      const flat = gradient?.dataSync() ?? [];
      if (gradient !== null) {
        for (const [i, row] of touched.entries()) dense.set(flat.slice(i * width, (i + 1) * width), row * width);
      }
      const [parameter, firstMoment, secondMoment] = whole;
      const all = {
        parameter,
        firstMoment,
        secondMoment,
        gradient: tf.tensor2d(dense, [rows, width]),
        weightDecay: 0.01,
      };
      adamWOfAll([all], at, clip);
      updates.catchUp(touched); // what a forward pass looks at
      if (step === steps + 70) {
        // An update of all rows in between.
        updates.catchUp(null);
        adamWOfAll([{ ...all, parameter: sparse[0], firstMoment: sparse[1], secondMoment: sparse[2] }], at, clip);
        updates.madeElsewhere(step);
      } else updates.update(gradient === null ? null : { rows: touched, values: gradient }, at, clip);
      // Looking at all rows at odd moments changes nothing.
      if (step % 29 === 0) updates.catchUp(null);
    }
    updates.catchUp(null);
    expect(bytesOf(sparse)).toEqual(bytesOf(whole));
  });

  it('a row that was not asked for stays as it lies until it is', () => {
    const [first, ...moments] = table(true);
    const updates = rowUpdates(first, moments[0]!, moments[1]!, 0)!;
    const before = bytesOf([first])[0]!;
    const { at, clip } = numbersOf(1);
    updates.update({ rows: Int32Array.of(3), values: gradientOf(1, 1) }, { ...at, learningRate: 0.1 }, clip);
    const after = bytesOf([first])[0]!;
    const changed = (array: Float32Array) =>
      Array.from({ length: rows }, (_, row) => row).filter(row => array[row * width] !== before[row * width]);
    expect(changed(after)).toEqual([3]);
    updates.catchUp(Int32Array.of(5, 3));
    expect(changed(bytesOf([first])[0]!)).toEqual([3, 5]);
  });

  it('refuses a step that does not follow the last', () => {
    const updates = rowUpdates(...table(false), 4)!;
    expect(() => updates.update(null, numbersOf(4).at, 1)).toThrow('update 4 of a table that has had 4');
  });
});
