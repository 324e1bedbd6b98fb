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
} from '../../src/commands/options.js';
import type { LoadedConfig } from '../../src/config/load.js';

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
    ...['--model', '2024', '--data', 'd', '--backend', 'wasm', '--seed', '7', '--lang', 'en,tr', '--lang', 'de'],
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
    ...['--gradient-accumulation-steps', '4', '--group-by-length', '--max-length', '64', '--eval-limit', '100'],
    ...['--source', 'de', '--target', 'fr', '--sizes', '10,20', '--protocol', 'from-source'],
  );
  expect(config).toEqual({
    model: '2024',
    data: 'd',
    corpora: {},
    backend: 'wasm',
    precision: 'fp32',
    seed: 7,
    tokenization: { maxLength: 64, emptyWords: 'drop' },
    training: {
      langs: ['en', 'tr', 'de'],
      size: 250,
      subset: 'head',
      epochs: 2,
      batchSize: 8,
      learningRate: 5e-4,
      weightDecay: 0,
      maxGradNorm: 1,
      schedule: 'cosine',
      warmupSteps: 10,
      warmupRatio: null,
      gradientAccumulationSteps: 4,
      accumulation: 'mean',
      groupByLength: true,
      freeze: 'nothing',
      maxSteps: 9,
      dropout: 0,
    },
    evaluation: { enabled: false, langs: ['tr'], atEnd: true, eachEpoch: true, batchSize: 32, limit: 100 },
    checkpoint: { everyMinutes: 5, everySteps: null },
    study: { protocol: 'from-source', source: 'de', target: 'fr', sizes: [10, 20], score: [], keep: 'all' },
  });
});

it('lets an option win over --set, and takes several --set', async () => {
  const { config, origins } = await resolve('--epochs', '2', '--set', 'training.epochs=5', '--set', 'seed=1');
  expect([config.training.epochs, config.seed]).toEqual([2, 1]);
  expect(origins).toMatchObject({ 'training.epochs': '--epochs', seed: '--set seed=1' });
});

it('takes null for a setting that may be null', async () => {
  const { config } = await resolve('--set', 'training.size=5', '--size', 'null');
  expect(config.training.size).toBeNull();
});

it.skipIf(!existsSync(new URL('../../sample/model/config.json', import.meta.url)))(
  'takes model and data from the sample, over --set but under --model',
  async () => {
    const { config, origins } = await resolve('--sample', '--set', 'data=elsewhere', '--model', 'mine');
    expect([config.model, config.data]).toEqual(['mine', join('sample', 'data')]);
    expect(origins).toMatchObject({ model: '--model', data: '--sample' });
  },
);

it.each([
  [['--epochs', 'x'], 'training.epochs is "x", from --epochs; expected a number above 0 and at most 1000000.'],
  [['--epochs', '[1'], 'training.epochs is "[1", from --epochs; expected a number above 0 and at most 1000000.'],
  [['--lang', 'en,'], 'training.langs is ["en",""], from --lang; expected a list of different language codes'],
  [['--backend', 'cuda'], 'backend is "cuda", from --backend; expected one of auto, tensorflow, wasm.'],
  [['--sizes', '250,x'], 'study.sizes is [250,"x"], from --sizes; expected a list of whole numbers of at least 1'],
  [['--target', 'tr', '--target', 'de'], '--target is given more than once: tr and de.'],
])('refuses %s', async (argv, sentence) => {
  await expect(resolve(...argv)).rejects.toThrow(sentence);
});
