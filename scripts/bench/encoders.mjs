/**
 * Every encoder: rows a second in training and in scoring, and peak memory, of panx beside Hugging Face Trainer, the two in turn.
 *
 *   node scripts/bench/encoders.mjs --models DIR --data DIR --peer "PYTHON SCRIPT" [--only NAME,...] [--against default,bf16,fp32]
 *       [--pairs 3] [--rows 256] [--eval-rows 1000] [--lang en] [--dropout P] [--loss-tolerance 0.05] [--out DIR]
 *
 * --models is a folder of checkpoints, one folder each: scripts/bench/random-checkpoints.py makes them at their published sizes. Where
 * NAME-as-xlm-roberta lies beside NAME, an XLM-R of the same layers and vocabulary (--twins makes it), the two are run pair by pair, and
 * "of XLM-R's" is the ratio of NAME by that of its twin: 1 where panx is ahead of Trainer by as much with it.
 *
 * A run is one epoch over the first --rows rows of the train split, in batches of 32, and then the first --eval-rows rows of the test split. The
 * settings of --against are those of training.mjs. Losses must agree as there; the command ends with code 1 where they do not. Times for 16,000
 * rows are worked out from rows a second: an epoch without its scoring, and inference. results/bench/README.md says what the peer must be.
 *
 * Where the peer cannot train an encoder in a setting, the table says so and the command ends with code 1: transformers' DeBERTa v1 does not run in bf16 autocast on a CPU.
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

const twinOf = name => `${name}-as-xlm-roberta`;
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

const hasModel = name => existsSync(join(models, name, 'config.json'));
const found = readdirSync(models).filter(name => hasModel(name) && !name.endsWith(twinOf('')));
if (found.length === 0) end(2, `--models is ${models}, which has no folder with a config.json.`);
const rank = name => (order.includes(name) ? order.indexOf(name) : order.length);
const known = found.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
const names = options.only === undefined ? known : known.filter(name => wordsOf(options, 'only', known).includes(name));

const machine = await describeMachine(peer.split(' ')[0]);
const lines = [];
for (const name of names) {
  const group = hasModel(twinOf(name)) ? [name, twinOf(name)] : [name];
  const rounds = Object.fromEntries(group.map(one => [one, []]));
  for (let number = 1; number <= pairCount; number++) {
    for (const one of group) {
      rounds[one].push(await oneRound(one));
      const ratios = Object.entries(rounds[one].at(-1)).map(([setting, pair]) => `${setting} ${rate(pair).toFixed(2)}`);
      tell(`${one.padEnd(12)} pair ${number}  panx / Trainer in training: ${ratios.join(', ')}`);
    }
  }
  for (const setting of against) for (const one of group) lines.push(summary(one, setting, rounds[one]));
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
    const theirs = await once(peerTraining, settings[setting].peer, { peer }).catch(error => {
      tell(`${name}: the peer ended with an error under ${setting}.\n${error.message}`);
      return null;
    });
    if (theirs === null) continue;
    round[setting] = { peer: theirs, panx: await once(panxTraining, settings[setting].panx, {}) };
  }
  return round;
}

function rate({ panx, peer }) {
  return panx.rowsPerS / peer.rowsPerS;
}

function summary(name, setting, rounds) {
  const pairs = rounds.map(round => round[setting]).filter(pair => pair !== undefined);
  if (pairs.length === 0) return { name, setting, failed: true, losses: { agree: false } };
  return {
    name,
    setting,
    precision: pairs[0].panx.engine.precision,
    training: figureOf(pairs, run => run.rowsPerS),
    scoring: figureOf(pairs, run => run.scoring.rowsPerS),
    peakGb: figureOfCost(pairs, run => run.peakGb),
    losses: compareLosses(pairs, { setting, dropout, ofMeans: Number(options['loss-tolerance']) }),
    pairs,
  };
}

function report() {
  const ofTwin = ({ name, setting, training }) => {
    const twin = lines.find(line => line.name === twinOf(name) && line.setting === setting);
    return twin?.training === undefined ? '-' : (training.ratio / twin.training.ratio).toFixed(2);
  };
  const spent = ({ panx, peer }, seconds) =>
    [panx, peer].map(value => (reportedRows / value / seconds).toFixed(1)).join(' / ');
  publish(options.out, 'encoders', {
    script: 'encoders',
    title: 'Encoders',
    columns: [
      ...['encoder', 'panx', 'Trainer', '>training, rows/s', '>ratio', ">of XLM-R's", '>epoch, min'],
      ...['>scoring, rows/s', '>ratio', '>inference, min', '>peak memory, GB', '>ratio', 'losses'],
    ],
    rows: lines.map(line =>
      line.failed
        ? [line.name, '', trainerText(line.setting), ...Array(9).fill(''), 'the peer ends with an error']
        : [
            ...[line.name, line.precision, trainerText(line.setting), ...cellsOf(line.training), ofTwin(line)],
            ...[
              spent(line.training, 60),
              ...cellsOf(line.scoring),
              spent(line.scoring, 60),
              ...cellsOf(line.peakGb, 2),
            ],
            lossesText(line.losses),
          ],
    ),
    notes: [
      mediansNote(pairCount),
      `Training: the first ${rows} rows of PAN-X ${lang} in batches of ${batchSize}, ${rows / batchSize - 1} timed steps; scoring: the first ${evalRows} rows of its test split; dropout ${dropout ?? 'as the checkpoint has it'}.`,
      `An epoch and inference are of ${reportedRows.toLocaleString('en-US')} rows, worked out from rows/s.`,
      ...[...new Set(lines.map(({ name }) => name))].map(name => `${name}: ${modelText(join(models, name))}.`),
    ],
    machine,
    measured: { figures: lines },
  });
}
