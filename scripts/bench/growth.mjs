/**
 * Cost per row as the data grows: panx alone, one epoch over corpora of several sizes, in turn from the smallest to the largest and back: a
 * run of 2,000 rows is over in seconds, one of 160,000 takes minutes, and the machine is not equally fast in each.
 *
 *   node scripts/bench/growth.mjs --model DIR --data DIR [--sizes 2000,20000,160000] [--langs en,tr,de,fr] [--repeats 2] [--warm-up 12]
 *       [--max-steps N] [--set KEY=VALUE ...] [--out DIR]
 *
 * Each corpus takes its rows from the train splits of --langs in equal parts, and again from the first when they run out, so that all
 * are one mixture and only the size differs. Nothing is scored, and tokens are encoded anew in every run.
 *
 *   steady    milliseconds a row over all steps but the first --warm-up and the last one (which may be short)
 *   whole     the process from start to end: loading, tokenizing, training, writing the checkpoint
 *   each more what one row more cost: the difference of the whole times from the size before, over that of the rows. The fixed part of a run
 *             (start, checkpoint) drops out, so this is what ought to be flat
 *
 * A larger corpus has more different subwords, whose rows of the word table are trained: their part of steps and memory grows until
 * the vocabulary is used up. --max-steps ends every run after that many steps; then `whole` and `each more` say nothing about training.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { panxCacheDir } from '../../dist/system/cache.js';
import { mixedCorpus } from './corpus.mjs';
import { describeMachine, modelText } from './machine.mjs';
import { end, readOptions, wholeNumber } from './options.mjs';
import { batchSize, inScratch, median, panxTraining } from './programs.mjs';
import { publish, tell } from './results.mjs';

const options = readOptions(import.meta.url, ['model', 'data'], {
  sizes: '2000,20000,160000',
  langs: 'en,tr,de,fr',
  repeats: '2',
  'warm-up': '12',
  'max-steps': null,
  set: [],
});
const { model } = options;
const sizes = options.sizes.split(',').map(Number);
const repeats = wholeNumber(options, 'repeats');
const warmUp = wholeNumber(options, 'warm-up');
const maxSteps = options['max-steps'] === undefined ? Number.POSITIVE_INFINITY : wholeNumber(options, 'max-steps', 2);
const fewest = Math.min(maxSteps, Math.ceil(Math.min(...sizes) / batchSize));
if (sizes.some((size, i) => !Number.isInteger(size) || size <= (sizes[i - 1] ?? 0))) {
  end(2, `--sizes is ${options.sizes}; expected whole numbers, each larger than the one before.`);
}
if (fewest < warmUp + 2) {
  end(2, `--warm-up is ${warmUp}, but a run has as few as ${fewest} steps; expected at most ${fewest - 2}.`);
}
/** The corpora's language code: that of several. */
const lang = 'mul';

const machine = await describeMachine(null);
const runs = Object.fromEntries(sizes.map(size => [size, []]));
await inScratch(async scratch => {
  for (const size of sizes)
    await mixedCorpus(options.data, options.langs.split(','), size, lang, join(scratch, `${size}`));
  for (let number = 1; number <= repeats; number++) {
    for (const size of [...sizes, ...sizes.slice(0, -1).reverse()]) {
      const run = await once(size, join(scratch, `${size}`));
      runs[size].push(run);
      tell(`run ${number}  ${size} rows  steady ${run.steadyMs.toFixed(3)} ms a row, whole ${run.wholeS.toFixed(1)} s`);
    }
  }
  removeTokens();
});
report();

async function once(size, data) {
  removeTokens();
  const args = [
    ...(Number.isFinite(maxSteps) ? ['--max-steps', String(maxSteps)] : []),
    ...options.set.flatMap(assignment => ['--set', assignment]),
  ];
  const { stepMs, subwords, wallS, peakGb, engine } = await panxTraining({ model, data, lang, rows: null, args });
  const steady = stepMs.slice(warmUp, -1);
  return {
    steps: stepMs.length,
    steadyMs: sum(steady) / (steady.length * batchSize),
    subwordsPerRow: sum(subwords) / Math.min(size, stepMs.length * batchSize),
    wholeS: wallS,
    peakGb,
    precision: engine.precision,
  };
}

/** What an earlier run kept of these corpora in the token cache. */
function removeTokens() {
  const folder = join(panxCacheDir(), 'tokens');
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) if (name.startsWith(`${lang}-train-`)) rmSync(join(folder, name));
}

function report() {
  const medians = sizes.map(size => {
    const of = key => median(runs[size].map(run => run[key]));
    const { steps, subwordsPerRow } = runs[size][0];
    return { size, steps, subwordsPerRow, steadyMs: of('steadyMs'), wholeS: of('wholeS'), peakGb: of('peakGb') };
  });
  const figures = medians.map((line, i) => {
    const before = medians[i - 1];
    const eachMoreMs = before ? (1000 * (line.wholeS - before.wholeS)) / (line.size - before.size) : null;
    return { ...line, wholeMs: (1000 * line.wholeS) / line.size, eachMoreMs };
  });
  const [smallest] = figures;
  const from = (line, key) => (line === smallest ? '' : signedPercent(line[key] / smallest[key] - 1));
  publish(options.out, 'growth', {
    script: 'growth',
    title: `Cost per row as the data grows: ${modelText(model)}`,
    columns: [
      ...[
        '>rows',
        '>steps',
        '>subwords a row',
        '>steady, ms a row',
        '>',
        '>whole, s',
        '>whole, ms a row',
        '>each more, ms',
      ],
      ...['>peak memory, GB', '>'],
    ],
    rows: figures.map(line => [
      ...[line.size.toLocaleString('en-US'), String(line.steps), line.subwordsPerRow.toFixed(1)],
      ...[line.steadyMs.toFixed(3), from(line, 'steadyMs'), line.wholeS.toFixed(1), line.wholeMs.toFixed(3)],
      line.eachMoreMs === null ? '' : line.eachMoreMs.toFixed(3),
      ...[line.peakGb === null ? '-' : line.peakGb.toFixed(2), from(line, 'peakGb')],
    ]),
    notes: [
      `Medians of ${2 * repeats} runs of each size (${repeats} of the largest), in turn; percentages are against the smallest.`,
      `Rows of PAN-X ${options.langs.replaceAll(',', ', ')} in equal parts, batches of ${batchSize}, ${runs[sizes[0]][0].precision}; steady: all whole steps but the first ${warmUp}.`,
      ...(Number.isFinite(maxSteps) ? [`Every run ended after ${maxSteps} steps: only steady and memory count.`] : []),
    ],
    machine,
    measured: { figures, runs },
  });
}

function signedPercent(fraction) {
  return `${fraction < 0 ? '−' : '+'}${Math.abs(100 * fraction).toFixed(1)} %`;
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}
