import tf = require('@tensorflow/tfjs-core');

import type { WithBackward } from './backward.js';
import { engineKernel } from './engine-kernel.js';

/** Names one dropout mask: two 32-bit words (the run's seed; the step and place). The same seed gives the same mask, always. */
export type DropoutSeed = readonly [number, number];

/**
 * Inverted dropout: each element is zeroed with probability `rate`, the others are multiplied by 1 / (1 - rate).
 * The mask is a pure function of the seed, so a resumed run draws what an unbroken one would have drawn.
 *
 * @param x any shape
 * @param seed null or rate 0 leaves x as it is (the same tensor)
 * @returns y of x's shape. Kept for the backward and freed by it: the mask.
 */
export function dropout<R extends tf.Tensor>(x: R, rate: number, seed: DropoutSeed | null): WithBackward<R, R> {
  if (seed === null || rate === 0) return [x, dy => dy];
  const mask = dropoutMask(x.shape, rate, seed);
  return [
    tf.mul<R>(x, mask),
    dy => {
      const dx = tf.mul<R>(dy, mask);
      mask.dispose();
      return dx;
    },
  ];
}

/** 0 with probability `rate`, else 1 / (1 - rate), drawn on the device where the engine can. */
export function dropoutMask(shape: number[], rate: number, seed: DropoutSeed): tf.Tensor {
  const draw = engineKernel('PanxUniform');
  if (draw === null) return tf.tensor(maskValues(shape, rate, seed), shape, 'float32');
  return tf.tidy(() => {
    const [uniform] = draw([], { shape, seed: [seed[0] | 0, seed[1] | 0] }); // in [0, 1)
    return tf.mul(tf.cast(tf.greaterEqual(uniform!, rate), 'float32'), 1 / (1 - rate));
  });
}

/** The plain stream, where the backend has no stateless generator: a 32-bit mixing function of seed and element number. */
function maskValues(shape: number[], rate: number, [high, low]: DropoutSeed): Float32Array {
  const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
  const threshold = Math.floor(rate * 2 ** 32);
  const scale = 1 / (1 - rate);
  const key = mix32(mix32(high | 0) ^ (low | 0));
  for (let i = 0; i < values.length; i++) {
    if (mix32(key ^ mix32(i)) >>> 0 >= threshold) values[i] = scale;
  }
  return values;
}

/** A bijective 32-bit finaliser with good avalanche ("lowbias32", C. Wellons 2018). */
function mix32(word: number): number {
  let x = (word + 0x9e3779b9) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0xd35a2d97);
  return x ^ (x >>> 15);
}
