/**
 * roofline.mjs's measurement of matrix products, through panx's own engine, in a process of its own:
 *
 *   node scripts/bench/roofline-products.mjs CHECKPOINT_FOLDER TOKENS fp32,bf16
 *
 * Prints for each precision the GFLOP/s of a product of 2048 x 2048 matrices and of each linear map of a training step at TOKENS tokens,
 * forward and backward (two products). A map's weights are as many as the model has layers, taken in turn, since in a step too no
 * product finds its weight in a cache. Medians over half a second at least.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { loadEngine } from '../../dist/engine/engine.js';
import { asWeight, linear } from '../../dist/kernels/linear.js';
import { linearMaps } from './flops.mjs';
import { median } from './programs.mjs';

const [folder, tokens, precisions] = process.argv.slice(2);
const { layers, maps } = linearMaps(JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')));
await loadEngine('auto');
const result = {};
for (const precision of precisions.split(',')) {
  result[precision] = {
    cube: cube(precision),
    products: maps.flatMap(map => products(map, Number(tokens), precision)),
  };
}
console.log(JSON.stringify(result));

/** (rows, columns) of random numbers: zeros would make bfloat16 products look faster. */
function matrix(rows, columns) {
  return tf.randomNormal([rows, columns], 0, 1, 'float32', 7);
}

function cube(precision) {
  const size = 2048;
  const [x, weight] = [matrix(size, size), asWeight(matrix(size, size), precision)];
  const seconds = medianSeconds(() => void linear(x, weight, null, precision));
  tf.dispose([x, weight]);
  return { gflops: (2 * size ** 3) / seconds / 1e9 };
}

/** y = x W^T and its backward: x (N, I), W (O, I), dy (N, O). */
function products({ name, inputs, outputs }, rows, precision) {
  const [x, dy] = [matrix(rows, inputs), matrix(rows, outputs)];
  const weights = Array.from({ length: layers }, () => asWeight(matrix(outputs, inputs), precision));
  let turn = 0;
  const weight = () => weights[turn++ % layers];
  const work = 2 * rows * inputs * outputs;
  const prepare = () => linear(x, weight(), null, precision);
  const forward = medianSeconds(() => prepare());
  const backward = medianSeconds(
    ([, gradients]) => gradients(dy),
    () => prepare(),
  );
  tf.dispose([x, dy, ...weights]);
  return [
    { name: `${name}, forward`, seconds: forward, calls: layers, gflops: work / forward / 1e9 },
    { name: `${name}, backward`, seconds: backward, calls: layers, gflops: (2 * work) / backward / 1e9 },
  ];
}

/** Seconds of `run`, given what `prepare` made, which is not timed. */
function medianSeconds(run, prepare = () => undefined) {
  const times = [];
  for (let total = 0; total < 0.5 || times.length < 7; ) {
    tf.tidy(() => {
      const prepared = prepare();
      const startedMs = performance.now();
      run(prepared); // On a CPU a product is done when the call returns.
      const seconds = (performance.now() - startedMs) / 1000;
      times.push(seconds);
      total += seconds;
    });
  }
  return median(times.slice(2));
}
