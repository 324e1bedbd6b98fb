import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import type { Config } from '../../src/config/schema.js';
import { identitiesOf } from '../../src/experiment/identity.js';
import { checkStudy, planStudy, type StudyPlan, scoredLangs, splitsOfStudy } from '../../src/experiment/study-plan.js';
import { fakeContents } from './contents.js';

const rows = { en: 100, tr: 100 };

async function configWith(...assignments: string[]): Promise<Config> {
  return (await loadConfig({ assignments: ['study.sizes=[10, 20]', ...assignments] })).config;
}

async function planOf(...assignments: string[]): Promise<StudyPlan> {
  return planStudy(await configWith(...assignments), rows);
}

const ids = ({ stages }: StudyPlan) => stages.map(({ id }) => id);
const starts = ({ stages }: StudyPlan) => Object.fromEntries(stages.map(({ id, startStage }) => [id, startStage]));

it('is the protocol itself where no axis has more than one value', async () => {
  const plan = await planOf();
  expect(ids(plan)).toEqual(['phase-1-tr', 'phase-2-en', 'phase-3.1-tr-10', 'phase-3.2-tr-20']);
  expect(plan.asked).toBe(4);
  expect(plan.rows.map(({ trainings }) => trainings)).toEqual([
    [{ id: 'phase-1-tr', seed: 42, dataSeed: null }],
    [{ id: 'phase-2-en', seed: 42, dataSeed: null }],
    [{ id: 'phase-3.1-tr-10', seed: 42, dataSeed: 42 }],
    [{ id: 'phase-3.2-tr-20', seed: 42, dataSeed: 42 }],
  ]);
});

it('multiplies seeds and data seeds; a stage starts from the one of its own, and one of all rows has no data seed', async () => {
  const plan = await planOf('study.seeds=2', 'study.dataSeeds=[7, 9]', 'study.sizes=[10]');
  expect(starts(plan)).toEqual({
    'phase-1-tr-seed-42': null,
    'phase-2-en-seed-42': null,
    'phase-3.1-tr-10-seed-42-data-7': 'phase-2-en-seed-42',
    'phase-3.1-tr-10-seed-42-data-9': 'phase-2-en-seed-42',
    'phase-1-tr-seed-43': null,
    'phase-2-en-seed-43': null,
    'phase-3.1-tr-10-seed-43-data-7': 'phase-2-en-seed-43',
    'phase-3.1-tr-10-seed-43-data-9': 'phase-2-en-seed-43',
  });
  expect(plan.asked).toBe(12);
  expect(plan.rows.map(({ stage, trainings }) => [stage.id, trainings.length])).toEqual([
    ['phase-1-tr', 2],
    ['phase-2-en', 2],
    ['phase-3.1-tr-10', 4],
  ]);
  const last = plan.stages.at(-1)!.config;
  expect([last.seed, last.training.dataSeed]).toEqual([43, 9]);
  const first = plan.stages[0]!.config;
  expect([first.seed, first.training.dataSeed]).toEqual([42, 7]);
});

it('counts the segments of stages whose rows are split, and of a row of the table their mean', async () => {
  const config = await configWith('study.dataSeeds=2', 'training.batchSize=10', 'training.epochs=2');
  const segments = { 'phase-2-en': 151, 'phase-3.1-tr-10-data-42': 12, 'phase-3.2-tr-20-data-43': 41 };
  const { stages, rows: table } = planStudy(config, rows, segments);
  expect(stages.map(({ id, samples, segments, steps }) => [id, samples, segments, steps])).toEqual([
    ['phase-1-tr', 100, undefined, 20],
    ['phase-2-en', 100, 151, 32],
    ['phase-3.1-tr-10-data-42', 10, 12, 4],
    ['phase-3.2-tr-20-data-42', 20, undefined, 4],
    ['phase-3.1-tr-10-data-43', 10, undefined, 2],
    ['phase-3.2-tr-20-data-43', 20, 41, 10],
  ]);
  expect(table.map(({ stage }) => [stage.id, stage.steps])).toEqual([
    ['phase-1-tr', 20],
    ['phase-2-en', 32],
    ['phase-3.1-tr-10', 3],
    ['phase-3.2-tr-20', 7],
  ]);
  const most = await configWith('training.maxSteps=7');
  expect(planStudy(most, rows, segments).stages.map(({ steps }) => steps)).toEqual([7, 7, 7, 7]);
});

