/** Running the two programs that are held against each other, each into one form. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const fileHere = name => fileURLToPath(new URL(name, import.meta.url));
const builtCli = fileHere('../../dist/cli.js');
process.env.PANX_STORE = join(mkdtempSync(join(tmpdir(), 'panx-compare-')), 'store'); // No run is noted among the user's.

/**
 * Train and score with transformers' Trainer: what trainer.py writes.
 *
 * @param settings under panx's names; what is left out is the default, which is the same in both programs
 */
export async function runTrainer({ python, model, data, lang, rows, score, scoreLimit, settings, save }, out) {
  const typed = Object.entries(settings).flatMap(([key, value]) => {
    const flag = `--${key.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`;
    return typeof value === 'boolean' ? (value ? [flag] : []) : [flag, String(value)];
  });
  const args = [
    ...['--model', model, '--data', data, '--lang', lang, '--size', String(rows), '--score', score.join(',')],
    ...(scoreLimit === undefined ? [] : ['--score-limit', String(scoreLimit)]),
    ...(save === undefined ? [] : ['--save', save]),
    ...typed,
  ];
  await runPython(python, 'trainer.py', [...args, '--out', out]);
  return JSON.parse(readFileSync(out, 'utf8'));
}

/** Train and score with panx into the run directory `out`: steps and scores, named as trainer.py names them. */
export async function runPanx({ cli, model, data, lang, rows, score, scoreLimit, settings }, out) {
  // In a file, which may hold what another setting makes idle: how losses are accumulated over one batch.
  const file = `${out}.yaml`;
  const { seed, ...training } = settings;
  const lines = Object.entries(training).map(([key, value]) => `  ${key}: ${value}\n`);
  writeFileSync(file, `seed: ${seed}\ntraining:\n${lines.join('')}`);
  await finished(process.execPath, [
    cli ?? builtCli,
    'train',
    ...['--config', file, '--model', model, '--data', data, '--lang', lang, '--subset', 'head', '--size', String(rows)],
    ...['--eval-langs', score.join(','), '--set', 'evaluation.eachEpoch=false', '--precision', 'fp32'],
    ...(scoreLimit === undefined ? [] : ['--set', `evaluation.limit=${scoreLimit}`]),
    ...['--out', out, '--force'],
  ]);
  const events = readFileSync(join(out, 'events.jsonl'), 'utf8').trim().split('\n');
  const { test } = JSON.parse(readFileSync(join(out, 'metrics.json'), 'utf8'));
  return { steps: events.map(line => JSON.parse(line)).filter(({ event }) => event === 'step'), scores: test };
}

/** Run a Python file of this folder. */
export async function runPython(python, file, args) {
  await finished(python, [fileHere(file), ...args], { ...process.env, HF_HUB_OFFLINE: '1' });
}

/** Run a program to its end. Its output is shown only where it fails. */
async function finished(command, args, env = process.env) {
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', chunk => {
      output = (output + chunk).slice(-4000);
    });
  }
  const code = await new Promise((resolve, reject) => child.on('close', resolve).on('error', reject));
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with code ${code}:\n${output}`);
}
