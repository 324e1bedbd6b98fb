/**
 * Speed and memory of panx beside Hugging Face Trainer, in training and in scoring, in turn, on the same checkpoint and rows:
 *
 *   node scripts/bench/pairs.mjs --model DIR --data DIR --peer "PYTHON SCRIPT" [--rows 512] [--eval-rows 0] [--pairs 3]
 *
 * The peer is any command that takes --model, --data, --train LANG, --limit ROWS, --epochs, --eval LANG and --eval-limit ROWS, and prints on
 * its last line a JSON object with rows_per_s (mean over all steps but the first) and eval.LANG.rows_per_s; PEER may hold more options
 * (--bf16). panx's figures are taken the same way from its times.jsonl; --set passes settings to it (against a peer in float32:
 * --set precision=fp32). Memory is the peak resident set of the process (Linux only). Only ratios within one run mean something.
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
    'eval-rows': { type: 'string', default: '0' },
    pairs: { type: 'string', default: '3' },
    set: { type: 'string', multiple: true, default: [] },
  },
});
for (const needed of ['model', 'data', 'peer']) {
  if (options[needed] === undefined)
    throw new Error(`--${needed} is missing; the head of this file says how to call it`);
}

const batchSize = 32;
const evalRows = Number(options['eval-rows']);
const scratch = mkdtempSync(join(tmpdir(), 'panx-bench-'));
const pairs = [];
for (let pair = 1; pair <= Number(options.pairs); pair++) {
  const peer = await runPeer();
  const panx = await runPanx(join(scratch, `run-${pair}`));
  pairs.push({ peer, panx });
  tell(`pair ${pair}`, [{ peer, panx }]);
}
rmSync(scratch, { recursive: true });
tell('medians', pairs);

async function runPanx(out) {
  const { peakGb } = await measured(process.execPath, [
    'dist/cli.js',
    'train',
    ...['--lang', options.lang, '--model', options.model, '--data', options.data, '--out', out],
    ...['--subset', 'head', '--size', options.rows, '--epochs', '1', '--batch-size', String(batchSize)],
    ...(evalRows === 0 ? ['--no-eval'] : ['--eval-limit', String(evalRows), '--set', 'evaluation.eachEpoch=false']),
    ...options.set.flatMap(assignment => ['--set', assignment]),
  ]);
  const times = readFileSync(join(out, 'times.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line));
  rmSync(out, { recursive: true });
  const steps = times.filter(({ event }) => event === 'step').slice(1);
  const ms = steps.reduce((sum, { durationMs }) => sum + durationMs, 0) / steps.length;
  const scoring = times.find(({ event }) => event === 'evaluation');
  return {
    rowsPerS: (1000 * batchSize) / ms,
    evalRowsPerS: scoring === undefined ? null : (1000 * scoring.rows) / scoring.durationMs,
    peakGb,
  };
}

async function runPeer() {
  const [command, ...first] = options.peer.split(' ');
  const { stdout, peakGb } = await measured(command, [
    ...first,
    ...['--model', options.model, '--data', options.data, '--train', options.lang],
    ...['--limit', options.rows, '--epochs', '1'],
    ...(evalRows === 0 ? [] : ['--eval', options.lang, '--eval-limit', String(evalRows)]),
  ]);
  const found = JSON.parse(stdout.trim().split('\n').at(-1));
  return { rowsPerS: found.rows_per_s, evalRowsPerS: found.eval?.[options.lang]?.rows_per_s ?? null, peakGb };
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

/** The medians of some pairs: both programs' figures, and the ratio of each pair. */
function tell(what, some) {
  const figure = (program, name) => median(some.map(pair => pair[program][name]));
  const rows = name => {
    const ratio = median(some.map(({ panx, peer }) => panx[name] / peer[name]));
    return `${figure('panx', name).toFixed(1)} / ${figure('peer', name).toFixed(1)} rows/s = ${ratio.toFixed(2)}`;
  };
  const scoring = evalRows === 0 ? '' : `  scoring ${rows('evalRowsPerS')}`;
  const memory = `memory ${figure('panx', 'peakGb').toFixed(1)} / ${figure('peer', 'peakGb').toFixed(1)} GB`;
  console.log(`${what}  panx / peer:  training ${rows('rowsPerS')}${scoring}  ${memory}`);
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
