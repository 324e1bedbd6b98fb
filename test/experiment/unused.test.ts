import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { PanxError } from '../../src/errors.js';
import { recordFailure } from '../../src/experiment/failures.js';
import { removeStudy } from '../../src/experiment/remove-study.js';
import { register } from '../../src/experiment/store.js';
import { existingStore } from '../../src/experiment/store-contents.js';
import { findUnused, removeUnused } from '../../src/experiment/unused.js';
import { runDirectory } from '../../src/run/directory.js';
import { writeJson } from '../../src/system/files.js';
import { leftover } from '../leftover.js';
import { type FakeStudy, fakeScorings, fakeStudy, fakeTraining, keyOfStage, lockByLiving } from './fake-store.js';

const names = ['phase-1-tr', 'phase-2-en', 'phase-3.1-tr-10', 'phase-3.2-tr-20'];

let root: string;
/** Two studies that share phase-1-tr and phase-2-en. */
let study: FakeStudy;
let other: FakeStudy;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'panx-unused-'));
  study = await fakeStudy(root, 'en-tr');
  other = await fakeStudy(root, 'other', ['study.protocol=from-source']);
  await fakeTraining(study, names);
  await fakeScorings(study, names);
});
afterEach(() => rm(root, { recursive: true }));

/** What is unused and what is left, as paths inside the store. */
async function unused(): Promise<{ found: string[]; left: Record<string, string> }> {
  const { entries, left } = await findUnused(study.store);
  const inStore = (path: string) => relative(study.store.root, path);
  return {
    found: entries.map(({ path }) => inStore(path)).sort(),
    left: Object.fromEntries(left.map(({ path, why }) => [inStore(path), why])),
  };
}

async function clean() {
  return await removeUnused(study.store, (await findUnused(study.store)).entries);
}

const key = (name: string) => keyOfStage(study, name);

/** The keys of the stage that only the first study has, and of its scorings. */
function unshared(): string[] {
  const { task } = study.stages.get('phase-3.2-tr-20')!;
  return [task.identity.key, ...task.scorings.map(scoring => scoring.key)].sort();
}

it('finds nothing while every study is there', async () => {
  expect(await unused()).toEqual({ found: [], left: {} });
});

it('removes what only a removed study needed, and nothing that another one needs', async () => {
  const removed = await removeStudy(study.folder, null);
  expect(removed).toEqual({ wasThere: true, left: [], wasNoted: true, stages: { count: 4, unshared: 1 } });
  expect(existsSync(study.folder.root)).toBe(false);
  expect((await unused()).found).toEqual(unshared());
  const before = (await readdir(study.store.root)).sort();
  const { removed: gone, left } = await clean();
  expect(left).toEqual([]);
  expect(gone.every(({ bytes }) => bytes > 100)).toBe(true);
  expect((await readdir(study.store.root)).sort()).toEqual(before.filter(name => !unshared().includes(name)));
});

it('leaves what somebody put into a study, and says so', async () => {
  await writeFile(join(study.folder.root, 'notes.txt'), 'mine');
  await rm(study.folder.config);
  await symlink('/etc/hostname', study.folder.config);
  expect((await removeStudy(study.folder, null)).left).toEqual(['config.json', 'notes.txt']);
});

it('refuses to remove a study that is run, and what is none', async () => {
  await lockByLiving(study.folder.lock);
  await expect(removeStudy(study.folder, null)).rejects.toThrow('is in use by process');
  await rm(other.folder.mark);
  await expect(removeStudy(other.folder, null)).rejects.toThrow('holds no study of panx');
  await writeJson(other.folder.mark, { kind: 'run', format: 1 });
  await expect(removeStudy(other.folder, null)).rejects.toThrow('holds no study of panx');
  expect(existsSync(other.folder.stages)).toBe(true);
});

it('removes a study whose stages.json is damaged, or whose folder is gone, from the store that is asked for', async () => {
  await writeFile(study.folder.stages, '{');
  expect(await removeStudy(study.folder, study.store)).toMatchObject({ wasNoted: true, stages: null });
  await rm(other.folder.root, { recursive: true });
  expect(await removeStudy(other.folder, study.store)).toMatchObject({ wasThere: false, wasNoted: true });
  expect(await readdir(study.store.studies)).toEqual([]);
});

