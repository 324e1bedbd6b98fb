/**
 * The whole curriculum: `panx sweep` beside transformers' Trainer doing the same stages, wall time from start to end of each process.
 *
 *   node scripts/bench/curriculum.mjs --model DIR --data DIR --python PYTHON [--against default,bf16,fp32,best] [--pairs 1]
 *       [--source en] [--target tr] [--sizes 250,500,1000,2000,5000,10000,20000] [--protocol cumulative] [--epochs 3]
 *       [--learning-rate 1e-3] [--warmup-steps 20] [--seed 42] [--rows N] [--eval-rows N] [--loss-tolerance 0.1] [--out DIR]
 *
 * The target alone, the source alone, then the source and more and more rows of the target; both test splits are scored after each
 * stage, nothing in between. The defaults are those of configs/small-from-scratch.yaml: a small model of random weights (`panx init`) on
 * all rows, which takes Trainer an hour. Shorter and still the same in both programs: fewer --sizes, the first --rows rows of the train
 * splits, the first --eval-rows of the test splits. --against as in training.mjs, `default` if left out.
 *
 * The peer is curriculum-peer.py with PYTHON's torch, transformers, numpy and pyarrow: one process that keeps rows and models in memory,
 * and saves nothing; panx writes every stage's checkpoint and checksums, the tables and the curve, and may find its tokens in its cache
 * (a second or two). A stage's own time is training and scoring, in both without loading and saving. Rows and their order are the same
 * in both; a stage's mean loss may differ by --loss-tolerance of Trainer's (dropout), else this ends with code 1. Scores are shown.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cutCorpus } from './corpus.mjs';
import { describeMachine, modelText } from './machine.mjs';
import { readOptions, wholeNumber, wordsOf } from './options.mjs';
import { batchSize, fileHere, finished, inScratch, lastLine, panx, readLines } from './programs.mjs';
import { cellsOf, figureOf, figureOfCost, mediansNote, publish, tell } from './results.mjs';
import { settings, trainerText } from './settings.mjs';

const options = readOptions(import.meta.url, ['model', 'data', 'python'], {
  against: 'default',
  pairs: '1',
  source: 'en',
  target: 'tr',
  sizes: '250,500,1000,2000,5000,10000,20000',
  protocol: 'cumulative',
  epochs: '3',
  'learning-rate': '1e-3',
  'warmup-steps': '20',
  seed: '42',
  rows: null,
  'eval-rows': null,
  'loss-tolerance': '0.1',
});
const { model, python, source, target } = options;
const against = wordsOf(options, 'against', Object.keys(settings));
const pairCount = wholeNumber(options, 'pairs');
const [rows, evalRows] = ['rows', 'eval-rows'].map(name =>
  options[name] === undefined ? null : wholeNumber(options, name),
);
const langs = [source, target];
const shared = ['source', 'target', 'sizes', 'protocol', 'epochs', 'learning-rate', 'warmup-steps', 'seed'].flatMap(
  name => [`--${name}`, options[name]],
);
shared.push('--batch-size', String(batchSize));

const machine = await describeMachine(python);
const pairs = Object.fromEntries(against.map(name => [name, []]));
await inScratch(async scratch => {
  const cut = { train: rows, validation: batchSize, test: null };
  const data = rows === null ? options.data : await cutCorpus(options.data, langs, cut, join(scratch, 'data'));
  for (let number = 1; number <= pairCount; number++) {
    for (const name of against) {
      const peer = await peerCurriculum(data, settings[name].peer);
      tell(`pair ${number}  ${name}  Trainer: ${peer.wallS.toFixed(0)} s`);
      const ours = await panxCurriculum(data, settings[name].panx, join(scratch, `${name}-${number}`));
      tell(`pair ${number}  ${name}  panx: ${ours.wallS.toFixed(0)} s`);
      pairs[name].push({ panx: ours, peer });
    }
  }
});
const found = against.map(name => ({ name, ...summary(pairs[name]) }));
report(found);
process.exitCode = found.every(({ stages }) => stages.every(({ agree }) => agree)) ? 0 : 1;

async function peerCurriculum(data, args) {
  const { stdout, wallS, peakGb } = await finished(python, [
    fileHere('curriculum-peer.py'),
    ...['--model', model, '--data', data, ...shared, ...args],
    ...(evalRows === null ? [] : ['--eval-rows', String(evalRows)]),
  ]);
  const stages = lastLine(stdout).stages.map(stage => ({ ...stage, stageS: stage.trainS + stage.scoreS }));
  return { wallS, peakGb, stages };
}

async function panxCurriculum(data, args, out) {
  const { wallS, peakGb } = await panx([
    ...['sweep', '--model', model, '--data', data, '--out', out, '--force', ...shared, ...args], // Every stage is trained.
    ...['--set', 'evaluation.eachEpoch=false', '--set', `evaluation.limit=${evalRows}`],
  ]);
  const table = JSON.parse(readFileSync(join(out, 'sweep.json'), 'utf8'));
  const stages = table.rows.map(({ phase, label, steps }) => {
    const run = join(out, stageFolder(phase, label));
    const times = readLines(join(run, 'times.jsonl'));
    const { trainLoss, test } = JSON.parse(readFileSync(join(run, 'metrics.json'), 'utf8'));
    const stageS = times.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000;
    const f1 = Object.fromEntries(langs.map(lang => [lang, test[lang].f1]));
    return { label, rows: times[0].rows, steps, stageS, trainLoss, f1 };
  });
  return { wallS, peakGb, stages };
}

/** "3.1", "en → tr 250" -> "phase-3.1-tr-250" */
function stageFolder(phase, label) {
  return `phase-${phase}-${label.split(' → ').at(-1).replace(' ', '-')}`;
}

