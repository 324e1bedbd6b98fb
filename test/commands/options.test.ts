import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { expect, it } from 'vitest';
import {
  addConfigOptions,
  addRowOptions,
  addSweepOptions,
  addTrainingOptions,
  configOf,
  languageSettings,
} from '../../src/commands/options.js';
import type { LoadedConfig } from '../../src/config/load.js';
import { settings } from '../../src/config/schema.js';

async function resolve(...argv: string[]): Promise<LoadedConfig> {
  const command = new Command().exitOverride();
  for (const add of [addConfigOptions, addRowOptions, addTrainingOptions, addSweepOptions]) add(command);
  let resolved: LoadedConfig | undefined;
  command.action(async () => {
    resolved = await configOf(command);
  });
  await command.parseAsync(argv, { from: 'user' });
  return resolved!;
}

it('leaves every setting at its default when nothing is typed', async () => {
  const { config, origins } = await resolve();
  expect(config.evaluation.enabled).toBe(true);
  expect(new Set(Object.values(origins))).toEqual(new Set(['default']));
});

it('turns every option into its setting', async () => {
  const { config } = await resolve(
    ...['--model', '2024', '--data', 'd', '--backend', 'wasm', '--seed', '7', '--lang', 'en,tr', '--langs', 'de'],
    ...['--resplit', '--temperature', '2.5', '--data-seed', '9'],
    ...[
      '--precision',
      'fp32',
      '--size',
      '250',
      '--eval-langs',
      'tr',
      '--no-eval',
      '--subset',
      'head',
      '--epochs',
      '2',
      '--batch-size',
      '8',
    ],
    ...[
      '--learning-rate',
      '5e-4',
      '--weight-decay',
      '0',
      '--warmup-steps',
      '10',
      '--schedule',
      'cosine',
      '--max-steps',
      '9',
      '--dropout',
      '0',
    ],
    ...[
      '--gradient-accumulation-steps',
      '4',
      '--group-by-length',
      '--max-length',
      '64',
      '--lower-case',
      'false',
      '--eval-limit',
      '100',
      '--log',
      'tensorboard',
    ],
    ...['--monitor', 'f1', '--patience', '2', '--select', 'best', '--new-head'],
    ...['--source', 'de', '--target', 'fr', '--sizes', '10,20', '--protocol', 'from-source,mixtures'],
    ...['--train', 'de', '--train', 'de,fr', '--score', 'de,it', '--seeds', '5', '--data-seeds', '1,2,3'],
    ...['--grid', 'training.learningRate=1e-3,1e-4', '--grid', 'model=a,b'],
  );
  expect(config).toEqual({
    model: '2024',
    data: 'd',
    corpora: {},
    backend: 'wasm',
    precision: 'fp32',
    seed: 7,
    log: 'tensorboard',
    tokenization: { maxLength: 64, longRows: 'cut', emptyWords: 'drop', lowerCase: false },
    training: {
      langs: ['en', 'tr', 'de'],
      size: 250,
      sizes: {},
      fractions: {},
      subset: 'head',
      dataSeed: 9,
      temperature: 2.5,
      resplit: true,
      lengthBins: [0, 5, 10, 15, 20, 30, 40, 100],
      beyondBins: 'bin',
      epochs: 2,
      batchSize: 8,
      learningRate: 5e-4,
      weightDecay: 0,
      maxGradNorm: 1,
      schedule: 'cosine',
      plateauPatience: 10,
      plateauFactor: 0.1,
      warmupSteps: 10,
      warmupRatio: null,
      gradientAccumulationSteps: 4,
      accumulation: 'mean',
      groupByLength: true,
      freeze: 'nothing',
      monitor: 'f1',
      monitorLangs: [],
      patience: 2,
      select: 'best',
      newHead: true,
      maxSteps: 9,
      dropout: 0,
    },
    evaluation: { enabled: false, langs: ['tr'], atEnd: true, eachEpoch: true, batchSize: 32, limit: 100 },
    checkpoint: { everyMinutes: 5, everySteps: null },
    study: {
      protocol: ['from-source', 'mixtures'],
      source: 'de',
      target: 'fr',
      sizes: [10, 20],
      train: [['de'], ['de', 'fr']],
      score: ['de', 'it'],
      seeds: 5,
      dataSeeds: [1, 2, 3],
      grid: { 'training.learningRate': [1e-3, 1e-4], model: ['a', 'b'] },
      exclude: [],
      metrics: { mode: 'default', average: 'micro' },
      keep: 'all',
    },
  });
});

it('lets an option win over --set, and takes several --set', async () => {
  const { config, origins } = await resolve('--epochs', '2', '--set', 'training.epochs=5', '--set', 'seed=1');
  expect([config.training.epochs, config.seed]).toEqual([2, 1]);
  expect(origins).toMatchObject({ 'training.epochs': '--epochs', seed: '--set seed=1' });
});

it('takes protocols as languages, one or several by each option', async () => {
  const protocolOf = async (...argv: string[]) => (await resolve(...argv)).config.study.protocol;
  expect(await protocolOf('--protocol', 'joint')).toBe('joint');
  expect(await protocolOf('--protocol', 'joint', '--protocol', 'cumulative,target-only')).toEqual([
    ...['joint', 'cumulative', 'target-only'],
  ]);
});

