/**
 * Scoring: rows a second of panx over a test split beside Trainer.predict at the better of float32 and bf16, in turn.
 *
 *   node scripts/bench/scoring.mjs --model DIR --data DIR --peer "PYTHON SCRIPT" [--rows 10000] [--lang en] [--pairs 3]
 *       [--peer-precision fp32,bf16] [--set KEY=VALUE ...] [--out DIR]
 *
 * Each program trains one step on 32 rows, without dropout, and scores the first --rows rows of the test split with what it has then.
 * A round is the peer once in each precision of --peer-precision, then panx as it comes; the round's pair is panx and the faster of the
 * peer's. results/bench/README.md says what the peer must be; --set passes settings to panx.
 *
 * panx's time is that of its evaluation: prediction, loss and F1 over rows that are encoded. The peer says its own; where it encodes
 * the rows within that time, this is a percent of it at most for XLM-R base. The losses over the test rows must agree within 0.01 of
 * the peer's, else this ends with code 1. Memory is the peak of the whole process, the training step included.
 */
import { describeMachine, modelText } from './machine.mjs';
import { readOptions, wholeNumber, wordsOf } from './options.mjs';
import { batchSize, panxTraining, peerTraining } from './programs.mjs';
import { cellsOf, figureOf, figureOfCost, mediansNote, publish, tell } from './results.mjs';

const peerArgs = { fp32: [], bf16: ['--bf16'] };
const tolerance = 0.01;

const options = readOptions(import.meta.url, ['model', 'data', 'peer'], {
  rows: '10000',
  lang: 'en',
  pairs: '3',
  'peer-precision': Object.keys(peerArgs).join(','),
  set: [],
});
const { model, data, peer, lang } = options;
const evalRows = wholeNumber(options, 'rows');
const pairCount = wholeNumber(options, 'pairs');
const precisions = wordsOf(options, 'peer-precision', Object.keys(peerArgs));

const machine = await describeMachine(peer.split(' ')[0]);
const rounds = [];
for (let number = 1; number <= pairCount; number++) {
  const round = await oneRound();
  rounds.push(round);
  const rates = Object.entries(round.peers).map(([name, run]) => `${name} ${run.scoring.rowsPerS.toFixed(1)}`);
  tell(`pair ${number}  rows/s: panx ${round.panx.scoring.rowsPerS.toFixed(1)}, Trainer ${rates.join(', ')}`);
}
process.exitCode = report() ? 0 : 1;

async function oneRound() {
  const task = { model, data, lang, rows: batchSize, dropout: '0', evalRows };
  const peers = {};
  for (const name of precisions) peers[name] = await peerTraining({ ...task, peer, args: peerArgs[name] });
  const panx = await panxTraining({ ...task, args: options.set.flatMap(assignment => ['--set', assignment]) });
  return { panx, peers };
}

function report() {
  const lines = precisions.map(name => ({ name, ...figures(run => run.peers[name]) }));
  const fastest = ({ peers }) =>
    Object.values(peers).reduce((a, b) => (b.scoring.rowsPerS > a.scoring.rowsPerS ? b : a));
  if (lines.length > 1) lines.push({ name: 'the faster of a round', ...figures(fastest) });
  publish(options.out, 'scoring', {
    script: 'scoring',
    title: `Scoring: ${modelText(model)}`,
    columns: ['Trainer.predict', 'panx', '>rows/s', '>ratio', '>peak memory, GB', '>ratio', '>loss', '>F1', 'losses'],
    rows: lines.map(({ name, rowsPerS, peakGb, loss, f1, away }) => [
      ...[name, rounds[0].panx.engine.precision, ...cellsOf(rowsPerS), ...cellsOf(peakGb, 2)],
      ...[cellsOf(loss, 4)[0], cellsOf(f1, 4)[0]],
      `${away <= tolerance ? 'agree' : 'DO NOT AGREE'}: ${away.toExponential(1)} apart, at most ${tolerance}`,
    ]),
    notes: [
      mediansNote(pairCount),
      `The first ${evalRows} rows of PAN-X ${lang} test, after one training step without dropout.`,
    ],
    machine,
    measured: { figures: lines, rounds },
  });
  return lines.every(({ away }) => away <= tolerance);
}

/** @param peerOf takes a round to the run of the peer that counts */
function figures(peerOf) {
  const pairs = rounds.map(round => ({ panx: round.panx, peer: peerOf(round) }));
  return {
    rowsPerS: figureOf(pairs, run => run.scoring.rowsPerS),
    peakGb: figureOfCost(pairs, run => run.peakGb),
    loss: figureOf(pairs, run => run.scoring.loss),
    f1: figureOf(pairs, run => run.scoring.f1),
    away: Math.max(...pairs.map(({ panx, peer }) => Math.abs(panx.scoring.loss / peer.scoring.loss - 1))),
  };
}
