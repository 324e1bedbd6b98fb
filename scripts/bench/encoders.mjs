/**
 * Every encoder: rows a second in training and in scoring, and peak memory, of panx beside Hugging Face Trainer, the two in turn.
 *
 *   node scripts/bench/encoders.mjs --models DIR --data DIR --peer "PYTHON SCRIPT" [--only NAME,...] [--against default,bf16,fp32]
 *       [--pairs 3] [--rows 256] [--eval-rows 1000] [--lang en] [--dropout P] [--loss-tolerance 0.05] [--out DIR]
 *
 * --models is a folder of checkpoints, one folder each: scripts/bench/random-checkpoints.py makes them at their published sizes. The first
 * of them in the order below is what the others' ratios are held against: "of XLM-R's" is 1 where panx is ahead of Trainer by as much as with it.
 *
 * A run is one epoch over the first --rows rows of the train split, in batches of 32, and then the first --eval-rows rows of the test split. The
 * settings of --against are those of training.mjs. Losses must agree as there; the command ends with code 1 where they do not. Times for 16,000
 * rows are worked out from rows a second: an epoch without its scoring, and inference. results/bench/README.md says what the peer must be.
 *
 * To see what a CPU without AVX-512 would do, on one that has it, tell all programs to do without:
 *   PANX_CPU_WITHOUT=avx512f,avx512_vnni,avx512_bf16 ONEDNN_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2 MKL_ENABLE_INSTRUCTIONS=AVX2
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { compareLosses, lossesText } from './losses.mjs';
import { describeMachine, modelText } from './machine.mjs';
import { end, readOptions, wholeNumber, wordsOf } from './options.mjs';
import { batchSize, panxTraining, peerTraining } from './programs.mjs';
import { cellsOf, figureOf, figureOfCost, mediansNote, publish, tell } from './results.mjs';
import { settings, trainerText } from './settings.mjs';

const order = ['xlm-roberta', 'camembert', 'bert', 'electra', 'distilbert', 'deberta', 'deberta-v3', 'mdeberta-v3'];
const reportedRows = 16_000;

const options = readOptions(import.meta.url, ['models', 'data', 'peer'], {
  only: null,
  against: 'default,bf16,fp32',
  pairs: '3',
  rows: '256',
  'eval-rows': '1000',
  lang: 'en',
  dropout: null,
  'loss-tolerance': '0.05',
});
const { models, data, peer, lang, dropout } = options;
const against = wordsOf(options, 'against', Object.keys(settings));
const pairCount = wholeNumber(options, 'pairs');
const rows = wholeNumber(options, 'rows', 2 * batchSize);
const evalRows = wholeNumber(options, 'eval-rows', batchSize);
if (rows % batchSize !== 0)
  end(2, `--rows is ${rows}; expected a multiple of ${batchSize}: the peer counts whole batches.`);

const found = readdirSync(models).filter(name => existsSync(join(models, name, 'config.json')));
if (found.length === 0) end(2, `--models is ${models}, which has no folder with a config.json.`);
const rank = name => (order.includes(name) ? order.indexOf(name) : order.length);
const known = found.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
const names = options.only === undefined ? known : known.filter(name => wordsOf(options, 'only', known).includes(name));

const machine = await describeMachine(peer.split(' ')[0]);
const lines = [];
for (const name of names) {
  const rounds = [];
  for (let number = 1; number <= pairCount; number++) {
    rounds.push(await oneRound(name));
    const ratios = against.map(setting => `${setting} ${rate(rounds.at(-1)[setting]).toFixed(2)}`);
    tell(`${name.padEnd(12)} pair ${number}  panx / Trainer in training: ${ratios.join(', ')}`);
  }
  for (const setting of against) lines.push(summary(name, setting, rounds));
}
report();
process.exitCode = lines.every(({ losses }) => losses.agree) ? 0 : 1;

/** Each program once in each way that a setting asks for. @returns for each setting {panx, peer} */
async function oneRound(name) {
  const task = { model: join(models, name), data, lang, rows, dropout, evalRows };
  const done = new Map();
  const once = async (run, args, more) => {
    const key = JSON.stringify([run.name, args]);
    if (!done.has(key)) done.set(key, await run({ ...task, ...more, args }));
    return done.get(key);
  };
  const round = {};
  for (const setting of against) {
    round[setting] = {
      peer: await once(peerTraining, settings[setting].peer, { peer }),
      panx: await once(panxTraining, settings[setting].panx, {}),
    };
  }
  return round;
}

function rate({ panx, peer }) {
  return panx.rowsPerS / peer.rowsPerS;
}

function summary(name, setting, rounds) {
  const pairs = rounds.map(round => round[setting]);
  const stepByStep = dropout !== undefined && Number(dropout) === 0;
  const tolerance = stepByStep ? (setting === 'fp32' ? 1e-5 : 0.02) : Number(options['loss-tolerance']);
  return {
    name,
    setting,
    precision: pairs[0].panx.engine.precision,
    training: figureOf(pairs, run => run.rowsPerS),
    scoring: figureOf(pairs, run => run.scoring.rowsPerS),
    peakGb: figureOfCost(pairs, run => run.peakGb),
    losses: compareLosses(pairs, stepByStep, tolerance),
    pairs,
  };
}

function report() {
  const first = names[0];
  const ofFirst = ({ setting, training }) =>
    training.ratio / lines.find(line => line.name === first && line.setting === setting).training.ratio;
  const spent = ({ panx, peer }, seconds) =>
    [panx, peer].map(value => (reportedRows / value / seconds).toFixed(1)).join(' / ');
  publish(options.out, 'encoders', {
    script: 'encoders',
    title: 'Encoders',
    columns: [
      ...['encoder', 'panx', 'Trainer', '>training, rows/s', '>ratio', `>of ${first}'s`, '>epoch, min'],
      ...['>scoring, rows/s', '>ratio', '>inference, min', '>peak memory, GB', '>ratio', 'losses'],
    ],
    rows: lines.map(line => [
      ...[line.name, line.precision, trainerText(line.setting), ...cellsOf(line.training), ofFirst(line).toFixed(2)],
      ...[spent(line.training, 60), ...cellsOf(line.scoring), spent(line.scoring, 60), ...cellsOf(line.peakGb, 2)],
      lossesText(line.losses),
    ]),
    notes: [
      mediansNote(pairCount),
      `Training: the first ${rows} rows of PAN-X ${lang} in batches of ${batchSize}, ${rows / batchSize - 1} timed steps; scoring: the first ${evalRows} rows of its test split; dropout ${dropout ?? 'as the checkpoint has it'}.`,
      `An epoch and inference are of ${reportedRows.toLocaleString('en-US')} rows, worked out from rows/s.`,
      ...names.map(name => `${name}: ${modelText(join(models, name))}.`),
    ],
    machine,
    measured: { figures: lines },
  });
}
