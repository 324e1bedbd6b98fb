import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { checkStudy, planStudy } from '../../src/experiment/study-plan.js';
import { packageRoot } from '../../src/system/package.js';

const rows = { en: 100, tr: 100, de: 100, fr: 100 };

async function planOf(...assignments: string[]) {
  const { config } = await loadConfig({ assignments: ['study.sizes=[10]', ...assignments] });
  return planStudy(config, rows);
}

const matrix = ['study.protocol=mixtures', 'study.train=[[en], [tr], [en, tr]]', 'study.grid={model: [a, b]}'];

/** Which models are trained on which languages. */
const trained = ({ stages }: Awaited<ReturnType<typeof planOf>>) =>
  stages.map(({ config: { model, training } }) => `${model}: ${training.langs.join(' ')}`);

it('leaves out the combinations that an entry names: a value, several, sets of languages in any order', async () => {
  expect(trained(await planOf(...matrix))).toHaveLength(6);
  const one = await planOf(...matrix, 'study.exclude=[{model: a, train: [tr, en]}]');
  expect(trained(one)).toEqual(['a: en', 'a: tr', 'b: en', 'b: tr', 'b: en tr']);
  expect([one.asked, one.rows.length]).toEqual([5, 5]);
  const two = await planOf(...matrix, 'study.exclude=[{model: [a], train: [[tr], [en]]}, {model: b, train: [[tr]]}]');
  expect(trained(two)).toEqual(['a: en tr', 'b: en', 'b: en tr']);
});

it('leaves out whole protocols of a cell, so that no stage lacks the one that it starts from', async () => {
  const grid = 'study.grid={training.learningRate: [1e-3, 1e-4]}';
  const plan = await planOf(
    'study.protocol=[cumulative, target-only]',
    grid,
    'study.exclude=[{protocol: cumulative, training.learningRate: 1e-3}]',
  );
  expect(plan.stages.map(({ id, startStage }) => [id, startStage])).toEqual([
    ['phase-1-tr-learningRate-1e-4', null],
    ['phase-2-en-learningRate-1e-4', null],
    ['phase-3.1-tr-10-learningRate-1e-4', 'phase-2-en-learningRate-1e-4'],
    ['phase-1.1-tr-10-learningRate-0.001', null],
    ['phase-1.1-tr-10-learningRate-1e-4', null],
  ]);
});

it.each([
  ['[{model: a}]', 'study.exclude has {model: a}; expected the values of two axes or more.'],
  ['[{model: c, train: [en]}]', 'study.exclude has c; expected what study.grid.model has: [a, b].'],
  ['[{model: a, train: [de]}]', 'study.exclude has [de]; expected what study.train has: [[en], [tr], [en, tr]].'],
  ['[{model: a, seed: 1}]', "study.exclude has seed; expected one of the study's axes protocol, train, model."],
  ['[{model: a, protocol: joint}]', 'study.exclude has joint; expected what study.protocol has: [mixtures].'],
  ['[{model: [a, b], protocol: mixtures}]', 'study.exclude leaves no training of the study; expected one or more.'],
  [
    '[{model:a, train: [en]}]',
    'expected a list of different maps such as [{model: NAME, train: [[de], [fr]]}], or [].',
  ],
  ['[{}]', 'study.exclude is [{}], from --set'],
  ['[de]', 'study.exclude is ["de"], from --set'],
  ['{model: a}', 'study.exclude is {"model":"a"}, from --set'],
])('refuses %s', async (exclude, sentence) => {
  await expect(planOf(...matrix, `study.exclude=${exclude}`)).rejects.toThrow(sentence);
  await expect(planOf(...matrix, `study.exclude=${exclude}`)).rejects.toMatchObject({ exitCode: 2 });
});

it('sets of languages are no axis of a protocol of source and target', async () => {
  const { config } = await loadConfig({
    assignments: ['study.grid={model: [a, b]}', 'study.exclude=[{model: a, train: [tr]}]'],
  });
  expect(() => checkStudy(config)).toThrow(
    "study.exclude has train; expected one of the study's axes protocol, model.",
  );
});

it('gives the mixtures of the field their ten trainings', async () => {
  const file = join(packageRoot, 'configs', 'studies', 'in5550-mixtures.yaml');
  const { config } = await loadConfig({ file });
  const every = { en: 20000, it: 20000, de: 20000, af: 5000, hu: 20000 };
  const fits = Object.fromEntries(config.study.train.map(langs => [`${langs.join('+')}:fit`, 1000]));
  const { stages } = planStudy(config, { ...every, ...fits });
  expect(stages.map(({ config: { model } }) => model.split('/')[1]!.split('-')[0])).toEqual([
    ...Array(3).fill('bert'),
    ...Array(7).fill('mdeberta'),
  ]);
});
