import { lstat, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runLayout, sweepLayout } from '../../src/run/layouts.js';
import {
  isMade,
  removeAbandonedNeighbours,
  removeLeftovers,
  removeMade,
  strangersIn,
  strangersInside,
} from '../../src/system/made.js';
import { temporaryNeighbour } from '../../src/system/temporary.js';
import { leftover } from '../leftover.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panx-made-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Write files, with the folders that they lie in, and return all paths that there are. */
async function make(...paths: string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), 'x');
  }
}

async function paths(): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isDirectory()) found.push(join(entry.parentPath, entry.name).slice(folder.length + 1));
  }
  return found.sort();
}

/** The end of a temporary name of a process that is gone, and of one that this process made. */
const dead = leftover('');
const living = temporaryNeighbour('');
/** Of a process of another machine, of which nobody here knows whether it lives. */
const elsewhere = dead.replace(/-([0-9a-f])/, (_, digit: string) => `-${digit === '0' ? '1' : '0'}`);

const strangers = [
  'notes.txt',
  'state/a',
  'state/step-1/mine',
  'state/step-x/state.json',
  'checkpoint/onnx/model.onnx',
];
const own = ['metrics.json', 'state/step-00000001/state.json', 'checkpoint/config.json', `identity.json${dead}`];

it('removes what panx makes, and of all else nothing', async () => {
  await make(...own, ...strangers);
  await removeMade(folder, runLayout);
  expect(await paths()).toEqual([...strangers].sort());
});

it('removes the folder too where nothing is left, and does not remove what is to be kept', async () => {
  await make('run/metrics.json', 'run/checkpoint/config.json', 'kept/metrics.json', 'kept/config.json');
  await removeMade(join(folder, 'run'), runLayout);
  await removeMade(join(folder, 'kept'), runLayout, ['config.json']);
  expect(await readdir(folder)).toEqual(['kept']);
  expect(await paths()).toEqual(['kept/config.json']);
});

it('follows no link, neither below a folder nor the folder itself, and removes none', async () => {
  await make('mine/step-00000001/state.json', 'mine/config.json', 'run/events.jsonl');
  for (const name of ['state', 'checkpoint']) await symlink(join(folder, 'mine'), join(folder, 'run', name));
  await symlink(join(folder, 'mine', 'config.json'), join(folder, 'run', 'config.json'));
  await symlink(join(folder, 'run'), join(folder, 'link'));
  await removeMade(join(folder, 'link'), runLayout);
  expect(await paths()).toContain('run/events.jsonl');
  await removeMade(join(folder, 'run'), runLayout);
  expect(await paths()).toEqual([
    ...['link', 'mine/config.json', 'mine/step-00000001/state.json'],
    ...['run/checkpoint', 'run/config.json', 'run/state'],
  ]);
});

it('names what is not of panx, by its path', async () => {
  await make(...own, ...strangers);
  // Of the folder of a run itself, only what takes a name that panx needs.
  expect(await strangersInside(folder, runLayout)).toEqual([
    ...['checkpoint/onnx', 'state/a', 'state/step-1/mine', 'state/step-x'],
  ]);
  expect(await strangersIn(folder, runLayout)).toEqual([
    ...['checkpoint/onnx', 'notes.txt', 'state/a', 'state/step-1/mine', 'state/step-x'],
  ]);
  await mkdir(join(folder, 'times.jsonl'));
  expect(await strangersInside(folder, runLayout)).toContain('times.jsonl');
  expect(
    await Promise.all(['metrics.json', 'times.jsonl', 'state'].map(name => isMade(folder, name, runLayout))),
  ).toEqual([...[true, false, false]]);
});

it.each([
  [false, ['timing', 'lock'], 'of processes of this machine that are gone'],
  [true, ['timing', 'lock'], 'of anybody, where the lock is held, but for what is made without it'],
])('clears temporary files (lock held: %s)', async held => {
  const names = ['sweep.json', 'config.json', 'notes.txt'].flatMap(name => [`${name}${dead}`, `${name}${elsewhere}`]);
  const waiting = elsewhere.replace('999999999', String(process.pid));
  await make(...names, `lock${waiting}/holder.json`, `lock${dead}/holder.json`, `timing${living}/metrics.json`);
  await removeLeftovers(folder, sweepLayout, held);
  const kept = [
    `lock${waiting}/holder.json`,
    `timing${living}/metrics.json`,
    `notes.txt${dead}`,
    `notes.txt${elsewhere}`,
  ];
  const others = held ? [] : [`sweep.json${elsewhere}`, `config.json${elsewhere}`];
  expect(await paths()).toEqual([...kept, ...others].sort());
});

it('clears them in the folders of a run too', async () => {
  await make(`state/step-00000002${elsewhere}/model.safetensors`, 'state/step-00000001/state.json');
  await make(`state/step-00000001/state.json${dead}`, `checkpoint${dead}/model.safetensors${dead}`);
  await removeLeftovers(folder, runLayout, true);
  expect(await paths()).toEqual(['state/step-00000001/state.json']);
});

it('clears what was left beside a path, and no neighbour with another name', async () => {
  await make(`scores.json${dead}`, `scores.json${living}`, `other.json${dead}`, 'scores.json.1-abc.tmp', 'scores.json');
  await mkdir(join(folder, `scores.json${dead.replace('.tmp', '.previous')}`));
  await removeAbandonedNeighbours(join(folder, 'scores.json'), 'file');
  expect(await paths()).toEqual([
    ...[`other.json${dead}`, 'scores.json', 'scores.json.1-abc.tmp', `scores.json${living}`].sort(),
  ]);
  expect((await lstat(join(folder, `scores.json${dead.replace('.tmp', '.previous')}`))).isDirectory()).toBe(true);
});
