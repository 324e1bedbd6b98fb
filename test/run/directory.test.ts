import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  canResume,
  clearRun,
  isDone,
  type RunDirectory,
  runDirectory,
  sweepDirectory,
} from '../../src/run/directory.js';

let folder: string;
let run: RunDirectory;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panx-directory-'));
  run = runDirectory(folder);
});
afterEach(() => rm(folder, { recursive: true }));

it('is done when it has its metrics, and can go on when it has a state or a checkpoint but no metrics', async () => {
  expect([isDone(run), canResume(run)]).toEqual([false, false]);
  await writeFile(run.identity, '{}');
  expect([isDone(run), canResume(run)]).toEqual([false, false]);
  await mkdir(run.state);
  expect([isDone(run), canResume(run)]).toEqual([false, true]);
  await rm(run.state, { recursive: true });
  await mkdir(run.checkpoint);
  expect([isDone(run), canResume(run)]).toEqual([false, true]);
  await writeFile(run.metrics, '{}');
  expect([isDone(run), canResume(run)]).toEqual([true, false]);
});

it('clears what panx wrote and nothing else', async () => {
  const { root, lock, state, checkpoint, ...files } = run;
  for (const path of [state, checkpoint, lock]) await mkdir(path);
  for (const path of [...Object.values(files), join(checkpoint, 'model.safetensors')]) await writeFile(path, 'x');
  await writeFile(join(root, 'notes.txt'), 'mine');
  await clearRun(run);
  expect(await readdir(root)).toEqual(['lock', 'notes.txt']);
});

it('gives every stage of a sweep a run directory of its own', () => {
  expect(sweepDirectory('out').stage('phase-1-tr').metrics).toBe(join('out', 'phase-1-tr', 'metrics.json'));
});
