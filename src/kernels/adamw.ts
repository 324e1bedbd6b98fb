import tf = require('@tensorflow/tfjs-core');

import { type NativeEngine, nativeEngine } from '../engine/tensorflow/native.js';
import type { Variable } from './variable.js';

/** The numbers of one AdamW update, the same for every parameter. */
export interface AdamWStep {
  learningRate: number;
  beta1: number;
  beta2: number;
  eps: number;
  /** t, counted from 1. */
  step: number;
}

/** What one update reads and changes: a parameter, its moments and its gradient, all of one shape. The gradient belongs to the caller. */
export interface AdamWParameter {
  parameter: Variable;
  firstMoment: Variable;
  secondMoment: Variable;
  gradient: tf.Tensor;
  /** 0 for biases and LayerNorm parameters. */
  weightDecay: number;
}

/**
 * One AdamW update of all parameters in place, each as `adamW` does it, from gradients that are multiplied by `clip` first.
 * The fused operation (operations/adamw.cc) makes one pass over the memory of all of them.
 */
export function adamWOfAll(parameters: readonly AdamWParameter[], at: AdamWStep, clip: number): void {
  const native = nativeEngine();
  if (!native?.fused) {
    plainAdamWOfAll(parameters, at, clip);
    return;
  }
  for (const live of [true, false]) {
    const these = parameters.filter(({ parameter }) => parameter.isLive === live);
    if (these.length > 0) fusedAdamW(native, these, at, clip, live);
  }
}

/** operations/adamw.cc, of parameters that are all live or none. */
function fusedAdamW(
  native: NativeEngine,
  parameters: readonly AdamWParameter[],
  { learningRate, beta1, beta2, eps, step }: AdamWStep,
  clip: number,
  live: boolean,
): void {
  const handles = (which: 'parameter' | 'firstMoment' | 'secondMoment') => parameters.map(one => one[which].handle!);
  tf.tidy(() => {
    native.run(
      'PanxAdamW',
      [
        ...handles('parameter'),
        ...handles('firstMoment'),
        ...handles('secondMoment'),
        ...parameters.map(({ gradient }) => gradient),
        tf.tensor1d(
          parameters.map(({ weightDecay }) => 1 - learningRate * weightDecay),
          'float32',
        ),
        // Differences from 1 are taken here, in double precision.
        tf.tensor1d(
          [clip, 1 - beta1, beta2, 1 - beta2, learningRate / (1 - beta1 ** step), Math.sqrt(1 - beta2 ** step), eps],
          'float32',
        ),
      ],
      [native.int('N', parameters.length), native.bool('in_place', live)],
      0,
    );
  });
}

/** The same, one parameter after the other. */
export function plainAdamWOfAll(parameters: readonly AdamWParameter[], at: AdamWStep, clip: number): void {
  for (const { parameter, firstMoment, secondMoment, gradient, weightDecay } of parameters) {
    tf.tidy(() => {
      const clipped = clip === 1 ? gradient : tf.mul(gradient, clip);
      adamW(parameter, firstMoment, secondMoment, clipped, { ...at, weightDecay });
    });
  }
}

/**
 * One AdamW update in place (Loshchilov & Hutter 2019, alg. 2, in the arithmetic of torch.optim.AdamW):
 * p *= 1 - lr * wd;  m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;  p -= lr / (1 - b1^t) * m / (sqrt(v) / sqrt(1 - b2^t) + eps).
 *
 * @param parameter, firstMoment, secondMoment, gradient: one shape. The gradient belongs to the caller.
 */
export function adamW(
  parameter: Variable,
  firstMoment: Variable,
  secondMoment: Variable,
  gradient: tf.Tensor,
  at: AdamWStep & Pick<AdamWParameter, 'weightDecay'>,
): void {
  const native = nativeEngine();
  if (native === null) plainAdamW(parameter, firstMoment, secondMoment, gradient, at);
  else nativeAdamW(native, parameter, firstMoment, secondMoment, gradient, at);
}

function nativeAdamW(
  native: NativeEngine,
  parameter: Variable,
  firstMoment: Variable,
  secondMoment: Variable,
  gradient: tf.Tensor,
  { learningRate, beta1, beta2, eps, weightDecay, step }: AdamWStep & Pick<AdamWParameter, 'weightDecay'>,
): void {
  tf.tidy(() => {
    if (weightDecay !== 0 && learningRate !== 0) {
      const value = parameter.read();
      const decay = tf.mul(value, learningRate * weightDecay);
      value.dispose(); // or the subtraction below could not happen in place
      native.run('AssignSubVariableOp', [parameter.handle!, decay], [native.type('dtype', 'float32')], 0);
    }
    // ResourceApplyAdam adds its epsilon to sqrt(v) where torch adds it to sqrt(v) / sqrt(1 - b2^t), and it works out 1 - b1, 1 - b2 and
    // the bias corrections in float32, where 1 - 0.999 is off by 1.3e-5. So the corrections are made here, in double precision, and
    // the op gets powers of 0 (no correction of its own); `drift` undoes the rounding of 1 - b1 and 1 - b2 inside m and v.
    const correction2 = Math.sqrt(1 - beta2 ** step);
    const drift1 = (1 - Math.fround(beta1)) / (1 - beta1);
    const drift2 = Math.sqrt((1 - Math.fround(beta2)) / (1 - beta2));
    native.run(
      'ResourceApplyAdam',
      [
        parameter.handle!,
        firstMoment.handle!,
        secondMoment.handle!,
        tf.scalar(0),
        tf.scalar(0),
        tf.scalar(((learningRate * correction2) / (1 - beta1 ** step)) * (drift2 / drift1)),
        tf.scalar(beta1),
        tf.scalar(beta2),
        tf.scalar(eps * correction2 * drift2),
        gradient,
      ],
      [native.type('T', 'float32'), native.bool('use_locking', false), native.bool('use_nesterov', false)],
      0,
    );
  });
}

function plainAdamW(
  parameter: Variable,
  firstMoment: Variable,
  secondMoment: Variable,
  gradient: tf.Tensor,
  { learningRate, beta1, beta2, eps, weightDecay, step }: AdamWStep & Pick<AdamWParameter, 'weightDecay'>,
): void {
  const [p, m, v] = tf.tidy(() => {
    const m = tf.add(tf.mul(firstMoment.read(), beta1), tf.mul(gradient, 1 - beta1));
    const v = tf.add(tf.mul(secondMoment.read(), beta2), tf.mul(tf.square(gradient), 1 - beta2));
    const denominator = tf.add(tf.div(tf.sqrt(v), Math.sqrt(1 - beta2 ** step)), eps);
    const update = tf.mul(tf.div(m, denominator), learningRate / (1 - beta1 ** step));
    const decayed = tf.mul(parameter.read(), 1 - learningRate * weightDecay);
    return [tf.sub(decayed, update), m, v] as const;
  });
  parameter.assign(p);
  firstMoment.assign(m);
  secondMoment.assign(v);
}
