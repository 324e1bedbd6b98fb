/**
 * How long panx takes to start: the help, a training up to its first step, the tags of one sentence.
 *
 *   node scripts/bench/start.mjs [--model DIR --data DIR] [--lang en] [--tagger DIR] [--runs 7] [--cli dist/cli.js]
 *
 * Times are of whole processes, from their start: to their end, or for the training to the beginning and the end of its first
 * optimizer step, whose line in times.jsonl says how long it was; the training is then killed. Each command runs once unmeasured
 * before, so that caches are warm (tokens, files). Without --model and --data the embedded sample is trained on; without --tagger a
 * checkpoint of it that was trained for one step tags the sentence. --cli takes another build, to compare. Printed are the median and
 * the minimum, in milliseconds: the minimum is the better figure on a machine that has other work.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { readOptions, wholeNumber } from './options.mjs';

const options = readOptions(import.meta.url, [], {
  model: null,
  data: null,
  lang: 'en',
  tagger: null,
  runs: '7',
  cli: 'dist/cli.js',
});
wholeNumber(options, 'runs');

const scratch = mkdtempSync(join(tmpdir(), 'panx-start-'));
const given = ['model', 'data'].flatMap(name => (options[name] === undefined ? [] : [`--${name}`, options[name]]));
const corpus = [...(given.length === 4 ? [] : ['--sample']), ...given, '--lang', options.lang];
const sentence = ['--text', 'Ada Lovelace lived in London.'];

console.log(
  `${cpus()[0]?.model.trim()}, ${availableParallelism()} cores, Node.js ${process.version}, ${options.runs} runs, milliseconds`,
);
try {
  const tagger = options.tagger ?? trainedTagger();
  tell('node alone', await repeated(() => whole(['-e', '0'])));
  tell('panx --help', await repeated(() => whole([options.cli, '--help'])));
  const trainings = await repeated(() => toFirstStep(join(scratch, 'train')));
  for (const point of ['began', 'ended']) {
    tell(
      `panx train, first step ${point}`,
      trainings.map(times => times[point]),
    );
  }
  for (const backend of ['auto', 'tensorflow', 'wasm']) {
    const args = [options.cli, 'predict', '--model', tagger, '--backend', backend, ...sentence];
    tell(`panx predict --backend ${backend}`, await repeated(() => whole(args)));
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** The folder of a checkpoint with a classifier. */
function trainedTagger() {
  const out = join(scratch, 'tagger');
  whole([options.cli, 'train', '--sample', '--lang', 'en', '--max-steps', '1', '--no-eval', '--out', out]);
  return join(out, 'checkpoint');
}

async function repeated(measure) {
  await measure();
  const times = [];
  for (let run = 0; run < Number(options.runs); run++) times.push(await measure());
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

function tell(what, times) {
  const sorted = times.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  console.log(
    `${what.padEnd(34)}median ${median.toFixed(0).padStart(5)}   minimum ${sorted[0].toFixed(0).padStart(5)}`,
  );
}
