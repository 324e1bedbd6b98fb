import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { refuseIdleStudy } from '../../src/experiment/idle-cells.js';

async function said(...assignments: string[]): Promise<string | null> {
  const loaded = await loadConfig({ assignments });
  try {
    refuseIdleStudy(loaded);
    return null;
  } catch (error) {
    expect(error).toMatchObject({ exitCode: 2, hint: expect.stringMatching(/^Leave /) });
    return (error as Error).message;
  }
}

const patience = 'study.grid.training.plateauPatience=[1, 2]';
const mixtures = ['study.protocol=mixtures', 'study.train=[[de], [de, fr]]', 'study.score=[de, fr]'];

it('a grid whose cells would train the same is refused, from wherever it comes', async () => {
  const message =
    'would train the same twice, with training.plateauPatience 1 and with training.plateauPatience 2: training.plateauPatience is used only with training.schedule plateau; training.schedule is linear.';
  expect(await said(patience)).toBe(`study.grid, from --set ${patience}, ${message}`);
  const loaded = await loadConfig({ assignments: [patience] });
  const inFile = { ...loaded, origins: { ...loaded.origins, 'study.grid': 'study.yaml' } };
  expect(() => refuseIdleStudy(inFile)).toThrow(`study.grid, from study.yaml, ${message}`);
  expect(await said(patience, 'training.schedule=plateau')).toBeNull();
});

it('of a grid in which some cells use a setting, each of these may stand, and one of the others', async () => {
  const both = [patience, 'study.grid.training.schedule=[linear, plateau]'];
  expect(await said(...both)).toContain(
    'with training.plateauPatience 1, training.schedule linear and with training.plateauPatience 2, training.schedule linear: ',
  );
  expect(await said(...both, 'study.exclude=[{training.schedule: linear, training.plateauPatience: 2}]')).toBeNull();
  // A setting that is typed is used where one cell uses it.
  expect(await said('training.plateauFactor=0.5', 'study.grid.training.schedule=[linear, plateau]')).toBeNull();
});

it('a grid is looked at with the trainings of its protocol', async () => {
  const temperature = 'study.grid.training.temperature=[1, 5]';
  expect(await said(temperature)).toContain(
    'training.temperature is used only where a training has several languages; ',
  );
  expect(await said(temperature, 'study.protocol=joint')).toBeNull();
  expect(await said(temperature, ...mixtures)).toBeNull();
  expect(await said('training.temperature=2', 'study.protocol=[cumulative, joint]')).toBeNull();
  expect(await said('training.temperature=2')).toContain('training.langs is [tr] or [en].');
});

it.each([
  ['study.dataSeeds=3', [], ['training.subset=head']],
  ['training.dataSeed=3', [], mixtures],
  ['training.dataSeed=3', [...mixtures, 'training.size=9'], ['study.dataSeeds=[1, 2]']],
  ['seed=3', ['study.seeds=2'], ['study.seeds=[1, 2]']],
  ['study.source=fr', ['study.protocol=zero-shot'], ['study.protocol=zero-shot', 'study.train=[[de]]']],
  [
    'study.source=de',
    ['study.protocol=zero-shot', 'study.train=[[de]]'],
    ['study.protocol=zero-shot', 'study.train=[[de, en]]'],
  ],
  ['study.grid.training.plateauPatience=[1]', ['training.schedule=plateau'], []],
])('%s is used with %j and not with %j', async (assignment, used, idle) => {
  expect(await said(assignment, ...used)).toBeNull();
  expect(await said(assignment, ...idle)).toMatch(/is used only .*; /);
});

it('a setting that is typed beside the values that the grid has of it is refused', async () => {
  expect(await said('training.epochs=1', 'study.grid.training.epochs=[2, 3]')).toBe(
    'training.epochs is 1, from --set training.epochs=1, and study.grid has it too, from --set study.grid.training.epochs=[2, 3]: [2, 3]; expected one of them.',
  );
});

it('a combination that is left out, and that there is none of, is refused', async () => {
  const protocols = ['study.protocol=[mixtures, cumulative]', 'study.train=[[de]]', 'study.score=[de]'];
  expect(await said(...protocols, 'study.exclude=[{protocol: cumulative, train: [[de]]}]')).toBe(
    'study.exclude has {protocol: cumulative, train: [[de]]}, from --set study.exclude=[{protocol: cumulative, train: [[de]]}], and no training of the study is of that combination.',
  );
  const grid = ['study.protocol=[cumulative, joint]', 'study.grid.training.epochs=[1, 2]'];
  expect(await said(...grid, 'study.exclude=[{protocol: joint, training.epochs: 2}]')).toBeNull();
});

it.each(readdirSync('configs/studies'))('the study %s holds no such grid', async name => {
  const loaded = await loadConfig({ file: `configs/studies/${name}` });
  refuseIdleStudy(loaded);
});