it('gives the stages after a subset its data seed, also where they take all rows', async () => {
  const plan = await planOf('study.protocol=target-then-source', 'study.dataSeeds=2', 'study.sizes=[10]');
  expect(starts(plan)).toEqual({
    'phase-1.1-tr-10-data-42': null,
    'phase-4.1-en-after-tr-10-data-42': 'phase-1.1-tr-10-data-42',
    'phase-1.1-tr-10-data-43': null,
    'phase-4.1-en-after-tr-10-data-43': 'phase-1.1-tr-10-data-43',
  });
});

it('has no data seed where the first rows are taken as they lie', async () => {
  const plan = await planOf('study.dataSeeds=3', 'training.subset=head');
  expect(ids(plan)).toEqual(ids(await planOf()));
});

it('lets protocols share what they have in common, and names apart what they do not', async () => {
  const plan = await planOf('study.protocol=[cumulative, from-source, target-only, target-then-source]');
  expect(starts(plan)).toEqual({
    'phase-1-tr': null,
    'phase-2-en': null,
    'phase-3.1-tr-10': 'phase-2-en',
    'phase-3.2-tr-20': 'phase-3.1-tr-10',
    'phase-3.2-tr-20-from-source': 'phase-2-en',
    'phase-1.1-tr-10': null,
    'phase-1.2-tr-20': null,
    'phase-4.1-en-after-tr-10': 'phase-1.1-tr-10',
    'phase-4.2-en-after-tr-20': 'phase-1.2-tr-20',
  });
  expect(plan.asked).toBe(4 + 4 + 2 + 4);
  const fromSource = plan.rows.filter(({ protocol }) => protocol === 'from-source');
  expect(fromSource.map(({ trainings }) => trainings[0]!.id)).toEqual([
    ...['phase-1-tr', 'phase-2-en', 'phase-3.1-tr-10', 'phase-3.2-tr-20-from-source'],
  ]);
});

it('trains once what two protocols call otherwise', async () => {
  const plan = await planOf('study.protocol=[cumulative, zero-shot]', 'study.score=[en, tr]');
  expect(ids(plan)).not.toContain('on-en');
  expect(plan.rows.at(-1)).toMatchObject({ protocol: 'zero-shot', trainings: [{ id: 'phase-2-en' }] });
});

it('makes a cell of every combination of the grid', async () => {
  const plan = await planOf(
    'study.grid={training.learningRate: [1e-3, 1e-4], training.epochs: [1, 2]}',
    'study.protocol=target-only',
    'study.sizes=[10]',
  );
  expect(ids(plan)).toEqual([
    'phase-1.1-tr-10-learningRate-0.001-epochs-1',
    'phase-1.1-tr-10-learningRate-0.001-epochs-2',
    'phase-1.1-tr-10-learningRate-1e-4-epochs-1',
    'phase-1.1-tr-10-learningRate-1e-4-epochs-2',
  ]);
  expect(plan.rows.map(({ cell, stage }) => [cell, stage.config.training.learningRate, stage.steps])).toEqual([
    [{ 'training.learningRate': 1e-3, 'training.epochs': 1 }, 1e-3, 1],
    [{ 'training.learningRate': 1e-3, 'training.epochs': 2 }, 1e-3, 2],
    [{ 'training.learningRate': 1e-4, 'training.epochs': 1 }, 1e-4, 1],
    [{ 'training.learningRate': 1e-4, 'training.epochs': 2 }, 1e-4, 2],
  ]);
});

it('numbers cells whose values are too long for a name, and keeps names within 80 characters', async () => {
  const rates = '[1e-3, 1.2345678901e-4]';
  const grid = `study.grid={training.learningRate: ${rates}, training.weightDecay: [0.1, 0.01]}`;
  expect(ids(await planOf(grid, 'study.protocol=target-only', 'study.sizes=[10]')).at(-1)).toBe(
    'phase-1.1-tr-10-cell-4',
  );
  const { config } = await loadConfig({
    assignments: [
      ...['study.source=zh-classical', 'study.target=map-bms', 'study.sizes=[1000000]', grid],
      ...['study.seeds=[4294967294, 4294967295]', 'study.dataSeeds=[4294967294, 4294967295]'],
      'study.protocol=target-then-source',
    ],
  });
  const names = ids(planStudy(config, { 'zh-classical': 10, 'map-bms': 1_000_000 }));
  expect(new Set(names).size).toBe(names.length);
  expect(Math.max(...names.map(({ length }) => length))).toBe(80);
});

