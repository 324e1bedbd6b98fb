import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import type { RunDirectory } from '../../src/run/directory.js';
import { buildCli, panx, root as repository } from '../built-cli.js';
import {
  type FakeStudy,
  fakeScorings,
  fakeStudy,
  fakeTraining,
  keyOfStage,
  lockByLiving,
} from '../experiment/fake-store.js';
import { expectDocument } from '../schemas.js';

let root: string;
let study: FakeStudy;
let run: RunDirectory;
beforeAll(buildCli);
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'panx-rm-'));
  study = await fakeStudy(root, 'en-tr');
  await fakeTraining(study, ['phase-1-tr']);
  await fakeScorings(study, ['phase-1-tr']);
  run = study.store.stage(keyOfStage(study, 'phase-1-tr'));
  return () => rm(root, { recursive: true });
});

const remove = (...args: string[]) => panx(['rm', ...args, '--store', study.store.root]);

it('removes a study, says what is left, and then what no study needs', async () => {
  await writeFile(join(study.folder.root, 'notes.txt'), 'mine');
  const { code, stdout, stderr } = remove(study.folder.root);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toBe(
    [
      `The study in ${study.folder.root} is removed.`,
      'Left in the folder, since panx did not make it: notes.txt.',
      'Of its 4 stages, the store has 1 that no other study uses; panx rm --unused removes what no study needs.',
      '',
    ].join('\n'),
  );
  expect(existsSync(run.metrics)).toBe(true);
  const unused = remove('--unused', '--yes');
  expect([unused.code, unused.stderr]).toEqual([0, '']);
  expect(unused.stdout).toMatch(/^No study in the store \S+ needs:\nwhat +size +where\n/);
  expect(unused.stdout).toMatch(new RegExp(`^stage +[\\d.]+ kB {2}${run.root}$`, 'm'));
  expect(unused.stdout).toMatch(/\n3 things are removed, [\d.]+ kB freed\.\n$/);
  expect(existsSync(run.root)).toBe(false);
  expect(remove('--unused')).toMatchObject({
    code: 0,
    stdout: `The store ${study.store.root} holds nothing that no study needs.\n`,
  });
});

it('prints the same as JSON', () => {
  expect(expectDocument('rm', remove('en-tr', '--json').stdout)).toMatchObject({
    study: { folder: study.folder.root, wasNoted: true, stages: { count: 4, unshared: 1 } },
    unused: null,
  });
  // What is to be removed is told before it is, where nobody can be asked.
  const unasked = remove('--unused', '--json');
  expect(unasked).toMatchObject({ code: 2, stdout: '' });
  expect(expectDocument('rm', remove('--unused', '--yes', '--json').stdout)).toMatchObject({
    study: null,
    unused: { removed: [{}, {}, {}], left: [] },
  });
});

it('does both at once', () => {
  expect(remove('en-tr', '--unused', '--yes')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^The study in [\s\S]+ freed\.\n$/),
  });
});

it('removes nothing where nobody can be asked', async () => {
  const refusal = {
    code: 2,
    stderr: expect.stringMatching(/^panx: Nothing is removed[^\n]+\.\n {2}Add --yes[^\n]+\n$/),
  };
  expect(remove(study.folder.root, '--unused')).toMatchObject({ ...refusal, stdout: '' });
  expect(existsSync(study.folder.stages)).toBe(true);
  remove(study.folder.root);
  expect(remove('--unused')).toMatchObject({ ...refusal, stdout: expect.stringContaining(run.root) });
  expect(existsSync(run.metrics)).toBe(true);
});

const hasScript = spawnSync('script', ['--version']).status === 0;

it.skipIf(!hasScript)('asks on a terminal, and takes anything but yes for no', async () => {
  remove(study.folder.root);
  for (const no of ['\r', 'n\r', 'yess\r', '\u0003', '\u0004']) {
    expect(await answered(no)).toContain('Nothing is removed.');
    expect(existsSync(run.metrics)).toBe(true);
  }
  expect(await answered('y\r')).toContain('freed.');
  expect(existsSync(run.metrics)).toBe(false);
});

/** What a terminal shows where the question is answered with these keys. */
async function answered(keys: string): Promise<string> {
  const command = `node dist/cli.js rm --unused --store ${study.store.root}`;
  const child = spawn('script', ['-qec', command, '/dev/null'], { cwd: repository, timeout: 20_000 });
  let shown = '';
  child.stdout.on('data', (bytes: Buffer) => {
    const wasAsked = shown.includes('[y/N]');
    shown += bytes.toString();
    if (!wasAsked && shown.includes('[y/N]')) child.stdin.write(keys);
  });
  await once(child, 'close');
  return shown;
}

it('says what to do where a study was moved', async () => {
  await rename(study.folder.root, join(root, 'moved'));
  expect(remove('--unused', '--yes')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining(`panx rm ${study.folder.root}.\n`),
  });
  expect(remove(study.folder.root)).toMatchObject({
    code: 0,
    stdout: `${study.folder.root} is not there; the store does not note it any more.\n`,
  });
});

it('leaves what a living process works in', async () => {
  await lockByLiving(study.folder.lock);
  expect(remove(study.folder.root)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(' is in use by process '),
  });
  await rm(study.folder.lock, { recursive: true });
  remove(study.folder.root);
  await lockByLiving(run.lock);
  const { code, stdout } = remove('--unused', '--yes');
  expect(code).toBe(0);
  expect(stdout).toContain(`Left alone: ${run.root} is in use by process ${process.pid} on `);
  expect(stdout).toContain('\n2 things are removed, ');
  expect(existsSync(run.metrics)).toBe(true);
});

it('refuses in a sentence what it is not told, or cannot find', () => {
  const sentence = /^panx: [^\n]+\.\n {2}[^\n]+\n$/;
  for (const args of [[], ['nope'], [root], ['/dev/null']]) {
    const { code, stdout, stderr } = remove(...args);
    expect([args, code, stdout]).toEqual([args, 2, '']);
    expect(stderr).toMatch(sentence);
  }
  expect(panx(['rm', '--unused', '--store', root])).toMatchObject({ code: 2, stderr: expect.stringMatching(sentence) });
});

it('says in a line that a store holds nothing', () => {
  const nothing = join(root, 'nothing');
  expect(panx(['rm', '--unused', '--store', nothing])).toMatchObject({
    code: 0,
    stdout: `There is no store in ${nothing} (--store, PANX_STORE): nothing was trained into it yet.\n`,
  });
  expect(existsSync(nothing)).toBe(false);
});