it('removes nothing while nobody can tell what a study needs', async () => {
  await rename(other.folder.root, join(root, 'moved'));
  await expect(findUnused(study.store)).rejects.toMatchObject({
    message: `What the study other needs cannot be told: ${other.folder.root} is not there any more.`,
    hint: expect.stringContaining(`panx rm ${other.folder.root}`),
  });
  await rename(join(root, 'moved'), other.folder.root);
  await writeFile(other.folder.stages, '[]');
  await expect(removeUnused(study.store, [])).rejects.toThrow('What the study other needs cannot be told: ');
  await rm(other.folder.root, { recursive: true });
  await writeFile(join(study.store.studies, 'odd.json'), '');
  await removeStudy(other.folder, study.store);
  await expect(findUnused(study.store)).rejects.toThrow('What the study odd needs cannot be told: ');
});

it('leaves a stage that a living process works in, and takes it when that is gone', async () => {
  await removeStudy(study.folder, null);
  const run = study.store.stage(key('phase-3.2-tr-20'));
  const seen = (await findUnused(study.store)).entries;
  await lockByLiving(run.lock);
  expect((await unused()).left[basename(run.root)]).toMatch(/^is in use by process \d+ on /);
  await writeJson(join(run.lock, 'holder.json'), { pid: 1, host: 'elsewhere', started: null, since: 'today' });
  expect((await unused()).left[basename(run.root)]).toBe('is in use by process 1 on elsewhere');
  expect((await removeUnused(study.store, seen)).left).toEqual([
    { path: run.root, why: 'is in use by process 1 on elsewhere' },
  ]);
  expect(existsSync(run.metrics)).toBe(true);
  await rm(run.lock, { recursive: true });
  expect((await unused()).found).toEqual([basename(run.root)]);
});

it('removes nothing that became needed, or locked, after it was found', async () => {
  await removeStudy(study.folder, null);
  const { entries } = await findUnused(study.store);
  await fakeStudy(root, 'en-tr');
  const { removed, left } = await removeUnused(study.store, entries);
  expect(removed).toEqual([]);
  expect(left.map(({ why }) => why)).toEqual(entries.map(() => 'is needed by now'));
});

it('removes what was set aside, trained again for nobody, and left by processes that were killed', async () => {
  const { store } = study;
  await removeStudy(study.folder, null);
  const last = store.stage(key('phase-3.2-tr-20')).root;
  await mkdir(join(store.root, 'set-aside'));
  await cp(store.stage(key('phase-1-tr')).root, store.setAside(key('phase-1-tr'), 1), { recursive: true });
  await mkdir(join(store.root, 'again'));
  await cp(last, store.again(key('phase-3.2-tr-20')).root, { recursive: true });
  // A stage that is needed, trained again, is gone on with.
  await cp(last, store.again(key('phase-1-tr')).root, { recursive: true });
  const killed = leftover(store.stage(key('phase-1-tr')).root);
  await cp(last, killed, { recursive: true });
  const weights = leftover(store.stage(key('phase-2-en')).checkpoint);
  await cp(join(last, 'checkpoint'), weights, { recursive: true });
  const note = leftover(join(store.studies, 'x.json'));
  await writeFile(note, '{');
  const unmarked = leftover(join(store.root, 'a'.repeat(64)));
  await mkdir(unmarked);
  const paths = [killed, weights, note, unmarked].map(path => relative(store.root, path));
  const again = [`again/${key('phase-3.2-tr-20')}`, `set-aside/${key('phase-1-tr')}-1`];
  expect(await unused()).toEqual({ found: [...unshared(), ...paths, ...again].sort(), left: {} });
  expect((await clean()).left).toEqual([]);
  expect(await unused()).toEqual({ found: [], left: {} });
  expect(existsSync(store.again(key('phase-1-tr')).metrics)).toBe(true);
  expect(existsSync(store.stage(key('phase-2-en')).checkpoint)).toBe(true);
});

