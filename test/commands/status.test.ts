import { cp, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import { PanxError } from '../../src/errors.js';
import { recordFailure } from '../../src/experiment/failures.js';
import { buildCli, panx } from '../built-cli.js';
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
beforeAll(buildCli);
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'panx-status-'));
  study = await fakeStudy(root, 'en-tr');
  return () => rm(root, { recursive: true });
});

it('says of each stage how far it is, and of all how long they take', async () => {
  await fakeTraining(study, ['phase-1-tr', 'phase-2-en']);
  await fakeScorings(study, ['phase-1-tr']);
  const run = study.store.stage(keyOfStage(study, 'phase-2-en'));
  await rm(run.metrics);
  const lines = (await readFile(run.events, 'utf8')).split('\n');
  await writeFile(run.events, `${lines.slice(0, 5).join('\n')}\n`);
  await lockByLiving(run.lock);
  const { code, stdout, stderr } = panx(['status', study.folder.root]);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout.split('\n')).toEqual([
    `en-tr: ${study.folder.root}, store ${study.store.root}`,
    '',
    expect.stringMatching(/^stage +state +to be scored on$/),
    expect.stringMatching(/^phase-1-tr +done$/),
    expect.stringMatching(/^phase-2-en +running: step 4 of 12, 33%, process \d+ on \S+ +en\/test, tr\/test$/),
    expect.stringMatching(/^phase-3\.1-tr-10 {2}waiting for phase-2-en +en\/test, tr\/test$/),
    expect.stringMatching(/^phase-3\.2-tr-20 {2}waiting for phase-3\.1-tr-10 +en\/test, tr\/test$/),
    '',
    expect.stringMatching(/^1 of 4 stages done, 1 running, 2 waiting; about \d+ s left$/),
    '',
  ]);
});

it('says why a stage failed, and which others are not run', async () => {
  await recordFailure(study.store, keyOfStage(study, 'phase-2-en'), new PanxError('The disk is \u001b[2J full.'));
  const { code, stdout } = panx(['status', study.folder.root]);
  expect(code).toBe(0);
  expect(stdout).toContain('\nphase-2-en failed: The disk is <U+001B>[2J full.\n');
  expect(stdout).toMatch(/\nphase-3\.2-tr-20 +not run: phase-2-en failed/);
  expect(stdout).toMatch(/\n0 of 4 stages done, 1 waiting, 1 failed, 2 not run; time left unknown\n$/);
});

it('prints the same as JSON', async () => {
  const { code, stdout } = panx(['status', study.folder.root, '--json']);
  expect(code).toBe(0);
  expect(expectDocument('status', stdout)).toMatchObject([
    { name: 'en-tr', store: study.store.root, by: null, msLeft: null, stages: [{ kind: 'waiting' }, {}, {}, {}] },
  ]);
});

it('without a study tells of all that the store notes, also of those that are damaged or moved', async () => {
  const { folder } = await fakeStudy(root, 'other');
  await lockByLiving(folder.lock);
  const moved = await fakeStudy(root, 'moved');
  await rename(moved.folder.root, join(root, 'away'));
  const damaged = await fakeStudy(root, 'damaged');
  await writeFile(damaged.folder.stages, '{"store": 1}');
  const { code, stdout } = panx(['status', '--store', study.store.root]);
  expect(code).toBe(0);
  expect(stdout).toContain(`en-tr: ${study.folder.root}, store`);
  expect(stdout).toContain(`store ${study.store.root}, run by process ${process.pid} on ${hostname()}\n`);
  expect(stdout).toContain(`moved: ${moved.folder.root} is not there any more.\n`);
  expect(stdout).toMatch(/^damaged: \S+stages\.json/m);
  expectDocument('status', panx(['status', '--store', study.store.root, '--json']).stdout);
});

it('finds a study that the store notes by its name, or its YAML file', () => {
  for (const typed of ['en-tr', 'configs/en-tr.yaml']) {
    expect(panx(['status', typed, '--store', study.store.root])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^en-tr: /),
    });
  }
});

it('tells of a study that was moved away from its store', async () => {
  const moved = join(root, 'deep', 'er', 'en-tr');
  await cp(study.folder.root, moved, { recursive: true });
  const { code, stdout } = panx(['status', moved]);
  expect(code).toBe(0);
  expect(stdout).toContain('\nIts store is not there: was the study moved, or the store?\n');
  const told = panx(['status', moved, '--store', study.store.root]);
  const here = panx(['status', study.folder.root]).stdout;
  expect(told).toMatchObject({ code: 0, stdout: here.replace(study.folder.root, moved) });
  expect(told.stdout).not.toContain('Its store is not there');
});

it('refuses a study that nobody knows, naming the nearest', () => {
  expect(panx(['status', 'en-tt', '--store', study.store.root])).toEqual({
    ...{ code: 2, stdout: '', durationMs: expect.any(Number) },
    stderr:
      'panx: No study en-tt was found; did you mean en-tr?\n  Give the folder that panx run wrote, or its name; panx list lists the studies.\n',
  });
  expect(panx(['status', '/dev/null'])).toMatchObject({ code: 2, stdout: '' });
});

it('says in a line that a store holds nothing, and refuses what is none', () => {
  const nothing = join(root, 'nothing');
  expect(panx(['status', '--store', nothing])).toMatchObject({
    code: 0,
    stdout: `There is no store in ${nothing} (--store, PANX_STORE): nothing was trained into it yet.\n`,
  });
  expect(panx(['status', '--store', nothing, '--json'])).toMatchObject({ code: 0, stdout: '[]\n' });
  expect(panx(['status', '--store', root])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`panx: ${root} is no store of panx.\n`),
  });
});
