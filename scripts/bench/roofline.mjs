/**
 * The roofline: how fast this machine multiplies matrices through panx's engine, and the share of that speed that a training step reaches.
 *
 *   node scripts/bench/roofline.mjs --model DIR --data DIR [--precision fp32,bf16] [--rows 512] [--lang en] [--rounds 3] [--out DIR]
 *
 * In each round and precision: the products (roofline-products.mjs), then one epoch over the first --rows rows, all steps but the first
 * timed, as in training.mjs. bf16 is left out where the CPU has no instructions for it.
 *
 *   2048^3     GFLOP/s of one large product
 *   its shapes GFLOP/s of the products of a step, each at the median number of subwords, together
 *   step       GFLOP/s of the timed steps: 6 x weights of the linear maps x subwords, and attention, over all of their time
 *   products alone  how long the step's products would take at their speed by themselves, and the median step
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { epochOrder } from '../../dist/batching/order.js';
import { openSplit } from '../../dist/data/corpus.js';
import { encodeSplit } from '../../dist/tokenization/encode.js';
import { concatRows } from '../../dist/tokenization/rows.js';
import { openTokenizer } from '../../dist/tokenization/tokenizer.js';
import { stepOperations } from './flops.mjs';
import { describeMachine, modelText } from './machine.mjs';
import { readOptions, wholeNumber, wordsOf } from './options.mjs';
import { batchSize, fileHere, finished, lastLine, median, panxTraining } from './programs.mjs';
import { publish, tell } from './results.mjs';

const options = readOptions(import.meta.url, ['model', 'data'], {
  precision: 'fp32,bf16',
  rows: '512',
  lang: 'en',
  rounds: '3',
});
const { model, data, lang } = options;
const rowCount = wholeNumber(options, 'rows', 2 * batchSize);
const roundCount = wholeNumber(options, 'rounds');
const config = JSON.parse(readFileSync(join(model, 'config.json'), 'utf8'));

const machine = await describeMachine(null);
const precisions = wordsOf(options, 'precision', ['fp32', 'bf16']).filter(
  name => name === 'fp32' || machine.engine.bf16,
);
const batches = await batchLengths();
const timed = batches.slice(1);
const tokens = median(timed.map(lengths => lengths.reduce((a, b) => a + b, 0)));
const rounds = Object.fromEntries(precisions.map(name => [name, []]));
for (let number = 1; number <= roundCount; number++) {
  for (const precision of precisions) {
    const round = await oneRound(precision);
    rounds[precision].push(round);
    tell(
      `round ${number}  ${precision}  2048^3 ${round.cube.toFixed(0)}, its shapes ${round.shapes.toFixed(0)}, step ${round.step.toFixed(0)} GFLOP/s`,
    );
  }
}
report();

/** The lengths of the rows of each batch of the epoch, in subwords. */
async function batchLengths() {
  const encoding = { maxLength: 512, emptyWords: 'drop', cacheDir: null };
  const { parts } = await encodeSplit(await openSplit(data, lang, 'train'), await openTokenizer(model), encoding);
  const { offsets } = concatRows(parts);
  const rows = { rows: rowCount, offsets: offsets.subarray(0, rowCount + 1) };
  const settings = { seed: 42, batchSize, gradientAccumulationSteps: 1, groupByLength: false };
  const lengths = Array.from(epochOrder(rows, settings, 0), row => offsets[row + 1] - offsets[row]);
  return Array.from({ length: Math.ceil(rowCount / batchSize) }, (_, i) =>
    lengths.slice(i * batchSize, (i + 1) * batchSize),
  );
}

async function oneRound(precision) {
  const args = [fileHere('roofline-products.mjs'), model, String(Math.round(tokens)), precision];
  const { cube, products } = lastLine((await finished(process.execPath, args)).stdout)[precision];
  const run = await panxTraining({
    model,
    data,
    lang,
    rows: rowCount,
    args: ['--precision', precision, '--seed', '42'],
  });
  checkBatches(run.subwords);
  const operations = timed.reduce((sum, lengths) => sum + stepOperations(config, lengths), 0);
  const stepSeconds = run.stepMs.slice(1).reduce((a, b) => a + b, 0) / 1000;
  const productSeconds = products.reduce((sum, { seconds, calls }) => sum + seconds * calls, 0);
  const productWork = products.reduce((sum, { seconds, calls, gflops }) => sum + gflops * seconds * calls, 0);
  return {
    cube: cube.gflops,
    shapes: productWork / productSeconds,
    step: operations / stepSeconds / 1e9,
    productsMs: 1000 * productSeconds,
    medianStepMs: run.medianStepMs,
    products,
  };
}

/** The run must have taken the batches whose operations are counted. */
function checkBatches(subwords) {
  const counted = batches.map(lengths => lengths.reduce((a, b) => a + b, 0));
  if (counted.join() !== subwords.join()) {
    throw new Error(`The run's steps had ${subwords.join(', ')} subwords; counted were ${counted.join(', ')}.`);
  }
}

function report() {
  const figures = precisions.map(precision => {
    const of = value => median(rounds[precision].map(value));
    return {
      precision,
      ...Object.fromEntries(
        ['cube', 'shapes', 'step', 'productsMs', 'medianStepMs'].map(key => [key, of(round => round[key])]),
      ),
      shareOfShapes: of(({ step, shapes }) => step / shapes),
      shareOfCube: of(({ step, cube }) => step / cube),
    };
  });
  const percent = share => `${(100 * share).toFixed(0)} %`;
  publish(options.out, 'roofline', {
    script: 'roofline',
    title: `Roofline: ${modelText(model)}`,
    columns: [
      ...['precision', '>2048^3, GFLOP/s', '>its shapes, GFLOP/s', '>step, GFLOP/s', '>of its shapes', '>of 2048^3'],
      '>products alone / step, ms',
    ],
    rows: figures.map(line => [
      ...[line.precision, line.cube.toFixed(0), line.shapes.toFixed(0), line.step.toFixed(0)],
      ...[percent(line.shareOfShapes), percent(line.shareOfCube)],
      `${line.productsMs.toFixed(0)} / ${line.medianStepMs.toFixed(0)}`,
    ]),
    notes: [
      `Medians of ${roundCount} ${roundCount === 1 ? 'round' : 'rounds'}; products at ${Math.round(tokens)} subwords, the median step of the first ${rowCount} rows of PAN-X ${lang} in batches of ${batchSize}; ${timed.length} timed steps a round.`,
      'A product is as panx makes it, from float32 to float32: rounding to bfloat16 is part of it.',
    ],
    machine,
    measured: { tokens, figures, rounds },
  });
}