it('removes failures, requests and registrations that lead nowhere, and nothing outside of the store', async () => {
  const { store } = study;
  const outside = runDirectory(join(root, 'outside'));
  await fakeTraining(study, ['phase-1-tr'], outside.root);
  await register(store.root, key('phase-1-tr'), outside);
  await register(store.root, 'b'.repeat(64), runDirectory(join(root, 'gone')));
  await register(store.root, 'c'.repeat(64), outside); // Another run lies there.
  await writeFile(store.registration('d'.repeat(64)), '{"path": 0}');
  const dead = 'e'.repeat(64);
  await recordFailure(store, dead, new PanxError('It failed.'));
  await writeJson(store.request(dead, dead), {});
  await recordFailure(store, key('phase-1-tr'), new PanxError('It failed.'));
  await writeJson(store.request(key('phase-1-tr'), dead), {});
  expect(await unused()).toEqual({
    found: [
      ...[`${'b'.repeat(64)}.json`, `${'c'.repeat(64)}.json`],
      ...[`failures/${dead}.json`, `requests/${dead}-${dead}.json`],
    ],
    left: { [`${'d'.repeat(64)}.json`]: 'does not say where a run lies' },
  });
  await clean();
  expect(existsSync(outside.metrics)).toBe(true);
  expect(existsSync(store.registration(key('phase-1-tr')))).toBe(true);
});

it('leaves and names what panx did not make, and follows no link', async () => {
  const { store } = study;
  const precious = join(root, 'precious');
  await fakeTraining(study, ['phase-1-tr'], precious);
  await removeStudy(study.folder, null);
  await writeFile(join(store.stage(key('phase-3.2-tr-20')).checkpoint, 'mine.txt'), 'mine');
  const [first, second] = study.stages.get('phase-3.2-tr-20')!.task.scorings;
  await rm(store.scoring(first!.key).mark);
  await rm(store.scoring(second!.key).scores);
  await symlink(join(precious, 'metrics.json'), store.scoring(second!.key).scores);
  await symlink(precious, join(store.root, 'a'.repeat(64)));
  await symlink(precious, join(store.root, 'set-aside'));
  await mkdir(join(store.root, 'again'));
  await symlink(precious, store.again('a'.repeat(64)).root);
  await mkdir(join(store.root, 'notes'));
  await writeFile(join(store.root, 'b'.repeat(64)), 'a file');
  await mkdir(store.registration('c'.repeat(64)));
  await mkdir(join(store.root, 'failures'));
  await symlink(join(precious, 'metrics.json'), store.failure('d'.repeat(64)));
  expect(await unused()).toEqual({
    found: [],
    left: {
      [key('phase-3.2-tr-20')]: 'holds what panx did not make: checkpoint/mine.txt',
      [first!.key]: 'is a folder that panx did not mark',
      [second!.key]: 'holds what panx did not make: scores.json',
      ['a'.repeat(64)]: 'is a link',
      'set-aside': 'is a link',
      [`again/${'a'.repeat(64)}`]: 'is a link',
      notes: 'is a folder that panx did not make',
      ['b'.repeat(64)]: 'is a file that panx did not make',
      [`${'c'.repeat(64)}.json`]: 'is a folder that panx did not make',
      [`failures/${'d'.repeat(64)}.json`]: 'is a link',
    },
  });
  await clean();
  expect(existsSync(join(precious, 'metrics.json'))).toBe(true);
  expect(existsSync(join(precious, 'checkpoint', 'model.safetensors'))).toBe(true);
});

it('takes no other folder for a store', async () => {
  expect(await existingStore(join(root, 'nothing'))).toBeNull();
  await mkdir(join(root, 'empty'));
  expect(await existingStore(join(root, 'empty'))).toBeNull();
  for (const path of [root, study.folder.root, study.folder.config, study.store.stage(key('phase-1-tr')).root]) {
    await expect(existingStore(path)).rejects.toMatchObject({ message: `${path} is no store of panx.`, exitCode: 2 });
  }
});
