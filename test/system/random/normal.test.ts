import { expect, test } from 'vitest';
import { fillNormal } from '../../../src/system/random/normal.js';

const count = 1_000_000;

function draws(seed: number, name: string, length = count, firstIndex = 0): Float32Array {
  const values = new Float32Array(length);
  fillNormal(values, seed, name, 1, firstIndex);
  return values;
}

const values = draws(1, 'a');

test('the same seed and name give the same values for good: checkpoints are remade from a seed', () => {
  expect([...draws(42, 'classifier.weight', 5)]).toMatchInlineSnapshot(`
    [
      -0.8884373903274536,
      0.3289060890674591,
      -0.03102676384150982,
      0.5969425439834595,
      0.4181939661502838,
    ]
  `);
});

test('a value depends on its index alone, not on what is drawn with it', () => {
  expect(draws(1, 'a', 1000, 5000)).toEqual(values.subarray(5000, 6000));
});

test('the deviation scales the values', () => {
  const scaled = new Float32Array(100);
  fillNormal(scaled, 1, 'a', 0.02);
  scaled.forEach((value, i) => {
    expect(value).toBeCloseTo(0.02 * values[i]!, 7);
  });
});

test('moments are those of a normal distribution, within four standard errors', () => {
  const moment = (power: number) => values.reduce((sum, value) => sum + value ** power, 0) / count;
  expect(Math.abs(moment(1))).toBeLessThan(4 * Math.sqrt(1 / count));
  expect(Math.abs(moment(2) - 1)).toBeLessThan(4 * Math.sqrt(2 / count));
  expect(Math.abs(moment(3))).toBeLessThan(4 * Math.sqrt(15 / count));
  expect(Math.abs(moment(4) - 3)).toBeLessThan(4 * Math.sqrt(96 / count));
});

test('the distribution is normal from tail to tail: Kolmogorov-Smirnov below its 0.1 % point', () => {
  const sorted = Float32Array.from(values).sort();
  let distance = 0;
  sorted.forEach((value, i) => {
    const expected = normalDistribution(value);
    distance = Math.max(distance, Math.abs(expected - i / count), Math.abs(expected - (i + 1) / count));
  });
  expect(distance * Math.sqrt(count)).toBeLessThan(1.95);
  // Beyond the last layer, where the tail is drawn by itself: 5.76e-4 of all on both sides.
  const tail = sorted.filter(value => Math.abs(value) > 3.442619855899).length;
  expect(Math.abs(tail - 576)).toBeLessThan(4 * Math.sqrt(576));
});

test('neighbours, other names and other seeds are uncorrelated', () => {
  const correlation = (a: Float32Array, b: Float32Array) =>
    b.reduce((sum, value, i) => sum + value * a[i]!, 0) / Math.sqrt(b.length);
  for (const lag of [1, 2, 128, 768]) expect(Math.abs(correlation(values, values.subarray(lag)))).toBeLessThan(4);
  expect(Math.abs(correlation(values, draws(1, 'b')))).toBeLessThan(4);
  expect(Math.abs(correlation(values, draws(2, 'a')))).toBeLessThan(4);
});

/** P(X <= x), by the series of the error function; |x| < 7. */
function normalDistribution(x: number): number {
  let sum = Math.abs(x);
  for (let term = sum, n = 3; term > 1e-17 * sum; n += 2) {
    term *= (x * x) / n;
    sum += term;
  }
  const half = (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
  return x < 0 ? 0.5 - half : 0.5 + half;
}