function summary(some) {
  const stages = some[0].panx.stages.map(({ label }, i) => {
    const of = some.map(({ panx: ours, peer }) => ({ panx: ours.stages[i], peer: peer.stages[i] }));
    if (of.some(({ peer, panx: ours }) => peer.label !== label || peer.steps !== ours.steps)) {
      throw new Error(
        `Stage ${label} is ${JSON.stringify(of[0].peer)} in the peer, ${JSON.stringify(of[0].panx)} in panx.`,
      );
    }
    const trainLoss = figureOf(of, stage => stage.trainLoss);
    const away = Math.max(...of.map(pair => Math.abs(pair.panx.trainLoss / pair.peer.trainLoss - 1)));
    return {
      label,
      steps: of[0].panx.steps,
      stageS: figureOfCost(of, stage => stage.stageS),
      trainLoss,
      f1: langs.map(lang => figureOf(of, stage => stage.f1[lang])),
      away,
      agree: away <= Number(options['loss-tolerance']),
    };
  });
  return { wallS: figureOfCost(some, run => run.wallS), peakGb: figureOfCost(some, run => run.peakGb), stages };
}

function report(lines) {
  const steps = lines[0].stages.reduce((sum, stage) => sum + stage.steps, 0);
  publish(options.out, 'curriculum', {
    script: 'curriculum',
    title: `The curriculum ${source} → ${target}: ${modelText(model)}`,
    columns: [
      ...['against', 'Trainer', 'stage', '>steps', '>seconds', '>ratio', '>mean loss'],
      ...[...langs.map(lang => `>F1 ${lang}`), 'losses'],
    ],
    rows: lines.flatMap(({ name, wallS, stages }) => [
      ...stages.map(({ label, steps: count, stageS, trainLoss, f1, away, agree }) => [
        ...[name, trainerText(name), label, String(count), ...cellsOf(stageS), cellsOf(trainLoss, 4)[0]],
        ...f1.map(figure => cellsOf(figure, 4)[0]),
        `${agree ? 'agree' : 'DO NOT AGREE'}: ${away.toExponential(1)} apart, at most ${options['loss-tolerance']}`,
      ]),
      [name, trainerText(name), '**all, wall time**', String(steps), ...cellsOf(wallS), '', ...langs.map(() => ''), ''],
    ]),
    notes: [
      mediansNote(pairCount),
      `${rows === null ? 'All' : `The first ${rows}`} rows of the train splits and ${evalRows === null ? 'all' : `the first ${evalRows}`} of the test splits; ${options.epochs} epochs, batches of ${batchSize}, protocol ${options.protocol}.`,
      `Peak memory, GB: ${lines.map(({ name, peakGb }) => `${name} ${cellsOf(peakGb, 2).join(', ratio ')}`).join('; ')}.`,
      "A stage's seconds are training and scoring; the wall time is that of the whole process, start, loading and saving included.",
    ],
    machine,
    measured: { figures: lines, pairs },
  });
}
