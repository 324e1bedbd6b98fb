import { mkdir, mkdtemp, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findStudy, notedStudies } from '../../src/experiment/noted-studies.js';
import { removeStudy } from '../../src/experiment/remove-study.js';
import { storeOf } from '../../src/experiment/study-folder.js';
import { writeMark } from '../../src/run/mark.js';
import { studyDirectory } from '../../src/run/store-directory.js';
import { type FakeStudy, fakeStudy } from './fake-store.js';

let root: string;
let study: FakeStudy;
let before: string;
beforeEach(async () => {
  before = process.cwd();
  root = await mkdtemp(join(tmpdir(), 'panx-noted-'));
  study = await fakeStudy(root, 'en-tr');
  process.chdir(root);
});
afterEach(async () => {
  process.chdir(before);
  await rm(root, { recursive: true });
});

it.each(['en-tr', 'en-tr/', 'results/en-tr', 'results/en-tr/', 'en-tr.yaml', 'configs/en-tr.yml', './results/en-tr'])(
  'finds the study that is typed as %s',
  async typed => {
    expect((await findStudy(typed, null)).root.replace(/\/$/, '')).toMatch(/(^|\/)results\/en-tr$/);
  },
);

it('never takes a path for the name of another study', async () => {
  for (const typed of ['elsewhere/en-tr', '/nonexistent/en-tr', './en-tr']) {
    await expect(findStudy(typed, study.store)).rejects.toThrow(`No study ${typed} was found`);
  }
});

it('suggests the nearest name, with exit code 2', async () => {
  await expect(findStudy('en-tt', null)).rejects.toMatchObject({
    message: 'No study en-tt was found; did you mean en-tr?',
    exitCode: 2,
  });
  await expect(findStudy('__proto__', null)).rejects.toMatchObject({ message: 'No study __proto__ was found.' });
});

it('says what a folder holds that is no study', async () => {
  for (const [kind, what] of [
    ['run', 'a run'],
    ['sweep', 'a sweep'],
    ['store', 'a store of stages'],
  ] as const) {
    const folder = join(root, kind);
    await mkdir(folder);
    await writeMark(folder, kind);
    await expect(findStudy(folder, null)).rejects.toMatchObject({
      message: `${folder} holds ${what}, and no study.`,
      exitCode: 2,
    });
  }
});

it('finds by its name what the store notes elsewhere, unless there are two of the name', async () => {
  await rename(study.folder.root, join(root, 'away'));
  const elsewhere = await fakeStudy(join(root, 'other'), 'en-tr');
  await writeFile(join(study.store.studies, 'en-tr-2.json'), JSON.stringify({ path: elsewhere.folder.root }));
  await expect(findStudy('en-tr', study.store)).rejects.toThrow('There are 2 studies of the name en-tr: ');
  expect((await findStudy(elsewhere.folder.root, study.store)).root).toBe(elsewhere.folder.root);
});

it('finds a study and its store again however their folders are spelled, and notes it once', async () => {
  await mkdir(join(root, 'far', 'away'), { recursive: true });
  await symlink(join('far', 'away'), join(root, 'link'));
  await mkdir(join(root, 'far', 'away', 'results'));
  await symlink(join(root, 'results', 'store'), join(root, 'far', 'away', 'results', 'store'));
  await fakeStudy(join(root, 'link'), 'other');
  await fakeStudy(join(root, 'far', 'away'), 'other');
  const noted = await notedStudies(study.store);
  expect(noted.map(({ name, fault }) => [name, fault])).toEqual([
    ['en-tr', null],
    ['other', null],
  ]);
  const { folder, record } = noted[1]!;
  expect((await storeOf(folder!, record!)).root).toBe(await realpath(study.store.root));
  const removed = await removeStudy(studyDirectory(join(root, 'link', 'results', 'other')), study.store);
  expect(removed.wasNoted).toBe(true);
  expect((await notedStudies(study.store)).map(({ name }) => name)).toEqual(['en-tr']);
});

it('says of each noted study why nothing can be told of it', async () => {
  await writeFile(join(study.store.studies, 'odd.json'), '{"path": 1}');
  await writeFile(join(study.store.studies, 'notes.txt'), 'mine');
  await symlink('/nonexistent', join(study.store.studies, 'link.json'));
  const bad = await fakeStudy(root, 'bad');
  await writeFile(bad.folder.stages, '{"stages": ');
  const gone = await fakeStudy(root, 'gone');
  await rename(gone.folder.root, join(root, 'moved'));
  await mkdir(join(study.store.studies, 'folder.json'));
  const noted = await notedStudies(study.store);
  expect(Object.fromEntries(noted.map(({ name, fault }) => [name, fault]))).toEqual({
    bad: expect.stringContaining('stages.json'),
    'en-tr': null,
    folder: expect.stringContaining('folder.json'),
    gone: expect.stringMatching(/results\/gone is not there any more\.$/),
    link: expect.stringContaining('link.json'),
    odd: expect.stringContaining('path is 1'),
  });
});
