/**
 * Training: rows a second and peak memory of panx beside Hugging Face Trainer, the two in turn, from one checkpoint on the same rows.
 *
 *   node scripts/bench/training.mjs --model DIR --data DIR --peer "PYTHON SCRIPT" [--against default,bf16,fp32,best] [--pairs 3]
 *       [--rows 512] [--lang en] [--batch 32] [--join N] [--dropout P] [--loss-tolerance 0.05] [--set KEY=VALUE ...] [--out DIR]
 *
 * --against names settings of the two, one or several:
 *   default  panx as it comes (bf16 where the CPU has it) against Trainer as it comes (float32)
 *   bf16     panx and Trainer in bf16
 *   fp32     panx and Trainer in float32
 *   best     Trainer at its best, bf16 with rows of like length in a batch, and panx on the same batches (the first, left out, is the longest)
 *
 * A run is one epoch over the first --rows rows of the train split, in batches of --batch; 512 rows are 15 timed steps of 32, as the first is
 * left out. --join makes rows longer: each is then that many rows of PAN-X, one after the other. Rows a second are over the sum of the timed
 * steps, in both programs. results/bench/README.md says what the peer must be; --set passes settings to panx. Memory is the peak
 * resident set of the process (Linux only).
 *
 * The losses of the timed runs must agree. Dropout draws other numbers in each program, so their means over the run may differ by
 * --loss-tolerance of Trainer's. With --dropout 0 every step's loss must: within 1e-5 (both float32), or 0.02 (bf16; torch.autocast's
 * products are not all panx's), relative to Trainer's. Ends with code 1 where they do not agree. Only ratios within one run of this program mean something.
 */
import { joinedCorpus } from './corpus.mjs';
import { compareLosses, lossesText, mean } from './losses.mjs';
import { describeMachine, modelText } from './machine.mjs';
import { end, readOptions, wholeNumber, wordsOf } from './options.mjs';
import { batchSize, inScratch, panxTraining, peerTraining } from './programs.mjs';
import { cellsOf, figureOf, figureOfCost, mediansNote, publish, tell } from './results.mjs';
import { settings, trainerText } from './settings.mjs';

const options = readOptions(import.meta.url, ['model', 'data', 'peer'], {
  against: Object.keys(settings).join(','),
  pairs: '3',
  rows: '512',
  lang: 'en',
  batch: String(batchSize),
  join: '1',
  dropout: null,
  'loss-tolerance': '0.05',
  set: [],
});
const { model, peer, lang, dropout } = options;
const against = wordsOf(options, 'against', Object.keys(settings));
const pairCount = wholeNumber(options, 'pairs');
const batch = wholeNumber(options, 'batch');
const joined = wholeNumber(options, 'join');
const rows = wholeNumber(options, 'rows', 2 * batch);
if (rows % batch !== 0) end(2, `--rows is ${rows}; expected a multiple of ${batch}: the peer counts whole batches.`);

const machine = await describeMachine(peer.split(' ')[0]);
const pairs = Object.fromEntries(against.map(name => [name, []]));
await inScratch(async scratch => {
  const data = joined === 1 ? options.data : await joinedCorpus(options.data, lang, rows, joined, scratch);
  for (let number = 1; number <= pairCount; number++) {
    for (const name of against) {
      const pair = await onePair(data, settings[name]);
      pairs[name].push(pair);
      const rate = cellsOf(figureOf([pair], run => run.rowsPerS)).join(' rows/s = ');
      tell(`pair ${number}  ${name.padEnd(7)}  panx / Trainer: ${rate}`);
    }
  }
});
const found = against.map(name => ({ name, ...summary(pairs[name]), losses: lossesOf(name, pairs[name]) }));
report(found);
process.exitCode = found.every(({ losses }) => losses.agree) ? 0 : 1;

async function onePair(data, setting) {
  const task = { model, data, lang, rows, batch, dropout };
  const theirs = await peerTraining({ ...task, peer, args: setting.peer });
  const more = options.set.flatMap(assignment => ['--set', assignment]);
  const ours = await panxTraining({ ...task, args: [...setting.panx, ...more] });
  if (theirs.losses.length !== ours.losses.length) {
    throw new Error(`The peer logged ${theirs.losses.length} steps with a loss; panx made ${ours.losses.length}.`);
  }
  return { panx: ours, peer: theirs };
}

function summary(some) {
  return {
    precision: some[0].panx.engine.precision,
    rowsPerS: figureOf(some, run => run.rowsPerS),
    medianStepMs: figureOfCost(some, run => run.medianStepMs),
    peakGb: figureOfCost(some, run => run.peakGb),
  };
}

function lossesOf(name, some) {
  return compareLosses(some, { setting: name, dropout, ofMeans: Number(options['loss-tolerance']) });
}

function report(lines) {
  publish(options.out, 'training', {
    script: 'training',
    title: `Training: ${modelText(model)}`,
    columns: [
      ...[
        'against',
        'panx',
        'Trainer',
        '>rows/s',
        '>ratio',
        '>median step, ms',
        '>ratio',
        '>peak memory, GB',
        '>ratio',
      ],
      ...['>mean loss', 'losses'],
    ],
    rows: lines.map(({ name, precision, rowsPerS, medianStepMs, peakGb, losses }) => [
      ...[name, precision, trainerText(name), ...cellsOf(rowsPerS), ...cellsOf(medianStepMs, 0), ...cellsOf(peakGb, 2)],
      `${losses.panx.toFixed(4)} / ${losses.peer.toFixed(4)}`,
      lossesText(losses),
    ]),
    notes: [
      mediansNote(pairCount),
      `The first ${rows * joined} rows of PAN-X ${lang}${joined === 1 ? '' : `, ${joined} in each row`}, in batches of ${batch}: ${rows / batch - 1} timed steps a run, ${Math.round(subwordsPerStep())} subwords each; dropout ${dropout ?? 'as the checkpoint has it'}.`,
      'Rows/s are over the sum of the timed steps; with rows grouped by length the median step says little.',
    ],
    machine,
    measured: { figures: lines, pairs },
  });
}

function subwordsPerStep() {
  return mean(pairs[against[0]][0].panx.subwords);
}