it('takes null for a setting that may be null', async () => {
  const { config } = await resolve('--set', 'training.size=5', '--size', 'null');
  expect(config.training.size).toBeNull();
});

it.skipIf(!existsSync(new URL('../../sample/model/config.json', import.meta.url)))(
  'takes model and data from the sample, but for those that are typed',
  async () => {
    const { config, origins } = await resolve('--sample', '--model', 'mine');
    expect([config.model, config.data]).toEqual(['mine', join('sample', 'data')]);
    expect(origins).toMatchObject({ model: '--model', data: '--sample' });
    expect((await resolve('--sample', '--set', 'data=elsewhere')).config).toMatchObject({
      model: join('sample', 'model'),
      data: 'elsewhere',
    });
  },
);

it.each([
  [[], 'sample'],
  [['--lang', 'tr', '--eval-langs', 'en,tr'], 'sample'],
  [['--lang', 'de'], 'sample/many'],
  [['--eval-langs', 'en,sw'], 'sample/many'],
  [['--source', 'af'], 'sample/many'],
  [['--target', 'hu'], 'sample/many'],
  [['--set', 'study.score=[en, it]'], 'sample/many'],
  // Rows of one's own: their languages choose nothing.
  [['--lang', 'ja', '--data', 'mine'], 'sample'],
])('takes with %j the model of %s', async (argv, folder) => {
  const { config, origins } = await resolve('--sample', ...argv);
  expect(config.model).toBe(join(folder, 'model'));
  expect(config.data).toBe(argv.includes('mine') ? 'mine' : join(folder, 'data'));
  expect(origins.model).toBe('--sample');
});

it('looks for a sample at the languages that the command reads, and no others', async () => {
  const loaded: LoadedConfig[] = [];
  const command = new Command().exitOverride().action(async () => {
    loaded.push(await configOf(command), await configOf(command, { langsOf: () => ['fr'] }));
  });
  addConfigOptions(command);
  addRowOptions(command);
  await command.parseAsync(['--sample', '--set', 'study.target=ja'], { from: 'user' });
  expect(loaded.map(({ config }) => config.model)).toEqual([join('sample', 'model'), join('sample', 'many', 'model')]);
  await expect(resolve('--sample', '--set', 'study.target=ja')).rejects.toThrow('No embedded sample has ja: ');
});

it('knows every setting that names languages', () => {
  const naming = [...settings].filter(([, setting]) => setting.expected.includes('language code'));
  expect(naming.map(([key]) => key).sort()).toEqual(Object.values(languageSettings).flat().sort());
});

it.each([
  [['--epochs', 'x'], 'training.epochs is "x", from --epochs; expected a number above 0 and at most 1000000.'],
  [['--epochs', '[1'], 'training.epochs is "[1", from --epochs; expected a number above 0 and at most 1000000.'],
  [['--lang', 'en,'], 'training.langs is ["en",""], from --lang; expected a list of different language codes'],
  [['--backend', 'cuda'], 'backend is "cuda", from --backend; expected one of auto, tensorflow, wasm.'],
  [['--sizes', '250,x'], 'study.sizes is [250,"x"], from --sizes; expected a list of whole numbers of at least 1'],
  [
    ['--protocol', 'cumulativ'],
    'study.protocol is "cumulativ", from --protocol; expected one of cumulative, from-source,',
  ],
  [['--seeds', '0'], 'study.seeds is 0, from --seeds; expected a whole number from 1 to 1000, or a list of different'],
  [
    ['--seeds', '1,1'],
    'study.seeds is [1,1], from --seeds; expected a whole number from 1 to 1000, or a list of different',
  ],
  [
    ['--train', 'de', '--train', 'de'],
    'study.train is [["de"],["de"]], from --train; expected a list of different lists',
  ],
  [['--grid', 'training.epochs'], '--grid is "training.epochs"; expected KEY=VALUES, such as'],
  [
    ['--grid', 'training.epochs='],
    'study.grid is {"training.epochs":[]}, from --grid; expected a map from settings to lists',
  ],
  [['--grid', 'training.epochs=1', '--grid', 'training.epochs=2'], '--grid has training.epochs twice; expected all of'],
  [['--grid', 'training.epochs=1,x'], 'study.grid has "x" for training.epochs, from --grid; expected a number above 0'],
  [['--target', 'tr', '--target', 'de'], '--target is given more than once: tr and de.'],
])('refuses %s', async (argv, sentence) => {
  await expect(resolve(...argv)).rejects.toThrow(sentence);
});

it('one model that is asked for takes the place of those that a file tries, and of what it leaves out of them', async () => {
  const asked = [
    'study.grid={model: [a, b], training.epochs: [1, 2]}',
    'study.exclude=[{model: a, training.epochs: 1}, {protocol: cumulative, training.epochs: 2}]',
  ].flatMap(assignment => ['--set', assignment]);
  const { study } = (await resolve(...asked, '--model', 'mine')).config;
  expect([study.grid, study.exclude]).toEqual([
    { 'training.epochs': [1, 2] },
    [{ protocol: 'cumulative', 'training.epochs': 2 }],
  ]);
  expect((await resolve(...asked)).config.study.exclude).toHaveLength(2);
});
