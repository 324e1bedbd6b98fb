import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { register } from '../../src/experiment/store.js';
import { type ListedStage, listStore } from '../../src/experiment/store-listing.js';
import { runDirectory } from '../../src/run/directory.js';
import { type FakeStudy, fakeScorings, fakeStudy, fakeTraining, keyOfStage, lockByLiving } from './fake-store.js';

let root: string;
let study: FakeStudy;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'panx-listing-'));
  study = await fakeStudy(root, 'en-tr');
  await fakeTraining(study, ['phase-1-tr', 'phase-2-en']);
});
afterEach(() => rm(root, { recursive: true }));

const runOf = (name: string) => study.store.stage(keyOfStage(study, name));

async function stagesBy(what: keyof ListedStage): Promise<Map<unknown, ListedStage>> {
  return new Map((await listStore(study.store)).stages.map(stage => [stage[what], stage]));
}

it('tells of each stage what it is, and of each study how far it is', async () => {
  await fakeScorings(study, ['phase-1-tr']);
  await rm(runOf('phase-2-en').checkpoint, { recursive: true });
  const { studies, stages, bytes } = await listStore(study.store);
  expect(studies).toEqual([
    {
      ...{ name: 'en-tr', folder: study.folder.root, stages: 4, done: 1, failed: 0, fault: null },
      writtenAt: expect.stringMatching(/^20/),
    },
  ]);
  expect(stages).toHaveLength(2);
  expect(stages.find(({ name }) => name === 'phase-1-tr')).toEqual({
    ...{ key: keyOfStage(study, 'phase-1-tr'), what: 'stage', name: 'phase-1-tr', trainedOn: ['tr/train'] },
    ...{ startsFrom: null, trainedAt: '2026-01-01T00:00:00.000Z', state: 'done', by: null, fault: null },
    ...{ hasWeights: true, bytes: expect.any(Number), f1: { 'en/test': 0.5, 'tr/test': 0.5 } },
    ...{ studies: ['en-tr'], folder: null },
  });
  expect(stages.find(({ name }) => name === 'phase-2-en')!.hasWeights).toBe(false);
  expect(bytes).toBeGreaterThan(stages[0]!.bytes + stages[1]!.bytes);
});

it('names a stage that is unfinished, trained or damaged as such', async () => {
  await rm(runOf('phase-1-tr').metrics);
  await writeFile(runOf('phase-2-en').identity, '{"id": ');
  await fakeTraining(study, ['phase-3.1-tr-10']);
  await lockByLiving(runOf('phase-3.1-tr-10').lock);
  const stages = await stagesBy('key');
  expect(stages.get(keyOfStage(study, 'phase-1-tr'))!.state).toBe('unfinished');
  expect(stages.get(keyOfStage(study, 'phase-2-en'))).toMatchObject({
    state: 'damaged',
    name: null,
    fault: expect.stringContaining('identity.json'),
  });
  expect(stages.get(keyOfStage(study, 'phase-3.1-tr-10'))).toMatchObject({
    ...{ state: 'running', startsFrom: 'phase-2-en', trainedOn: ['tr/train:10'] },
    by: expect.stringMatching(/^process \d+ on /),
  });
});

it('gives a damaged scoring a row of its own', async () => {
  await fakeScorings(study, ['phase-1-tr']);
  const [first] = study.stages.get('phase-1-tr')!.task.scorings;
  await writeFile(study.store.scoring(first!.key).scores, '{"key": 1}');
  const stages = await stagesBy('key');
  expect(stages.get(first!.key)).toMatchObject({
    ...{ what: 'scoring', state: 'damaged', studies: ['en-tr'] },
    fault: expect.stringContaining('scores.json'),
  });
  expect(Object.keys(stages.get(keyOfStage(study, 'phase-1-tr'))!.f1)).toEqual(['tr/test']);
});

it('lists runs elsewhere with their folders, also where they are gone', async () => {
  const outside = runDirectory(join(root, 'outside'));
  await fakeTraining(study, ['phase-3.2-tr-20'], outside.root);
  await register(study.store.root, keyOfStage(study, 'phase-3.2-tr-20'), outside);
  await register(study.store.root, 'b'.repeat(64), outside);
  await register(study.store.root, 'c'.repeat(64), runDirectory(join(root, 'gone')));
  await writeFile(study.store.registration('d'.repeat(64)), '');
  const stages = await stagesBy('key');
  const folder = outside.root;
  expect(stages.get(keyOfStage(study, 'phase-3.2-tr-20'))).toMatchObject({ name: 'phase-3.2-tr-20', folder });
  expect(stages.get('b'.repeat(64))).toMatchObject({ state: 'gone', folder, name: null });
  expect(stages.get('c'.repeat(64))).toMatchObject({ state: 'gone', folder: join(root, 'gone') });
  expect(stages.get('d'.repeat(64))).toMatchObject({ state: 'damaged', folder: null });
});

it('does not end for anything that lies in a store', async () => {
  const { store } = study;
  for (const name of ['identity', 'environment', 'checkpoint', 'metrics', 'lock', 'times'] as const) {
    const run = runOf('phase-1-tr');
    await rm(run[name], { recursive: true, force: true });
    if (name === 'times') await mkdir(run.times);
    else await writeFile(run[name], '\u0000');
    expect((await listStore(store)).stages).toHaveLength(2);
  }
  await symlink(store.root, join(store.root, 'a'.repeat(64)));
  await writeFile(store.scoring('b'.repeat(64)).root, '');
  await mkdir(store.scoring('c'.repeat(64)).mark, { recursive: true });
  await writeFile(store.lock('weights').replace('/locks/', '/'), '');
  await writeFile(join(store.root, 'failures'), '');
  await writeFile(study.folder.stages, '{"store": "..", "stages": {"__proto__": 1}}');
  const { strangers, studies } = await listStore(store);
  expect(strangers).toHaveLength(5);
  expect(studies[0]).toMatchObject({ stages: 0, fault: expect.stringContaining('stages.json') });
});
