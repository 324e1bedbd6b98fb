/** Running panx and its peer as processes of their own, timed from outside and by what they log. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Of all benchmarks, unless one is told otherwise. */
export const batchSize = 32;
export const fileHere = name => fileURLToPath(new URL(name, import.meta.url));
const cli = fileHere('../../dist/cli.js');

/**
 * Run a program to its end.
 *
 * @returns what it printed, how long it ran, start and end included, and the peak of its resident memory, which Linux keeps as VmHWM (null elsewhere)
 * @throws Error with the end of its stderr where it ends with a code other than 0
 */
export async function finished(command, args) {
  const startedMs = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', chunk => {
    stdout += chunk;
  });
  child.stderr.on('data', chunk => {
    stderr = (stderr + chunk).slice(-4000);
  });
  let peakKb = null;
  const watch = setInterval(() => {
    try {
      peakKb = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? peakKb);
    } catch {} // It has ended, or there is no /proc.
  }, 50);
  const ending = await new Promise((resolve, reject) =>
    child.on('error', reject).on('close', (code, signal) => resolve(signal ?? `code ${code}`)),
  ).finally(() => clearInterval(watch));
  if (ending !== 'code 0') throw new Error(`${command} ${args.join(' ')} ended with ${ending}:\n${stderr.trim()}`);
  return { stdout, wallS: (performance.now() - startedMs) / 1000, peakGb: peakKb === null ? null : peakKb / 1e6 };
}

/** Run panx's command line, built before (`npm run build`). */
export async function panx(args) {
  return await finished(process.execPath, [cli, ...args]);
}

/**
 * Train with panx, score where `evalRows` is not 0, and read the run back.
 *
 * @param task model, data, lang, rows (the first of the train split; null for all), dropout (null: the checkpoint's),
 *   evalRows, batch: rows of a batch, args: more options of panx train
 * @returns steps and their figures (`ofSteps`), scoring, and what the engine was
 */
export async function panxTraining(task) {
  const { model, data, lang, rows, dropout = null, evalRows = 0, batch = batchSize, args = [] } = task;
  return await inScratch(async scratch => {
    const out = join(scratch, 'run');
    const { wallS, peakGb } = await panx([
      'train',
      ...['--lang', lang, '--model', model, '--data', data, '--out', out],
      ...(args.includes('--max-steps') ? [] : ['--epochs', '1']),
      ...(rows === null ? [] : ['--subset', 'head', '--size', String(rows)]),
      ...['--batch-size', String(batch)],
      ...(evalRows === 0 ? ['--no-eval'] : ['--eval-limit', String(evalRows), '--set', 'evaluation.eachEpoch=false']),
      ...(dropout === null ? [] : ['--dropout', dropout]),
      ...args,
    ]);
    const events = readLines(join(out, 'events.jsonl'));
    const times = readLines(join(out, 'times.jsonl'));
    const steps = times.filter(({ event }) => event === 'step');
    const scoring = times.find(({ event }) => event === 'evaluation');
    const scores = events.find(({ event }) => event === 'evaluation');
    return {
      ...ofSteps(steps),
      wallS,
      peakGb,
      losses: events.flatMap(({ event, loss }) => (event === 'step' ? [loss] : [])),
      stepMs: steps.map(({ durationMs }) => durationMs),
      subwords: events.flatMap(({ event, subwords }) => (event === 'step' ? [subwords] : [])),
      engine: JSON.parse(readFileSync(join(out, 'environment.json'), 'utf8')).engine,
      scoring:
        scoring === undefined
          ? null
          : { rowsPerS: (1000 * scoring.rows) / scoring.durationMs, loss: scores.loss, f1: scores.f1 },
    };
  });
}

/** The same task done by the peer; its last line of output is a JSON object (README.md in results/bench names its fields). */
export async function peerTraining(task) {
  const { peer, model, data, lang, rows, dropout = null, evalRows = 0, batch = batchSize, args = [] } = task;
  const [command, ...first] = peer.split(' ');
  const { stdout, wallS, peakGb } = await finished(command, [
    ...first,
    ...['--model', model, '--data', data, '--train', lang, '--limit', String(rows), '--epochs', '1'],
    ...(evalRows === 0 ? [] : ['--eval', lang, '--eval-limit', String(evalRows)]),
    ...(dropout === null ? [] : ['--dropout', dropout]),
    ...(batch === batchSize ? [] : ['--batch', String(batch)]),
    ...args,
  ]);
  const found = lastLine(stdout);
  const scores = found.eval?.[lang];
  return {
    rowsPerS: found.rows_per_s,
    medianStepMs: found.step_s_median === undefined ? null : 1000 * found.step_s_median,
    wallS,
    peakGb,
    losses: (found.log ?? []).map(({ loss }) => loss),
    scoring: scores === undefined ? null : { rowsPerS: scores.rows_per_s, loss: scores.eval_loss, f1: scores.f1 },
  };
}

/** Rows a second over all steps but the first, which sets things up, and the median step of those. */
export function ofSteps(steps) {
  const timed = steps.slice(1);
  const total = key => timed.reduce((sum, step) => sum + step[key], 0);
  return {
    rowsPerS: (1000 * total('rows')) / total('durationMs'),
    medianStepMs: median(timed.map(({ durationMs }) => durationMs)),
  };
}

/** The JSON object that a program prints last. */
export function lastLine(stdout) {
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

export function readLines(path) {
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line));
}

/** Do something with a folder that is removed afterwards. */
export async function inScratch(action) {
  const scratch = mkdtempSync(join(tmpdir(), 'panx-bench-'));
  process.env.PANX_STORE = join(scratch, 'store'); // Nothing that was trained before is taken, and no run is noted elsewhere.
  try {
    return await action(scratch);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
