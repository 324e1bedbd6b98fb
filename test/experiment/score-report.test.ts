import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseScoreName } from '../../src/experiment/score-names.js';
import { openScores } from '../../src/experiment/score-report.js';
import { fakeF1 } from './fake-run.js';
import { type FakeStudy, fakeScorings, fakeStudy, fakeTraining, keyOfStage } from './fake-store.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'panx-score-report-'));
  return () => rm(root, { recursive: true });
});

const write = (name: string, value: unknown) => writeFile(join(root, name), JSON.stringify(value));

async function scoreOf(typed: string, name: string, store?: string) {
  return await (await openScores(typed, store)).score(parseScoreName(name, '--min'));
}

describe('a report of panx evaluate', () => {
  const numbers = { precision: 0.5, recall: 0.25, f1: 1 / 3 };
  const report = {
    split: 'validation',
    scores: {
      tr: {
        ...{ ...numbers, accuracy: 0.9, loss: 1.5, rows: 7 },
        entities: { default: { macro: { ...numbers, f1: 0.2 }, types: [{ type: 'PER', ...numbers, f1: 0.1 }] } },
      },
      de: { ...numbers },
    },
  };

  it('has every score of its languages', async () => {
    const path = join(root, 'report.json');
    await write('report.json', report);
    const from = { n: 1, rows: 7, split: 'validation', source: path, from: 'report' };
    expect(await scoreOf(path, 'tr.f1')).toEqual({ value: 1 / 3, ...from });
    expect(await scoreOf(path, 'tr.loss')).toEqual({ value: 1.5, ...from });
    expect(await scoreOf(path, 'tr.macro.f1')).toEqual({ value: 0.2, ...from });
    expect(await scoreOf(path, 'tr.PER.f1')).toEqual({ value: 0.1, ...from });
    expect(await scoreOf(path, 'de.recall')).toEqual({ ...from, value: 0.25, rows: null });
  });

  it.each([
    ['en.f1', 'has no scores of en; it has those of tr, de.'],
    ['tr.PRE.f1', 'has no tr.PRE.f1: no entity of tr/validation is of type PRE.'],
    ['de.loss', 'does not say it.'],
    ['de.PER.f1', 'has no de.PER.f1: there are no predictions to count it from.'],
  ])('refuses %s', async (name, message) => {
    await write('report.json', report);
    await expect(scoreOf(join(root, 'report.json'), name)).rejects.toMatchObject({
      message: expect.stringContaining(message),
      exitCode: 2,
    });
  });

  it.each([
    [{ split: 'test' }, 'is no report of panx evaluate: it has no "scores" by language.'],
    [{ scores: {} }, 'is no report of panx evaluate: it does not say which "split" was scored.'],
    [{ split: 'test', scores: { tr: { f1: '0.9' } } }, 'is no report of panx evaluate: it has no "f1" of tr.'],
    [[], 'is no report of panx evaluate: it has no "scores" by language.'],
    [{ split: 'test', scores: { tr: { f1: 5 } } }, 'of tr the f1 is 5; expected a fraction from 0 to 1.'],
    [{ split: 'test', scores: { tr: { f1: 0, loss: -1 } } }, 'of tr the loss is -1; expected a number from 0.'],
    [
      { split: 'test', scores: { tr: { f1: 0, entities: { default: { types: [{ type: 'PER', f1: 1.1 }] } } } } },
      'of tr the f1 is 1.1; expected a fraction from 0 to 1.',
    ],
  ])('refuses %j', async (content, message) => {
    await write('report.json', content);
    await expect(openScores(join(root, 'report.json'))).rejects.toMatchObject({
      message: expect.stringContaining(message),
      exitCode: 2,
    });
  });

  it('refuses what is no JSON', async () => {
    await writeFile(join(root, 'notes.txt'), 'f1 0.9');
    await expect(openScores(join(root, 'notes.txt'))).rejects.toMatchObject({ exitCode: 2 });
  });
});

