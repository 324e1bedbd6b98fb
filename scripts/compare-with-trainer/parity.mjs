/**
 * Parity with dropout: dropout's masks cannot be repeated, so panx and Hugging Face Trainer are each run with several seeds from one
 * checkpoint, and the means of their test F1 are compared.
 *
 *   node scripts/compare-with-trainer/parity.mjs --model DIR --data DIR --python PYTHON --scratch DIR --out DIR
 *       [--seeds 42,43,44,45,46] [--rows 4000] [--epochs 2] [--learning-rate 1e-3] [--warmup-steps 20] [--score en,tr] [--score-limit N]
 *
 * The seed sets the order of the rows (the same in both) and dropout. A finished run is kept in the scratch folder and not run
 * again: started again, it goes on where it was stopped. The table goes to --out as table.md, table.csv and table.json.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runPanx, runTrainer } from './programs.mjs';

const { values: options } = parseArgs({
  options: {
    model: { type: 'string' },
    data: { type: 'string' },
    python: { type: 'string' },
    cli: { type: 'string' },
    scratch: { type: 'string' },
    out: { type: 'string' },
    seeds: { type: 'string', default: '42,43,44,45,46' },
    lang: { type: 'string', default: 'en' },
    rows: { type: 'string', default: '4000' },
    epochs: { type: 'string', default: '2' },
    'learning-rate': { type: 'string', default: '1e-3' },
    'warmup-steps': { type: 'string', default: '20' },
    score: { type: 'string', default: 'en,tr' },
    'score-limit': { type: 'string' },
  },
});
for (const needed of ['model', 'data', 'python', 'scratch', 'out']) {
  if (options[needed] === undefined)
    throw new Error(`--${needed} is missing; the head of this file says how to call it`);
}

const programs = ['panx', 'Trainer'];
const seeds = options.seeds.split(',').map(Number);
const langs = options.score.split(',');
if (seeds.length < 2) throw new Error('--seeds names one seed; a deviation takes two or more');
keepTask();

const runs = [];
for (const seed of seeds) {
  for (const program of programs) {
    const run = await cached(`${program}-${seed}`, () => once(program, seed));
    runs.push({ program, seed, f1: run.f1, steps: run.steps, finalLoss: run.finalLoss });
    const scores = langs.map(lang => `${lang} F1 ${run.f1[lang].toFixed(4)}`).join('  ');
    console.log(`seed ${seed}  ${program.padEnd(7)}  ${scores}`);
  }
}
report(langs.map(lang => compare(lang)));

/** Finished runs in the scratch folder must be of the same task; only the seeds may be others. */
function keepTask() {
  mkdirSync(options.scratch, { recursive: true });
  const path = join(options.scratch, 'task.json');
  const {
    model,
    lang,
    rows,
    epochs,
    score,
    'learning-rate': rate,
    'warmup-steps': warmup,
    'score-limit': limit,
  } = options;
  const now = JSON.stringify({ model, lang, rows, epochs, score, rate, warmup, limit });
  if (existsSync(path) && readFileSync(path, 'utf8') !== now) {
    throw new Error(
      `${options.scratch} holds runs of ${readFileSync(path, 'utf8')}; this is ${now}: take another folder`,
    );
  }
  writeFileSync(path, now);
}

async function once(program, seed) {
  const task = {
    ...options,
    score: langs,
    scoreLimit: options['score-limit'],
    settings: {
      seed,
      epochs: options.epochs,
      learningRate: options['learning-rate'],
      warmupSteps: options['warmup-steps'],
    },
  };
  const result =
    program === 'panx'
      ? await runPanx(task, join(options.scratch, `panx-run-${seed}`))
      : await runTrainer(task, join(options.scratch, `Trainer-run-${seed}.json`));
  return {
    f1: Object.fromEntries(langs.map(lang => [lang, result.scores[lang].f1])),
    steps: result.steps.length,
    finalLoss: result.steps.at(-1).loss,
  };
}

/** The result of a run from the scratch folder, or made now and kept there. */
async function cached(name, make) {
  const path = join(options.scratch, `${name}.json`);
  if (!existsSync(path)) {
    writeFileSync(`${path}.tmp`, JSON.stringify(await make()));
    renameSync(`${path}.tmp`, path);
  }
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** F1 per seed, means, and the standard error of the difference of two independent means. */
function compare(lang) {
  const [panx, trainer] = programs.map(program => {
    const f1 = runs.filter(run => run.program === program).map(run => run.f1[lang]);
    const mean = f1.reduce((sum, value) => sum + value, 0) / f1.length;
    const sd = Math.sqrt(f1.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (f1.length - 1));
    return { f1, mean, sd };
  });
  const difference = panx.mean - trainer.mean;
  const standardError = Math.sqrt((panx.sd ** 2 + trainer.sd ** 2) / seeds.length);
  return { lang, panx, trainer, difference, standardError, within: Math.abs(difference) <= 2 * standardError };
}

function report(comparisons) {
  const header = [
    'lang',
    'program',
    ...seeds.map(seed => `seed ${seed}`),
    'mean',
    'sd',
    'difference',
    'standard error',
  ];
  const rows = comparisons.flatMap(({ lang, panx, trainer, difference, standardError }) => [
    [lang, 'panx', ...[...panx.f1, panx.mean, panx.sd, difference, standardError].map(value => value.toFixed(4))],
    [lang, 'Trainer', ...[...trainer.f1, trainer.mean, trainer.sd].map(value => value.toFixed(4)), '', ''],
  ]);
  const line = cells => `| ${cells.join(' | ')} |`;
  const alignment = header.map((_, column) => (column < 2 ? '---' : '---:'));
  const verdicts = comparisons.map(
    ({ lang, difference, standardError, within }) =>
      `${lang}: the means differ by ${difference.toFixed(4)}; that is ${within ? 'within' : 'NOT within'} two standard ` +
      `errors (${(2 * standardError).toFixed(4)}).`,
  );
  const markdown = [
    'Test F1 (seqeval default mode, micro average); sd over seeds; the difference of the means, panx - Trainer, and its standard error.',
    '',
    line(header),
    line(alignment),
    ...rows.map(line),
    '',
    ...verdicts.map(verdict => `- ${verdict}`),
    '',
  ].join('\n');
  mkdirSync(options.out, { recursive: true });
  writeFileSync(join(options.out, 'table.md'), markdown);
  writeFileSync(join(options.out, 'table.csv'), `${[header, ...rows].map(row => row.join(',')).join('\n')}\n`);
  writeFileSync(join(options.out, 'table.json'), `${JSON.stringify({ seeds, comparisons, runs }, null, 2)}\n`);
  console.log(markdown);
}
