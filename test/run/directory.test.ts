import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  canResume,
  clearRun,
  isDone,
  type RunDirectory,
  refuseIfChanged,
  refuseStrangers,
  runDirectory,
  standOf,
  sweepDirectory,
} from '../../src/run/directory.js';
import { runLayout } from '../../src/run/layouts.js';

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
  const inner = [join(checkpoint, 'model.safetensors'), join(state, 'step-00000003', 'state.json')];
  for (const path of [checkpoint, join(state, 'step-00000003'), lock, join(root, 'tensorboard')])
    await mkdir(path, { recursive: true });
  for (const path of [...Object.values(files), ...inner]) await writeFile(path, 'x');
  await writeFile(join(root, 'notes.txt'), 'mine');
  await clearRun(run);
  // The configuration may be the one that is read.
  expect(await readdir(root)).toEqual(['config.json', 'lock', 'notes.txt', 'panx.json']);
});

it('stands otherwise after all that another process could do to it', async () => {
  const stands = [await standOf(run)];
  const change = async (path: string) => {
    await writeFile(path, 'x');
    stands.push(await standOf(run));
  };
  await change(run.identity);
  await mkdir(join(run.state, 'step-00000001'), { recursive: true });
  stands.push(await standOf(run));
  for (const path of [run.checksums, run.metrics]) await change(path);
  await writeFile(run.metrics, 'y');
  stands.push(await standOf(run));
  expect(new Set(stands).size).toBe(stands.length);
  await refuseIfChanged(run, stands.at(-1)!);
  await expect(refuseIfChanged(run, stands[0]!)).rejects.toThrow(`${folder} was changed by another process`);
});

it('refuses what is not of panx where panx keeps its own, and nothing else', async () => {
  await writeFile(join(folder, 'notes.txt'), 'mine');
  await mkdir(join(run.state, 'step-00000001'), { recursive: true });
  await refuseStrangers(folder, runLayout);
  const wrong: [string, () => Promise<unknown>][] = [
    ['state/a', () => writeFile(join(run.state, 'a'), '')],
    ['state/step-00000001/b', () => writeFile(join(run.state, 'step-00000001', 'b'), '')],
    ['checkpoint', () => symlink(tmpdir(), run.checkpoint)],
    ['metrics.json', () => mkdir(run.metrics)],
  ];
  for (const [name, make] of wrong) {
    await make();
    await expect(refuseStrangers(folder, runLayout)).rejects.toThrow(`what panx did not make: ${name}.`);
    await rm(join(folder, name), { recursive: true });
  }
});

it('gives every stage of a sweep a run directory of its own', () => {
  expect(sweepDirectory('out').stage('phase-1-tr').metrics).toBe(join('out', 'phase-1-tr', 'metrics.json'));
});
