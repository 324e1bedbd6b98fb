import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { openStore } from '../../src/experiment/store.js';
import { findSubject, rowsOf } from '../../src/experiment/subject.js';
import { predictionsFor, predictionsOf } from '../../src/experiment/subject-predictions.js';
import { findRuns } from '../../src/experiment/sweep-on-disk.js';
import { findWhole } from '../../src/experiment/whole-subject.js';
import { type FakeStudy, fakeScorings, fakeStudy, fakeTraining, keyOfStage } from './fake-store.js';

let root: string;
let study: FakeStudy;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'panx-subject-'));
  study = await fakeStudy(root, 'en-tr', ['study.seeds=2']);
  await fakeTraining(study, ['phase-2-en-seed-42', 'phase-2-en-seed-43', 'phase-1-tr-seed-42']);
  await fakeScorings(study, ['phase-2-en-seed-42']);
  return () => rm(root, { recursive: true });
});

const found = async (typed: string) => {
  const { name, trainings } = await findSubject(typed, study.store.root);
  return [name, trainings.map(one => one.name)];
};

describe('what is found by name', () => {
  it('is a stage of a study, or all of its seeds', async () => {
    const { root: folder } = study.folder;
    const one = ['en-tr/phase-2-en-seed-43', ['en-tr/phase-2-en-seed-43']];
    expect(await found(`${folder}/phase-2-en-seed-43`)).toEqual(one);
    expect(await found(`${folder}/phase-2-en-seed-43/`)).toEqual(one);
    expect(await found('en-tr/phase-2-en-seed-43')).toEqual(one);
    expect(await found(`${folder}/phase-2-en`)).toEqual([
      'en-tr/phase-2-en',
      ['en-tr/phase-2-en-seed-42', 'en-tr/phase-2-en-seed-43'],
    ]);
  });

  it('is a stage or a scoring by its folder in the store, also through a link', async () => {
    const { store, stages } = study;
    const stage = store.stage(keyOfStage(study, 'phase-2-en-seed-42'));
    expect(await found(stage.root)).toEqual(['phase-2-en-seed-42', ['phase-2-en-seed-42']]);
    await symlink(stage.root, join(root, 'link'));
    expect((await findSubject(join(root, 'link'), store.root)).trainings[0]).toMatchObject({ kind: 'run' });
    await writeFile(join(stage.root, 'scores.json'), '{}\n');
    expect((await findSubject(stage.root, store.root)).trainings[0]).toMatchObject({ kind: 'run' });
    expect(await findRuns(stage.root)).toMatchObject({ run: { root: stage.root } });
    const [scoring] = stages.get('phase-2-en-seed-42')!.task.scorings;
    const subject = await findSubject(store.scoring(scoring!.key).root, store.root);
    expect(subject.trainings[0]).toMatchObject({ kind: 'scoring' });
    expect((await predictionsOf(subject.trainings[0]!))[0]).toMatchObject({ rows: scoring!.rows.name, lang: 'en' });
  });

  it('is a file of predictions', async () => {
    await writeFile(join(root, 'p.jsonl'), '{"gold": ["O"], "predicted": ["O"]}\n');
    const subject = await findSubject(join(root, 'p.jsonl'));
    expect(subject).toMatchObject({ name: 'p.jsonl', trainings: [{ kind: 'file' }] });
    expect(await predictionsOf(subject.trainings[0]!)).toMatchObject([{ rows: 'p.jsonl', lang: null, split: null }]);
  });

  it('is no pipe and no device', async () => {
    const pipe = join(root, 'pipe');
    execFileSync('mkfifo', [pipe]);
    for (const typed of [pipe, '/dev/null']) {
      for (const find of [findSubject, findWhole]) {
        await expect(find(typed)).rejects.toMatchObject({
          message: `${typed} is a pipe, a socket or a device; expected a regular file.`,
          exitCode: 2,
        });
      }
    }
  });

  it.each([
    ['STUDY', 'has 4 stages; expected the name of one of them behind it.', 'The stages are phase-1-tr, phase-2-en'],
    ['STUDY/phase-2-ne', 'has no stage phase-2-ne; did you mean phase-2-en?', 'Its stages are phase-1-tr, phase-2-en'],
    ['STUDY/phase-1-tr-seed-43', 'en-tr/phase-1-tr-seed-43 is not trained yet.', 'panx status en-tr says'],
    ['STUDY/phase-3.1-tr-10', 'en-tr/phase-3.1-tr-10-seed-42 is not trained yet.', 'panx run goes on with it'],
    ['ROOT/nothing', 'nothing is no run, no stage of a study and no file of predictions.', 'Give the folder'],
    ['ROOT/empty', 'empty is no run, no stage of a study and no file of predictions.', 'Give the folder'],
  ])('is refused with what there is: %s', async (typed, sentence, hint) => {
    await mkdir(join(root, 'empty'), { recursive: true });
    const path = typed.replace('STUDY', study.folder.root).replace('ROOT', root);
    const error = await findSubject(path, study.store.root).catch((one: unknown) => one);
    expect(error).toMatchObject({ message: expect.stringContaining(sentence), hint: expect.stringContaining(hint) });
  });
});

