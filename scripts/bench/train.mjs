/**
 * Training speed and memory of panx beside Hugging Face Trainer, in turn, on the same checkpoint and rows:
 *
 *   node scripts/bench/train.mjs --model DIR --data DIR --peer "PYTHON SCRIPT" [--rows 512] [--pairs 3]
 *
 * The peer is any command that takes --model, --data, --train LANG, --limit ROWS and --epochs, and prints on its last line a JSON
 * object with rows_per_s (mean over all steps but the first) and steps. panx's figure is taken the same way from its
 * times.jsonl. Memory is the peak resident set of the process (Linux only). Only ratios within one run mean something.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    model: { type: 'string' },
    data: { type: 'string' },
    peer: { type: 'string' },
    lang: { type: 'string', default: 'en' },
    rows: { type: 'string', default: '512' },
    pairs: { type: 'string', default: '3' },
    set: { type: 'string', multiple: true, default: [] },
  },
});
for (const needed of ['model', 'data', 'peer']) {
  if (options[needed] === undefined)
    throw new Error(`--${needed} is missing; the head of this file says how to call it`);
}

const batchSize = 32;
const scratch = mkdtempSync(join(tmpdir(), 'panx-bench-'));
const pairs = [];
for (let pair = 1; pair <= Number(options.pairs); pair++) {
  const peer = await runPeer();
  const panx = await runPanx(join(scratch, `run-${pair}`));
  pairs.push({ peer, panx });
  console.log(
    `pair ${pair}  panx ${figures(panx)}  peer ${figures(peer)}  ratio ${(panx.rowsPerS / peer.rowsPerS).toFixed(2)}`,
  );
}
rmSync(scratch, { recursive: true });
console.log(
  `median ratio ${median(pairs.map(({ panx, peer }) => panx.rowsPerS / peer.rowsPerS)).toFixed(2)}, ` +
    `panx ${figures(medians(pairs.map(({ panx }) => panx)))}, peer ${figures(medians(pairs.map(({ peer }) => peer)))}`,
);

async function runPanx(out) {
  const { peakGb } = await measured(process.execPath, [
    'dist/cli.js',
    'train',
    ...['--lang', options.lang, '--model', options.model, '--data', options.data, '--out', out],
    ...['--subset', 'head', '--size', options.rows, '--epochs', '1', '--no-eval', '--batch-size', String(batchSize)],
    ...options.set.flatMap(assignment => ['--set', assignment]),
  ]);
  const steps = readFileSync(join(out, 'times.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
    .filter(({ event }) => event === 'step')
    .slice(1);
  rmSync(out, { recursive: true });
  const ms = steps.reduce((sum, { durationMs }) => sum + durationMs, 0) / steps.length;
  return { rowsPerS: (1000 * batchSize) / ms, peakGb };
}

async function runPeer() {
  const [command, ...first] = options.peer.split(' ');
  const { stdout, peakGb } = await measured(command, [
    ...first,
    ...['--model', options.model, '--data', options.data, '--train', options.lang],
    ...['--limit', options.rows, '--epochs', '1'],
  ]);
  return { rowsPerS: JSON.parse(stdout.trim().split('\n').at(-1)).rows_per_s, peakGb };
}

/** Run a program to its end and watch the peak of its resident memory, which Linux keeps as VmHWM. */
async function measured(command, args) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  let stdout = '';
  child.stdout.on('data', chunk => {
    stdout += chunk;
  });
  let peakKb = 0;
  const watch = setInterval(() => {
    try {
      peakKb = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? peakKb);
    } catch {} // It has ended, or there is no /proc.
  }, 100);
  const code = await new Promise(resolve => child.on('close', resolve));
  clearInterval(watch);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with code ${code}`);
  return { stdout, peakGb: peakKb / 1e6 };
}

function figures({ rowsPerS, peakGb }) {
  return `${rowsPerS.toFixed(1)} rows/s ${peakGb.toFixed(1)} GB`;
}

function medians(runs) {
  return { rowsPerS: median(runs.map(run => run.rowsPerS)), peakGb: median(runs.map(run => run.peakGb)) };
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
