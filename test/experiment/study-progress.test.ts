import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { PanxError } from '../../src/errors.js';
import { recordFailure } from '../../src/experiment/failures.js';
import { readStudy } from '../../src/experiment/study-folder.js';
import { msLeft, stagesOf } from '../../src/experiment/study-progress.js';
import { type FakeStudy, fakeScorings, fakeStudy, fakeTraining, keyOfStage, lockByLiving } from './fake-store.js';

let root: string;
let study: FakeStudy;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'panx-progress-'));
  study = await fakeStudy(root, 'en-tr');
});
afterEach(() => rm(root, { recursive: true }));

const names = ['phase-1-tr', 'phase-2-en', 'phase-3.1-tr-10', 'phase-3.2-tr-20'];

async function progress() {
  return await stagesOf(study.store, await readStudy(study.folder));
}

async function kinds(): Promise<string[]> {
  return (await progress()).map(({ kind }) => kind);
}

async function left(): Promise<number | null> {
  return await msLeft(study.folder, study.store, await readStudy(study.folder), await progress());
}

/** A training that logged only its first steps. */
async function halfTrained(name: string, steps: number): Promise<void> {
  await fakeTraining(study, [name]);
  const run = study.store.stage(keyOfStage(study, name));
  const keep = async (path: string) => (await readFile(path, 'utf8')).split('\n').slice(0, steps).join('\n');
  await writeFile(run.events, `${await keep(run.events)}\n`);
  await writeFile(run.times, `${await keep(run.times)}\n`);
  await rm(run.metrics);
  await rm(run.checkpoint, { recursive: true });
  await mkdir(join(run.state, `step-${String(steps).padStart(8, '0')}`), { recursive: true });
}

it('knows nothing of a study that has not begun, but what waits for what', async () => {
  const stages = await progress();
  expect(stages.map(({ kind, because }) => [kind, because])).toEqual([
    ['waiting', null],
    ['waiting', null],
    ['waiting', 'phase-2-en'],
    ['waiting', 'phase-3.1-tr-10'],
  ]);
  expect(stages[0]!.toScore).toEqual(['en/test', 'tr/test']);
  expect(await left()).toBeNull();
});

it('tells stages that are done, trained, running and interrupted', async () => {
  await fakeTraining(study, ['phase-1-tr']);
  await fakeScorings(study, ['phase-1-tr']);
  await fakeTraining(study, ['phase-2-en']);
  expect(await kinds()).toEqual(['done', 'trained', 'waiting', 'waiting']);
  await halfTrained('phase-3.1-tr-10', 1);
  expect((await progress())[2]).toMatchObject({ kind: 'interrupted', steps: 1, of: 3 });
  await lockByLiving(study.store.stage(keyOfStage(study, 'phase-3.1-tr-10')).lock);
  expect((await progress())[2]).toMatchObject({
    kind: 'running',
    steps: 1,
    by: expect.stringMatching(/^process \d+ on /),
  });
});

it('names the failed stage that others need, and goes on from it when it was trained', async () => {
  await recordFailure(study.store, keyOfStage(study, 'phase-2-en'), new PanxError('The disk is full.'));
  const stages = await progress();
  expect(stages.map(({ kind }) => kind)).toEqual(['waiting', 'failed', 'not run', 'not run']);
  expect(stages[1]!.failure).toBe('The disk is full.');
  expect(stages[3]!.because).toBe('phase-2-en');
});

it('says that a stage is to be trained again whose weights are gone and needed', async () => {
  study = await fakeStudy(root, 'en-tr', ['study.keep=last']);
  await fakeTraining(study, ['phase-2-en']);
  await fakeScorings(study, ['phase-2-en']);
  const run = study.store.stage(keyOfStage(study, 'phase-2-en'));
  await rm(run.checkpoint, { recursive: true });
  expect((await progress())[1]).toMatchObject({ kind: 'waiting', again: true });
  await fakeTraining(study, names.slice(2));
  await fakeScorings(study, names.slice(2));
  expect((await progress())[1]).toMatchObject({ kind: 'done', again: false });
});

it('counts steps and time as far as a log is whole', async () => {
  await halfTrained('phase-2-en', 3);
  const run = study.store.stage(keyOfStage(study, 'phase-2-en'));
  await appendFile(run.events, '{"event":"step","st');
  await appendFile(run.times, '\u0000');
  await lockByLiving(run.lock);
  expect((await progress())[1]).toMatchObject({ kind: 'running', steps: 3 });
  await rm(run.events);
  await mkdir(run.events);
  expect((await progress())[1]).toMatchObject({ kind: 'running', steps: 0 });
  await rm(run.lock, { recursive: true });
  expect((await progress())[1]).toMatchObject({ kind: 'interrupted', steps: 3 });
  await rm(run.state, { recursive: true });
  expect((await progress())[1]).toMatchObject({ kind: 'interrupted', steps: 0 }); // It begins again.
});

it('takes the time left from the pace of its stages and scorings', async () => {
  await fakeTraining(study, names);
  await fakeScorings(study, ['phase-1-tr']);
  expect(await left()).toBe(6 * 500);
  await fakeScorings(study, names);
  expect(await left()).toBe(0);
  // Without its last stage: a second for each of its steps, more or less, and two scorings.
  await rm(study.store.stage(keyOfStage(study, 'phase-3.2-tr-20')).root, { recursive: true });
  expect(await left()).toBeGreaterThan(1000);
  await writeFile(study.folder.config, '{}');
  expect(await left()).toBeNull();
});
