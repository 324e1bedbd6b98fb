/**
 * roofline.mjs's measurement of matrix products, through panx's own engine, in a process of its own:
 *
 *   node scripts/bench/roofline-products.mjs CHECKPOINT_FOLDER TOKENS fp32,bf16
 *
 * Prints for each precision the GFLOP/s of a product of 2048 x 2048 matrices and of each product of a training step at TOKENS tokens:
 * forward, gradient of the input, gradient of the weight of each linear map. A map's weights are as many as the model has layers,
 * taken in turn, since in a step too no product finds its weight in a cache. Medians over half a second at least.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { loadEngine } from '../../dist/backend/engine.js';
import { toBfloat16 } from '../../dist/backend/kernels/bfloat16.js';
import { matMul } from '../../dist/backend/kernels/mat-mul.js';
import { linearMaps } from './flops.mjs';
import { median } from './programs.mjs';

const [folder, tokens, precisions] = process.argv.slice(2);
const { layers, maps } = linearMaps(JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')));
await loadEngine('auto');
const result = {};
for (const precision of precisions.split(',')) {
  const matrix = maker(precision);
  result[precision] = { cube: cube(matrix), products: maps.flatMap(map => products(map, Number(tokens), matrix)) };
}
console.log(JSON.stringify(result));

/** Makes (rows, columns) of random numbers: zeros would make bfloat16 products look faster. */
function maker(precision) {
  return (rows, columns) => {
    const values = tf.randomNormal([rows, columns], 0, 1, 'float32', 7);
    if (precision === 'fp32') return values;
    const rounded = toBfloat16(values);
    values.dispose();
    return rounded;
  };
}

function cube(matrix) {
  const size = 2048;
  const [a, b] = [matrix(size, size), matrix(size, size)];
  const seconds = medianSeconds(() => matMul(a, b));
  tf.dispose([a, b]);
  return { gflops: (2 * size ** 3) / seconds / 1e9 };
}

/** The three products of y = x W^T: x (N, I), W (O, I), dy (N, O). */
function products({ name, inputs, outputs }, rows, matrix) {
  const [x, dy] = [matrix(rows, inputs), matrix(rows, outputs)];
  const weights = Array.from({ length: layers }, () => matrix(outputs, inputs));
  let turn = 0;
  const weight = () => weights[turn++ % layers];
  const ways = {
    forward: () => matMul(x, weight(), false, true),
    'gradient of x': () => matMul(dy, weight()),
    'gradient of W': () => matMul(dy, x, true, false),
  };
  const measured = Object.entries(ways).map(([way, run]) => {
    const seconds = medianSeconds(run);
    return { name: `${name}, ${way}`, seconds, calls: layers, gflops: (2 * rows * inputs * outputs) / seconds / 1e9 };
  });
  tf.dispose([x, dy, ...weights]);
  return measured;
}

function medianSeconds(run) {
  const times = [];
  for (let total = 0; total < 0.5 || times.length < 7; ) {
    const startedMs = performance.now();
    run().dispose(); // On a CPU a product is done when the call returns.
    const seconds = (performance.now() - startedMs) / 1000;
    times.push(seconds);
    total += seconds;
  }
  return median(times.slice(2));
}