describe('a stage of a study', () => {
  let study: FakeStudy;
  const stage = () => join(study.folder.root, 'phase-1-tr');
  const table = (more: object = {}, conditions: object = {}) => {
    const summary = (mean: number) => ({ n: 2, mean, sd: 0.1 });
    const prf = (f1: number) => ({ precision: summary(0.5), recall: summary(0.5), f1: summary(f1) });
    return writeFile(
      join(study.folder.root, 'table.json'),
      JSON.stringify({
        conditions: { mode: 'default', average: 'micro', split: 'test', ...conditions },
        rows: [
          {
            ...{ stage: 'phase-1-tr', status: 'done', n: 2 },
            scores: { tr: { micro: prf(0.6), macro: prf(0.4), types: { PER: prf(0.3) } }, en: null },
            ...more,
          },
        ],
      }),
    );
  };
  beforeEach(async () => {
    study = await fakeStudy(root, 'en-tr');
    await fakeTraining(study, ['phase-1-tr']);
    await fakeScorings(study, ['phase-1-tr']);
  });

  it('has the scores of the store, and those by type of its predictions', async () => {
    const [first] = study.stages.get('phase-1-tr')!.task.scorings;
    const scores = JSON.parse(await readFile(study.store.scoring(first!.key).scores, 'utf8'));
    const { lang } = first!.set;
    const found = await scoreOf(stage(), `${lang}.f1`);
    expect(found).toMatchObject({ value: scores.scores.f1, rows: scores.scores.rows, n: 1 });
    expect(found).toMatchObject({ source: study.store.scoring(first!.key).scores, from: 'scoring' });
    const byType = await scoreOf(stage(), `${lang}.macro.f1`);
    expect(byType).toMatchObject({ source: study.store.scoring(first!.key).predictions, from: 'predictions' });
  });

  it('refuses a language that was not scored, and a scoring that was changed', async () => {
    await expect(scoreOf(stage(), 'de.f1')).rejects.toMatchObject({
      message: `${stage()} has no scores of de.`,
      exitCode: 2,
    });
    const [first] = study.stages.get('phase-1-tr')!.task.scorings;
    const { scores } = study.store.scoring(first!.key);
    await writeFile(scores, (await readFile(scores, 'utf8')).replace(/"f1": [\d.]+/, '"f1": 0.99'));
    await expect(scoreOf(stage(), `${first!.set.lang}.f1`)).rejects.toThrow(/scores\.json/);
  });

  it('has the scores that its study asked for, and not those that its training made of other rows', async () => {
    const { metrics } = study.store.stage(keyOfStage(study, 'phase-1-tr'));
    const told = JSON.parse(await readFile(metrics, 'utf8'));
    told.test = { tr: { precision: 1, recall: 1, f1: 0.99, accuracy: 1, loss: 0, rows: 2 } };
    await writeFile(metrics, JSON.stringify(told));
    expect(await scoreOf(stage(), 'tr.f1')).toMatchObject({ value: fakeF1, rows: 5 });
    expect(await scoreOf(stage(), 'tr.PER.f1')).toMatchObject({ rows: 5 });
    const { root: folder } = study.store.stage(keyOfStage(study, 'phase-1-tr'));
    expect(await scoreOf(folder, 'tr.f1')).toMatchObject({ value: 0.99, rows: 2, source: metrics, from: 'metrics' });
    // Predictions of other rows do not say what the types of these are.
    await expect(scoreOf(folder, 'tr.PER.f1')).rejects.toThrow('there are no predictions to count it from');
    Object.assign(told.test.tr, { f1: fakeF1, rows: 5 });
    await writeFile(metrics, JSON.stringify(told));
    expect(await scoreOf(folder, 'tr.PER.recall')).toMatchObject({ value: 1, rows: 5 });
  });

  it('has no scores of what its study asked for and the store has lost', async () => {
    const task = study.stages.get('phase-1-tr')!.task.scorings.find(({ set }) => set.lang === 'tr')!;
    await rm(study.store.scoring(task.key).root, { recursive: true });
    await expect(scoreOf(stage(), 'tr.f1')).rejects.toThrow(`${stage()} has no scores of tr.`);
  });

  it('has those of its table where the store is gone', async () => {
    await table();
    await rm(study.store.root, { recursive: true });
    const source = join(study.folder.root, 'table.json');
    expect(await scoreOf(stage(), 'tr.f1')).toEqual({
      value: 0.6,
      n: 2,
      rows: null,
      split: 'test',
      source,
      from: 'table',
    });
    expect(await scoreOf(stage(), 'tr.macro.f1')).toMatchObject({ value: 0.4 });
    expect(await scoreOf(stage(), 'tr.PER.f1')).toMatchObject({ value: 0.3 });
    await expect(scoreOf(stage(), 'tr.loss')).rejects.toMatchObject({
      message: `${stage()} has no tr.loss: ${source} does not say it.`,
      exitCode: 2,
    });
    await expect(scoreOf(stage(), 'en.f1')).rejects.toThrow('has no scores of en; it has those of tr.');
  });

  it('does not take a table for what is damaged in the store, not done, or counted otherwise', async () => {
    await table();
    const { config } = study.store.stage(keyOfStage(study, 'phase-1-tr'));
    const before = await readFile(config);
    await writeFile(config, '{');
    await expect(scoreOf(stage(), 'tr.f1')).rejects.toThrow('config.json');
    await writeFile(config, before);
    await rm(study.store.root, { recursive: true });
    await table({ status: 'failed' });
    await expect(scoreOf(stage(), 'tr.f1')).rejects.toThrow(
      'says that phase-1-tr is failed; expected that it is done.',
    );
    await table({}, { mode: 'strict' });
    await expect(scoreOf(stage(), 'tr.f1')).rejects.toThrow(
      "its entities were counted in strict mode; expected seqeval's default mode.",
    );
  });

  it('has those of its table where nothing else of the study is there, by whole names and with seeds', async () => {
    const copy = join(root, 'committed');
    const seed = (stage: string, f1: number) => ({ stage, status: 'done', f1: { tr: f1 } });
    const trainings = [seed('phase-1-tr-seed-42', 0.5), seed('phase-1-tr-seed-43', 0.7)];
    await table({ trainings });
    await mkdir(copy);
    await cp(join(study.folder.root, 'table.json'), join(copy, 'table.json'));
    expect(await scoreOf(join(copy, 'phase-1-tr'), 'tr.f1')).toMatchObject({ value: 0.6, n: 2 });
    expect(await scoreOf(join(copy, 'phase-1-tr-seed-43'), 'tr.f1')).toMatchObject({ value: 0.7, n: 1 });
    expect(await scoreOf(copy, 'tr.f1')).toMatchObject({ value: 0.6 });
    await expect(scoreOf(join(copy, 'phase-1-ti'), 'tr.f1')).rejects.toMatchObject({
      message: `${join(copy, 'table.json')} has no stage phase-1-ti; did you mean phase-1-tr?`,
      exitCode: 2,
    });
    await writeFile(join(copy, 'table.json'), '{}');
    await expect(scoreOf(join(copy, 'phase-1-tr'), 'tr.f1')).rejects.toThrow('is no table of a study');
  });

  it('is called by its trainings in a table where cells or protocols have rows of one stage', async () => {
    const copy = join(root, 'grid');
    await mkdir(copy);
    const row = (name: string, f1: number) => ({
      ...{ stage: 'phase-1-tr', status: 'done', n: 1, trainings: [{ stage: name, status: 'done', f1: { tr: f1 } }] },
      scores: { tr: { micro: { f1: { n: 1, mean: f1, sd: null } } } },
    });
    const conditions = { mode: 'default', average: 'micro', split: 'test' };
    const rows = [row('phase-1-tr-lr-1e-3', 0.1), row('phase-1-tr-lr-1e-4-seed-42', 0.2)];
    const write = (more: object[]) =>
      writeFile(join(copy, 'table.json'), JSON.stringify({ conditions, rows: [...rows, ...more] }));
    await write([rows[0]!]); // Two protocols that share a training.
    expect(await scoreOf(join(copy, 'phase-1-tr-lr-1e-3'), 'tr.f1')).toMatchObject({ value: 0.1 });
    expect(await scoreOf(join(copy, 'phase-1-tr-lr-1e-4'), 'tr.f1')).toMatchObject({ value: 0.2 });
    await expect(scoreOf(join(copy, 'phase-1-tr'), 'tr.f1')).rejects.toMatchObject({
      message: `phase-1-tr may be any of 2 rows of ${join(copy, 'table.json')}; expected the name of one of them.`,
      hint: 'They are phase-1-tr-lr-1e-3, phase-1-tr-lr-1e-4.',
      exitCode: 2,
    });
    await expect(scoreOf(copy, 'tr.f1')).rejects.toThrow('has 2 stages; expected the name of one of them');
    await write([row('phase-1-tr-lr-1e-3', 0.3)]);
    await expect(scoreOf(join(copy, 'phase-1-tr-lr-1e-3'), 'tr.f1')).rejects.toThrow('has 2 rows of the name');
  });

  it('reads the tables that this repository holds', async () => {
    const folder = 'results/pretrained/en-tr-protocols';
    const whole = await scoreOf(`${folder}/phase-3.2-tr-500-from-source`, 'tr.f1');
    const seeds = await Promise.all(
      [42, 43].map(seed => scoreOf(`${folder}/phase-3.2-tr-500-from-source-seed-${seed}`, 'tr.f1')),
    );
    expect(whole.value).toBeCloseTo((seeds[0]!.value + seeds[1]!.value) / 2, 12);
    expect(whole.value).not.toBe((await scoreOf(`${folder}/phase-3.2-tr-500`, 'tr.f1')).value);
  });

  it('is to be named', async () => {
    await expect(openScores(study.folder.root)).rejects.toMatchObject({
      message: `${study.folder.root} has 4 stages; expected the name of one of them behind it.`,
      exitCode: 2,
    });
    await expect(openScores(join(study.folder.root, 'phase-1'))).rejects.toMatchObject({ exitCode: 2 });
    await expect(openScores(join(root, 'nothing', 'phase-1-tr'))).rejects.toMatchObject({ exitCode: 2 });
  });
});
