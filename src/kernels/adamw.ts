import tf = require('@tensorflow/tfjs-core');

import { type EngineKernel, engineKernel } from './engine-kernel.js';
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
  const fused = engineKernel('PanxAdamW');
  if (fused === null) {
    plainAdamWOfAll(parameters, at, clip);
    return;
  }
  for (const live of [true, false]) {
    const these = parameters.filter(({ parameter }) => parameter.isLive === live);
    if (these.length > 0) fusedAdamW(fused, these, at, clip, live);
  }
}

/** operations/adamw.cc, of parameters that are all live or none. */
function fusedAdamW(
  update: EngineKernel,
  parameters: readonly AdamWParameter[],
  { learningRate, beta1, beta2, eps, step }: AdamWStep,
  clip: number,
  live: boolean,
): void {
  const handles = (which: 'parameter' | 'firstMoment' | 'secondMoment') => parameters.map(one => one[which].handle!);
  tf.tidy(() => {
    update(
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
      { N: parameters.length, in_place: live },
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
  const ofOne = engineKernel('PanxAdamWOfOne');
  if (ofOne === null) plainAdamW(parameter, firstMoment, secondMoment, gradient, at);
  else ofOne([parameter.handle!, firstMoment.handle!, secondMoment.handle!, gradient], { ...at });
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
