import tf = require('@tensorflow/tfjs-core');

import type { WithBackward } from './backward.js';

const inverseSqrt2 = Math.SQRT1_2;
const inverseSqrt2Pi = 1 / Math.sqrt(2 * Math.PI);

/**
 * The exact GELU, y = x * Phi(x) with Phi(x) = (1 + erf(x / sqrt 2)) / 2 (Hendrycks & Gimpel 2016; torch's approximate="none").
 *
 * @param x (N, I)
 * @returns y (N, I). Kept for the backward: x, which the backward frees together with Phi(x): nobody else needs it.
 *
 * dx = dy * (Phi(x) + x * phi(x)), phi the standard normal density.
 */
export function gelu(x: tf.Tensor2D): WithBackward<tf.Tensor2D, tf.Tensor2D> {
  const { y, cdf } = tf.tidy(() => {
    const cdf = tf.mul<tf.Tensor2D>(tf.add(tf.erf(tf.mul(x, inverseSqrt2)), 1), 0.5); // (N, I)
    return { y: tf.mul<tf.Tensor2D>(x, cdf), cdf };
  });
  return [
    y,
    dy => {
      const dx = tf.tidy(() => {
        const density = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), inverseSqrt2Pi); // (N, I)
        return tf.mul<tf.Tensor2D>(dy, tf.add(cdf, tf.mul(x, density)));
      });
      tf.dispose([x, cdf]);
      return dx;
    },
  ];
}
