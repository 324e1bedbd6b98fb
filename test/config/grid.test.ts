import { expect, it } from 'vitest';
import { cellsOf, withCell } from '../../src/config/grid.js';
import { loadConfig } from '../../src/config/load.js';

it('has a cell for every combination, and one where there is no grid', () => {
  expect(cellsOf({})).toEqual([{}]);
  expect(cellsOf({ 'training.epochs': [1, 2], model: ['a', 'b'] })).toEqual([
    { 'training.epochs': 1, model: 'a' },
    { 'training.epochs': 1, model: 'b' },
    { 'training.epochs': 2, model: 'a' },
    { 'training.epochs': 2, model: 'b' },
  ]);
});

it('sets the settings of a cell, and leaves the configuration as it was', async () => {
  const { config } = await loadConfig({});
  const changed = withCell(config, { 'training.epochs': 7, model: 'other' });
  expect([changed.training.epochs, changed.model, changed.training.batchSize]).toEqual([7, 'other', 32]);
  expect([config.training.epochs, config.model]).toEqual([3, 'FacebookAI/xlm-roberta-base']);
});

it.each([
  ['{training.learningRat: [1]}', 'study.grid has "training.learningRat", from --set'],
  ['{training.learningRat: [1]}', '; did you mean training.learningRate?'],
  ['{learningRate: [1]}', '; did you mean training.learningRate?'],
  ['{seed: [1, 2]}', 'study.grid has "seed"'],
  ['{training.size: [1, 2]}', 'study.grid has "training.size"'],
  ['{evaluation.limit: [1, 2]}', 'expected model or a setting of training or tokenization.'],
  ['{training.learningRate: [1e-3, 2]}', 'study.grid has 2 for training.learningRate'],
  ['{training.learningRate: [1e-3, 2]}', 'expected a float32 number above 0 and at most 1.'],
  ['{training.learningRate: 1e-3}', 'study.grid is {"training.learningRate":0.001}'],
  ['{training.epochs: [1, 1]}', 'expected a map from settings to lists of different values'],
  ['{training.epochs: []}', 'expected a map from settings to lists of different values'],
  ['[1]', 'expected a map from settings to lists of different values'],
  ['{training.warmupSteps: [0, 5], training.warmupRatio: [null, 0.1]}', 'expected one of them.'],
  [
    `{training.epochs: [${Array.from({ length: 50 }, (_, i) => i + 1)}], training.batchSize: [${Array.from({ length: 21 }, (_, i) => i + 1)}]}`,
    'has 1050 cells; expected at most 1000.',
  ],
])('refuses the grid %s', async (grid, sentence) => {
  await expect(loadConfig({ assignments: [`study.grid=${grid}`] })).rejects.toThrow(
    expect.objectContaining({ message: expect.stringContaining(sentence), exitCode: 2 }),
  );
});

it('says where the axis of a setting is that has one of its own', async () => {
  await expect(loadConfig({ assignments: ['study.grid={seed: [1]}'] })).rejects.toMatchObject({
    hint: 'study.seeds is the axis of the seeds (--seeds).',
  });
});
