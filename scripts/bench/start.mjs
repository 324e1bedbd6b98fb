/**
 * How long panx takes to start: the help, a training up to its first step, the tags of one sentence.
 *
 *   node scripts/bench/start.mjs [--model DIR --data DIR] [--lang en] [--tagger DIR] [--runs 7] [--cli dist/cli.js] [--out DIR]
 *
 * Times are of whole processes, from their start: to their end, or for the training to the beginning and the end of its first
 * optimizer step, whose line in times.jsonl says how long it was; the training is then killed. Each command runs once unmeasured
 * before, so that caches are warm (tokens, files). Without --model and --data the embedded sample is trained on; without --tagger a
 * checkpoint of it that was trained for one step tags the sentence. --cli takes another build, to compare. The table has the median and
 * the minimum: the minimum is the better figure on a machine that has other work, and Node.js alone tells how much it has.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describeMachine, modelText } from './machine.mjs';
import { end, readOptions, wholeNumber } from './options.mjs';
import { median } from './programs.mjs';
import { publish, tell } from './results.mjs';

const options = readOptions(import.meta.url, [], {
  model: null,
  data: null,
  lang: 'en',
  tagger: null,
  runs: '7',
  cli: 'dist/cli.js',
});
const runs = wholeNumber(options, 'runs');
if ((options.model === undefined) !== (options.data === undefined)) end(2, '--model and --data go together.');
const corpus = options.model === undefined ? ['--sample'] : ['--model', options.model, '--data', options.data];
const sentence = ['--text', 'Ada Lovelace lived in London.'];

const machine = await describeMachine(null);
const scratch = mkdtempSync(join(tmpdir(), 'panx-start-'));
process.env.PANX_STORE = join(scratch, 'store'); // No run is noted among the user's.
const measured = [];
try {
  const tagger = options.tagger ?? trainedTagger();
  note('Node.js alone', await repeated(() => whole(['-e', '0'])));
  note('`panx --help`', await repeated(() => whole([options.cli, '--help'])), 200);
  const trainings = await repeated(() => toFirstStep(join(scratch, 'train')));
  for (const [point, atMost] of [
    ['began', 2000],
    ['ended', null],
  ]) {
    note(
      `\`panx train\`, first step ${point}`,
      trainings.map(times => times[point]),
      atMost,
    );
  }
  for (const [backend, atMost] of [
    ['auto', 300],
    ['tensorflow', null],
    ['wasm', null],
  ]) {
    const args = [options.cli, 'predict', '--model', tagger, '--backend', backend, ...sentence];
    note(`\`panx predict --backend ${backend}\` of one sentence`, await repeated(() => whole(args)), atMost);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
report();

/** The folder of a checkpoint with a classifier. */
function trainedTagger() {
  const out = join(scratch, 'tagger');
  whole([options.cli, 'train', '--sample', '--lang', 'en', '--max-steps', '1', '--no-eval', '--out', out]);
  return join(out, 'checkpoint');
}

async function repeated(measure) {
  await measure();
  const times = [];
  for (let run = 0; run < runs; run++) times.push(await measure());
  return times;
}

/** Milliseconds that a process of Node.js takes from start to end. */
function whole(args) {
  const startedMs = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with code ${status}: ${stderr}`);
  return performance.now() - startedMs;
}

/** Milliseconds from the start of a training to the beginning and to the end of its first optimizer step. */
async function toFirstStep(out) {
  rmSync(out, { recursive: true, force: true });
  const startedMs = performance.now();
  const child = spawn(process.execPath, [options.cli, 'train', ...corpus, '--out', out], { stdio: 'ignore' });
  const exited = new Promise(resolve => child.once('exit', resolve));
  for (;;) {
    const [line, rest] = readIfThere(join(out, 'times.jsonl')).split('\n');
    const ended = performance.now() - startedMs;
    if (rest !== undefined) {
      child.kill('SIGKILL');
      await exited;
      return { began: ended - JSON.parse(line).durationMs, ended };
    }
    if (child.exitCode !== null) throw new Error(`panx train ${corpus.join(' ')} ended with code ${child.exitCode}`);
    await wait(2);
  }
}

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** @param atMost the milliseconds it may take at most; null: none are set */
function note(what, times, atMost = null) {
  const line = { what, medianMs: median(times), minimumMs: Math.min(...times), atMostMs: atMost, timesMs: times };
  measured.push(line);
  tell(
    `${what.padEnd(52)}median ${line.medianMs.toFixed(0).padStart(5)}   minimum ${line.minimumMs.toFixed(0).padStart(5)}`,
  );
}

function report() {
  const trained =
    options.model === undefined ? 'the embedded sample' : `PAN-X ${options.lang} with ${modelText(options.model)}`;
  publish(options.out, 'start', {
    script: 'start',
    title: 'From the start of a process',
    columns: ['to the end, or for training to its first step', '>median, ms', '>minimum, ms', '>at most, ms'],
    rows: measured.map(({ what, medianMs, minimumMs, atMostMs }) => [
      ...[what, medianMs.toFixed(0), minimumMs.toFixed(0)],
      atMostMs?.toLocaleString('en-US') ?? '',
    ]),
    notes: [
      `${runs} runs of each after one unmeasured, so with warm caches.`,
      `The training is of ${trained}; the sentence is tagged by ${options.tagger === undefined ? "the sample's model" : modelText(options.tagger)}.`,
    ],
    machine,
    measured: { measured },
  });
}