it('finds the predictions of a stage, those of a whole split before those of a part', async () => {
  const { trainings } = await findSubject(`${study.folder.root}/phase-2-en`, study.store.root);
  const [scored, unscored] = await Promise.all(trainings.map(predictionsOf));
  expect(scored!.map(({ rows }) => rows)).toEqual(['en/test', 'tr/test']);
  expect(unscored).toEqual([]);
  expect(predictionsFor(scored!, 'tr', 'test')).toMatchObject({ rows: 'tr/test' });
  expect(predictionsFor(scored!, 'tr', 'validation')).toBeUndefined();
  const part = { ...scored![1]!, rows: 'tr/test:100' };
  expect(predictionsFor([part, ...scored!], 'tr', 'test')).toMatchObject({ rows: 'tr/test' });
  expect(predictionsFor([part], 'tr', 'test')).toMatchObject({ rows: 'tr/test:100' });
  let rows = 0;
  for await (const { words } of scored![0]!.read()) rows += Number(words !== null);
  expect(rows).toBe(5);
});

it('does not read predictions that are not any more what was scored', async () => {
  const { trainings } = await findSubject(`${study.folder.root}/phase-2-en-seed-42`, study.store.root);
  const [first] = await predictionsOf(trainings[0]!);
  await writeFile(first!.path, 'other');
  const read = async () => {
    for await (const _ of first!.read());
  };
  const { root: scoring } = study.store.scoring(study.stages.get('phase-2-en-seed-42')!.task.scorings[0]!.key);
  await expect(read()).rejects.toMatchObject({
    message: `The scoring ${scoring} is not as it was left: predictions.jsonl.gz has changed.`,
    hint: 'Type panx run with its study again: it sets aside what is damaged, and scores anew.',
  });
  await writeFile(join(scoring, 'panx.json'), '{}');
  await expect(read()).rejects.toThrow(`The scoring ${scoring} is not as it was left: panx.json`);
  await rm(scoring, { recursive: true });
  await expect(read()).rejects.toThrow(`The scoring ${scoring} is not there.`);
  await expect(findWhole(study.folder.root, study.store.root)).rejects.toThrow(/^The scoring .* is not there\.$/);
});

describe('a store that was moved', () => {
  const moved = () => join(root, 'elsewhere');
  const id = 'phase-2-en-seed-42';
  beforeEach(async () => {
    await fakeScorings(study, ['phase-2-en-seed-43', 'phase-1-tr-seed-42']);
    await rename(study.store.root, moved());
  });

  it('is named, and is not taken for a stage that is not trained', async () => {
    const sentence = `The store of en-tr is not there: ${study.folder.stages} says that it is ${study.store.root}.`;
    for (const find of [() => findSubject(`${study.folder.root}/${id}`), () => findWhole(study.folder.root)]) {
      await expect(find()).rejects.toMatchObject({
        message: sentence,
        hint: expect.stringContaining('--store FOLDER'),
        exitCode: 2,
      });
    }
  });

  it.each(['--store', 'PANX_STORE'])('is found with %s, and so are the predictions in it', async how => {
    if (how === 'PANX_STORE') vi.stubEnv('PANX_STORE', moved());
    const asked = how === '--store' ? moved() : undefined;
    const { trainings } = await findSubject(`${study.folder.root}/${id}`, asked);
    expect(trainings[0]).toMatchObject({ run: { root: join(moved(), keyOfStage(study, id)) } });
    expect((await predictionsOf(trainings[0]!)).map(({ rows }) => rows)).toEqual(['en/test', 'tr/test']);
    const whole = await findWhole(study.folder.root, asked);
    expect(whole!.table.rows.find(row => row.id === 'phase-2-en')!.trainings[0]!.status).toBe('done');
    vi.unstubAllEnvs();
  });

  it('does not stand back behind a store at the old place that lacks the stage', async () => {
    await openStore(study.store.root);
    const { trainings } = await findSubject(`${study.folder.root}/${id}`, moved());
    expect(trainings[0]).toMatchObject({ store: { root: moved() } });
    await expect(findSubject(`${study.folder.root}/${id}`)).rejects.toThrow('en-tr/phase-2-en-seed-42 is not trained');
  });
});

it('tells seeds from other names', () => {
  expect([...rowsOf(['a-seed-1', 'a-seed-2', 'b-tr-10-seed-1-data-3', 'b-tr-10-seed-1-data-4', 'on-en'])]).toEqual([
    ['a', ['a-seed-1', 'a-seed-2']],
    ['b-tr-10', ['b-tr-10-seed-1-data-3', 'b-tr-10-seed-1-data-4']],
    ['on-en', ['on-en']],
  ]);
});
