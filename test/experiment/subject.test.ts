import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { findSubject, rowsOf } from '../../src/experiment/subject.js';
import { predictionsFor, predictionsOf } from '../../src/experiment/subject-predictions.js';
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
  await expect(read()).rejects.toThrow('predictions.jsonl.gz');
});

it('tells seeds from other names', () => {
  expect([...rowsOf(['a-seed-1', 'a-seed-2', 'b-tr-10-seed-1-data-3', 'b-tr-10-seed-1-data-4', 'on-en'])]).toEqual([
    ['a', ['a-seed-1', 'a-seed-2']],
    ['b-tr-10', ['b-tr-10-seed-1-data-3', 'b-tr-10-seed-1-data-4']],
    ['on-en', ['on-en']],
  ]);
});
