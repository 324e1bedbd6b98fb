import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { adamWOfAll, plainAdamWOfAll } from '../../src/kernels/adamw.js';
import { engineKernel } from '../../src/kernels/engine-kernel.js';
import { plainSquaredNormOfAll, squaredNormOfAll } from '../../src/kernels/squared-norm.js';
import { createVariable, type Variable } from '../../src/kernels/variable.js';
import { expectClose, onEachBackend, values } from './each-backend.js';

/** A scalar, odd sizes, one beyond two blocks of the fused operation, one empty. */
const shapes = [[1], [7], [3, 5], [0], [2, 16384], [33000], [16]];
const at = { learningRate: 0.01, beta1: 0.9, beta2: 0.999, eps: 1e-8 };

/** Parameters with zero moments; every other one decays. */
function parameters() {
  return shapes.map((shape, index) => {
    const start = values(shape, index + 1).dataSync<'float32'>();
    const zeros = () => createVariable(new Float32Array(start.length), shape);
    const weightDecay = index % 2 === 0 ? 0.1 : 0;
    return { parameter: createVariable(start, shape), firstMoment: zeros(), secondMoment: zeros(), weightDecay };
  });
}

function gradients(step: number): tf.Tensor[] {
  return shapes.map((shape, index) => values(shape, 100 * step + index));
}

function update(these: ReturnType<typeof parameters>, step: number, clip: number, how = adamWOfAll): void {
  const all = gradients(step);
  how(
    these.map((one, index) => ({ ...one, gradient: all[index]! })),
    { ...at, step },
    clip,
  );
}