it('gives stages of one key one name: the keys are as many as the stages', async () => {
  const plan = await planOf(
    ...['study.protocol=[cumulative, from-source, target-only, joint, target-then-source]', 'study.seeds=2'],
    ...['study.dataSeeds=2', 'study.grid={training.learningRate: [1e-3, 1e-4]}'],
  );
  const identities = identitiesOf(plan.stages, fakeContents(rows));
  expect(new Set([...identities.values()].map(({ key }) => key)).size).toBe(plan.stages.length);
  for (const { id, startStage } of plan.stages) {
    if (startStage !== null) expect(ids(plan).indexOf(startStage)).toBeLessThan(ids(plan).indexOf(id));
  }
});

it('trains joint on the rows of the source and on those of target-only, and another data seed on others', async () => {
  const rowsOf = async (protocol: string, id: string, ...more: string[]) => {
    const { stages } = await planOf(`study.protocol=${protocol}`, ...more);
    return identitiesOf(stages, fakeContents(rows)).get(id)!.rows.training;
  };
  const [source] = await rowsOf('cumulative', 'phase-2-en');
  const [target] = await rowsOf('target-only', 'phase-1.1-tr-10');
  expect(await rowsOf('joint', 'phase-2.1-en-tr-10')).toEqual([source, target]);
  const [other] = await rowsOf('target-only', 'phase-1.1-tr-10', 'training.dataSeed=7');
  expect([other!.name, other!.sha256 === target!.sha256]).toEqual(['tr/train:10', false]);
});

it('leaves the keys of stages as they are, whatever the axes are called', async () => {
  const one = identitiesOf((await planOf('seed=43')).stages, fakeContents(rows));
  const many = identitiesOf((await planOf('study.seeds=[42, 43]', 'study.dataSeeds=2')).stages, fakeContents(rows));
  expect(many.get('phase-3.2-tr-20-seed-43-data-42')!.key).toBe(one.get('phase-3.2-tr-20')!.key);
  expect(many.get('phase-3.2-tr-20-seed-43-data-43')!.key).not.toBe(one.get('phase-3.2-tr-20')!.key);
});

it('reads and scores what any of its protocols does', async () => {
  const config = await configWith('study.protocol=[target-only, mixtures]', 'study.train=[[de]]');
  expect(scoredLangs(config)).toEqual(['en', 'tr', 'de']);
  expect(splitsOfStudy(config).map(split => split.join('/'))).toEqual([
    ...['en/train', 'en/validation', 'en/test', 'tr/train', 'tr/validation', 'tr/test'],
    ...['de/train', 'de/validation', 'de/test'],
  ]);
});

it.each<[boolean, string[]]>([
  [true, []],
  [false, ['evaluation.eachEpoch=false']],
  [false, ['evaluation.enabled=false']],
  [true, ['evaluation.eachEpoch=false', 'training.patience=1']],
  [true, ['evaluation.eachEpoch=false', 'study.grid={training.patience: [null, 1]}']],
  [true, ['evaluation.eachEpoch=false', 'training.resplit=true']],
])('reads the validation splits: %s with %j', async (isRead, assignments) => {
  const splits = splitsOfStudy(await configWith(...assignments)).map(split => split.join('/'));
  expect(splits.filter(name => name.endsWith('/validation')).sort()).toEqual(
    isRead ? ['en/validation', 'tr/validation'] : [],
  );
  expect(splits).toEqual(expect.arrayContaining(['en/train', 'tr/train']));
});

it('refuses more stages than its stages.json can hold', async () => {
  const config = await configWith('study.seeds=1000', 'study.dataSeeds=5', 'study.protocol=target-only');
  expect(() => planStudy(config, rows)).toThrow(
    'The study has 10000 stages, each scored on 2 languages; expected at most 7407 of these.',
  );
});

it.each([
  [
    ['study.train=[[de]]'],
    'study.train is [[de]], and the protocol cumulative trains on source and target; expected it to be left out.',
  ],
  [
    ['study.seeds=2', 'seed=4294967295'],
    '2 seeds from seed 4294967295 on would end at 4294967296; expected at most 4294967295.',
  ],
  [
    ['study.seeds=1000', 'study.dataSeeds=11'],
    "The study's protocols, cells, seeds and data seeds multiply to 11000; expected at most 10000.",
  ],
  [['study.protocol=mixtures'], 'study.train is [], and the protocol mixtures trains on each of its sets'],
])('refuses %s', async (assignments, sentence) => {
  const config = await configWith(...assignments);
  expect(() => checkStudy(config)).toThrow(
    expect.objectContaining({ message: expect.stringContaining(sentence), exitCode: 2 }),
  );
});
