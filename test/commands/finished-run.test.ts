import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildCli, panx } from '../built-cli.js';

const folder = mkdtempSync(join(tmpdir(), 'panx-finished-'));
const run = join(folder, 'run');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const train = (...args: string[]) =>
  panx([
    ...['train', '--sample', '--lang', 'en', '--size', '16', '--no-eval', '--backend', 'wasm', '--out', run],
    ...['--store', join(folder, 'store'), ...args],
  ]);
beforeAll(async () => {
  await buildCli();
  expect(train('--epochs', '1').code).toBe(0);
});

it.each([
  [['--epochs', '2', '--resume'], ' of other settings: training.epochs was 1 and is 2 now.'],
  [['--epochs', '2'], ' of other settings: training.epochs was 1 and is 2 now.'],
  [['--epochs', '1', '--seed', '3', '--resume'], ' of other settings: seed was 42 and is 3 now.'],
  [['--epochs', '1', '--resume'], '.'],
  [
    ['--epochs', '1', '--resume', '--model', join('sample', 'tagger')],
    ` of other settings: model was ${join('sample', 'model')} and is ${join('sample', 'tagger')} now.`,
  ],
  // What it is computed in is chosen by the machine, too.
  [['--epochs', '1', '--resume', '--precision', 'fp32'], '.'],
  [['--epochs', '2', '--resume', '--log', 'tensorboard'], ' of other settings: training.epochs was 1 and is 2 now.'],
])('a finished run is not gone on with by %j: what differs is said, and how to train on', (args, difference) => {
  const { code, stdout, stderr } = train(...args);
  expect(code).not.toBe(0);
  expect(stdout).toBe('');
  expect(stderr).toContain(`${run} holds a finished run${difference}\n`);
  expect(stderr).toContain(`--model ${join(run, 'checkpoint')} --out OTHER`);
});

it('its checkpoint is trained further in another folder', () => {
  const { code, stderr } = train('--epochs', '1', '--model', join(run, 'checkpoint'), '--out', join(folder, 'onwards'));
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining('classifier') });
});