function bytesOf(variable: Variable): Buffer {
  const data = variable.read().dataSync<'float32'>();
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

onEachBackend(backend => {
  it('adamWOfAll: six clipped updates equal the equations in double precision', () => {
    const clip = 0.3;
    // TensorFlow's own operation takes 1 - beta2 in float32, off by 1.3e-5; its caller makes up for that in the step.
    const float32Moments = engineKernel('PanxAdamW') === null;
    const these = parameters();
    const doubles = these.map(({ parameter }) => {
      const p = Float64Array.from(parameter.read().dataSync());
      return { p, m: new Float64Array(p.length), v: new Float64Array(p.length) };
    });
    for (let step = 1; step <= 6; step++) {
      update(these, step, clip);
      for (const [index, gradient] of gradients(step).entries()) {
        const { p, m, v } = doubles[index]!;
        for (const [i, raw] of gradient.dataSync().entries()) {
          const g = clip * raw;
          m[i] = 0.9 * m[i]! + 0.1 * g;
          v[i] = 0.999 * v[i]! + 0.001 * g ** 2;
          p[i]! *= 1 - 0.01 * these[index]!.weightDecay;
          p[i]! -= ((0.01 / (1 - 0.9 ** step)) * m[i]!) / (Math.sqrt(v[i]!) / Math.sqrt(1 - 0.999 ** step) + 1e-8);
        }
      }
    }
    for (const [index, { parameter, firstMoment, secondMoment }] of these.entries()) {
      const { p, m, v } = doubles[index]!;
      const expected = (data: Float64Array) => tf.tensor(Float32Array.from(data), shapes[index]!);
      expectClose(parameter.read(), expected(p), 4e-7); // six roundings of weights up to 1
      expectClose(firstMoment.read(), expected(m), 5e-8);
      expectClose(secondMoment.read(), expected(v), float32Moments ? 1e-8 : 5e-10);
    }
  });

  it('adamWOfAll: a value that was read before keeps what it was', () => {
    const these = parameters();
    const held = these.map(({ parameter }) => parameter.read());
    const before = held.map(value => [...value.dataSync()]);
    update(these, 1, 1);
    expect(held.map(value => [...value.dataSync()])).toEqual(before);
    expect([...these[1]!.parameter.read().dataSync()]).not.toEqual(before[1]);
  });

  it('adamWOfAll: a live value is one tensor that shows every update, and the same numbers', () => {
    const [these, others] = [parameters(), parameters()];
    const live = these.map(({ parameter }, index) => (index === 0 ? null : parameter.live()));
    for (let step = 1; step <= 3; step++) {
      update(these, step, 0.5);
      update(others, step, 0.5);
    }
    for (const [index, { parameter }] of these.entries()) {
      expectClose(parameter.read(), others[index]!.parameter.read(), 0);
      if (live[index] === null) continue;
      expect(parameter.live()).toBe(live[index]);
      expectClose(live[index]!, parameter.read(), 0);
    }
    const { parameter } = these[1]!;
    parameter.assign(tf.fill([7], 7));
    for (const value of [parameter.read(), parameter.live()])
      if (value !== null) expectClose(value, tf.fill([7], 7), 0);
  });

  it('adamWOfAll: learning rate 0 leaves the weights and still moves the moments', () => {
    const [one] = parameters();
    const before = one!.parameter.read();
    adamWOfAll([{ ...one!, gradient: tf.tensor1d([2]) }], { ...at, learningRate: 0, step: 1 }, 1);
    expectClose(one!.parameter.read(), before, 0);
    expect(one!.firstMoment.read().dataSync()[0]).toBeCloseTo(0.2, 6);
  });

  it('adamWOfAll: frees all it made', () => {
    const these = parameters();
    update(these, 1, 0.5);
    const all = these.map((one, index) => ({ ...one, gradient: gradients(2)[index]! }));
    const before = tf.memory().numTensors;
    adamWOfAll(all, { ...at, step: 2 }, 0.5);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('squaredNormOfAll: the sum over all tensors, in double precision where fused', () => {
    const all = gradients(1);
    let total = 0;
    for (const tensor of all) for (const x of tensor.dataSync()) total += x * x;
    const relative = engineKernel('PanxAdamW') !== null ? 6e-8 : 1e-5;
    expect(Math.abs(squaredNormOfAll(all).dataSync()[0]! / total - 1)).toBeLessThan(relative);
    expect(Math.abs(plainSquaredNormOfAll(all).dataSync()[0]! / total - 1)).toBeLessThan(1e-5);
  });

  if (backend !== 'tensorflow') return;

  it('adamWOfAll: fused and plain agree, and fused gives the same bytes again', skip => {
    if (engineKernel('PanxAdamW') === null) return skip.skip();
    const [fused, again, plain] = [parameters(), parameters(), parameters()];
    for (let step = 1; step <= 4; step++) {
      update(fused, step, 0.7);
      update(again, step, 0.7);
      update(plain, step, 0.7, plainAdamWOfAll);
    }
    for (const [index, one] of fused.entries()) {
      expectClose(one.parameter.read(), plain[index]!.parameter.read(), 5e-7);
      expectClose(one.firstMoment.read(), plain[index]!.firstMoment.read(), 3e-7);
      // 1.3e-5 of it, as above.
      expectClose(one.secondMoment.read(), plain[index]!.secondMoment.read(), 4e-8);
      expect(bytesOf(one.parameter).equals(bytesOf(again[index]!.parameter))).toBe(true);
    }
    const total = squaredNormOfAll(gradients(1)).dataSync();
    for (let i = 0; i < 5; i++) expect(squaredNormOfAll(gradients(1)).dataSync()).toEqual(total);
  });

  it('PanxAdamW refuses what does not belong together', skip => {
    if (engineKernel('PanxAdamW') === null) return skip.skip();
    const [one, two] = parameters();
    const gradient = tf.tensor1d([1]);
    const run = (...all: (ReturnType<typeof parameters>[0] & { gradient: tf.Tensor })[]) =>
      adamWOfAll(all, { ...at, step: 1 }, 1);
    expect(() => run({ ...two!, gradient })).toThrow(/got a gradient of shape \[1\]/);
    expect(() => run({ ...one!, gradient }, { ...one!, gradient })).toThrow(/one variable twice/);
    run({ ...one!, gradient }); // no lock is left behind
  });
});
