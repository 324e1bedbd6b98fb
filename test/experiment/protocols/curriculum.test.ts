import { expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.js';
import type { Config } from '../../../src/config/schema.js';
import { cumulative } from '../../../src/experiment/protocols/cumulative.js';
import { fromSource } from '../../../src/experiment/protocols/from-source.js';

const rows = { en: 20000, tr: 20000 };

async function configWith(...assignments: string[]): Promise<Config> {
  return (await loadConfig({ assignments })).config;
}

const curriculum = cumulative.stages;

it('has the stages and optimizer steps of the published curriculum', async () => {
  const stages = curriculum(await configWith(), rows);
  expect(stages.map(({ id, samples, startStage, steps }) => [id, samples, startStage, steps])).toEqual([
    ['phase-1-tr', 20000, null, 1875],
    ['phase-2-en', 20000, null, 1875],
    ['phase-3.1-tr-250', 250, 'phase-2-en', 24],
    ['phase-3.2-tr-500', 500, 'phase-3.1-tr-250', 48],
    ['phase-3.3-tr-1000', 1000, 'phase-3.2-tr-500', 96],
    ['phase-3.4-tr-2000', 2000, 'phase-3.3-tr-1000', 189],
    ['phase-3.5-tr-5000', 5000, 'phase-3.4-tr-2000', 471],
    ['phase-3.6-tr-10000', 10000, 'phase-3.5-tr-5000', 939],
    ['phase-3.7-tr-20000', 20000, 'phase-3.6-tr-10000', 1875],
  ]);
});

it('starts every stage of phase 3 from the source-only model under from-source', async () => {
  const config = await configWith('study.sizes=[10, 20, 30]');
  expect(fromSource.stages(config, rows).map(({ startStage }) => startStage)).toEqual([
    null,
    null,
    'phase-2-en',
    'phase-2-en',
    'phase-2-en',
  ]);
});

it('trains each stage on its own rows', async () => {
  const config = await configWith('study.source=de', 'study.target=fr', 'study.sizes=[7]', 'training.epochs=2');
  const stages = curriculum(config, { de: 65, fr: 33 });
  expect(stages.map(({ config: { training } }) => [training.langs, training.size])).toEqual([
    [['fr'], null],
    [['de'], null],
    [['fr'], 7],
  ]);
  expect(cumulative.scoredLangs(config)).toEqual(['de', 'fr']);
  expect(cumulative.scoredLangs(await configWith('study.score=[it]'))).toEqual(['it']);
  expect(stages.map(({ label, phase, samples, steps }) => [phase, label, samples, steps])).toEqual([
    ['1', 'fr', 33, 4],
    ['2', 'de', 65, 6],
    ['3.1', 'de → fr 7', 7, 2],
  ]);
  expect(stages[2]!.config.training.epochs).toBe(2);
  expect(config.training.langs).toEqual(['en']);
});

it('counts the steps of accumulated batches, and maxSteps', async () => {
  const steps = async (...assignments: string[]) =>
    curriculum(await configWith('study.sizes=[100]', ...assignments), rows).at(-1)!.steps;
  expect(await steps('training.gradientAccumulationSteps=3')).toBe(3 * 2);
  expect(await steps('training.maxSteps=5')).toBe(5);
});

it.each([
  [['study.source=tr'], 'The source and the target of the study are both tr; expected two languages.'],
  [
    ['study.sizes=[250, 20001]'],
    'The study asks for 20001 rows of tr, but its train split has 20000; expected sizes up to 20000.',
  ],
  [['evaluation.enabled=false'], 'evaluation.enabled is false, but a study is a table of scores; expected true.'],
  [['training.size=100'], 'training.size is 100, but a study chooses it for each stage; expected it to be left out.'],
  [
    ['training.sizes.tr=9'],
    'training.sizes is {tr: 9}, but a study chooses it for each stage; expected it to be left out.',
  ],
  [
    ['training.resplit=true'],
    'training.resplit is true, but the sizes of a study are rows to train on; expected false.',
  ],
  [
    ['training.fractions={fr: .5}'],
    'training.fractions names fr, which is not trained on or scored; expected one of en, tr.',
  ],
  [
    ['training.fractions={tr: .5}'],
    'The study asks for 20000 rows of tr, but training.fractions leaves 10000; expected sizes up to 10000.',
    { en: 20000, tr: 10000 },
  ],
  [
    ['training.langs=[tr]'],
    'training.langs is [tr], but a study chooses it for each stage; expected it to be left out.',
  ],
])('refuses %s', async (assignments, sentence, left = rows) => {
  const config = await configWith(...assignments);
  expect(() => curriculum(config, left)).toThrow(sentence);
});

it('suggests the sizes that fit', async () => {
  const config = await configWith();
  expect(() => curriculum(config, { en: 20000, tr: 1000 })).toThrow(
    expect.objectContaining({ hint: 'Choose other sizes, such as --sizes 250,500,1000 (study.sizes).' }),
  );
  expect(() => curriculum(config, { en: 20000, tr: 100 })).toThrow(
    expect.objectContaining({ hint: 'Choose other sizes, such as --sizes 100 (study.sizes).' }),
  );
});
