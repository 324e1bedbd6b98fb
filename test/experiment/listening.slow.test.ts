import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTensors } from '../../src/checkpoint/weights.js';
import { readRunConfig } from '../../src/experiment/records.js';
import { checkResults } from '../../src/experiment/results.js';
import { runStage } from '../../src/experiment/run.js';
import type { StageMetrics } from '../../src/experiment/stage.js';
import { runDirectory } from '../../src/run/directory.js';
import { type EvaluationEvent, readEvents, type StepEvent } from '../../src/run/events.js';
import { requestFor, resultsOf } from './short-run.js';
import { stopAfter } from './stop-after.js';

/** 5 steps an epoch, and a learning rate that soon makes things worse. */
const wild = ['training.learningRate=2e-2', 'training.schedule=constant', 'training.weightDecay=0.1'];

const cases: Record<string, string[]> = {
  'patience on the loss, the best weights': [
    ...wild,
    'training.epochs=8',
    'training.patience=2',
    'training.select=best',
  ],
  'a plateau of F1': [
    ...wild,
    ...['training.epochs=6', 'training.schedule=plateau', 'training.plateauPatience=0', 'training.plateauFactor=0.2'],
    ...['training.monitor=f1', 'training.select=best'],
  ],
  'the average of all epochs, the last in part': [
    'training.epochs=2.5',
    'training.select=average',
    'training.weightDecay=0.5',
  ],
  'the average of a classifier alone, until patience ends': [
    ...[...wild, 'training.epochs=9', 'training.select=average', 'training.patience=1', 'training.freeze=encoder'],
    'training.learningRate=0.5',
  ],
  'patience on another language, and no other score': [
    ...[...wild, 'training.epochs=8', 'training.patience=1', 'training.monitorLangs=[tr]', 'evaluation.enabled=false'],
  ],
};

describe.each(Object.entries(cases))('%s', (name, settings) => {
  let folder: string;
  let metrics: StageMetrics;
  let steps: StepEvent[];
  let evaluations: EvaluationEvent[];
  const whole = () => join(folder, 'whole');
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'panx-listening-'));
    ({ metrics } = await runStage(await requestFor(whole(), settings)));
    const events = await readEvents(join(whole(), 'events.jsonl'));
    steps = events.filter(event => event.event === 'step');
    evaluations = events.filter(event => event.event === 'evaluation');
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('ends with the same bytes wherever it was stopped', async () => {
    const expected = await resultsOf(whole());
    const lines = steps.length + evaluations.length;
    // In an epoch, at its end before and after its scores, and near the end of all. interruptions.slow.test.ts kills at any moment.
    const moments: Record<string, number[]> = { 0: [11], 1: [5, lines - 3], 2: [6] };
    for (const line of moments[Object.keys(cases).indexOf(name) % 3]!) {
      const out = join(folder, `stopped-${line}`);
      await stopAfter(await requestFor(out, ['checkpoint.everySteps=3', ...settings]), line);
      await runStage({ ...(await requestFor(out, settings)), resume: true });
      expect({ ...(await resultsOf(out)), 'config.json': '' }, `stopped after ${line} lines`).toEqual({
        ...expected,
        'config.json': '',
      });
    }
  });

  it('is found to be what its log makes it, and nothing else', async () => {
    const run = runDirectory(whole());
    const config = await readRunConfig(run);
    await checkResults(run, config);
    await expect(
      checkResults(run, { ...config, training: { ...config.training, patience: 7, select: 'last' } }),
    ).rejects.toThrow();
  });

  it('says how it ended', () => {
    const { selection } = metrics;
    expect(metrics.steps).toBe(steps.length);
    const epochs = Math.ceil(steps.length / 5);
    switch (name) {
      case 'patience on the loss, the best weights': {
        const losses = evaluations.filter(({ split }) => split === 'validation').map(({ loss }) => loss);
        const best = losses.indexOf(Math.min(...losses)) + 1;
        expect(epochs).toBeLessThan(12);
        expect(selection).toEqual({
          ...{ epochs, select: 'best', epoch: best, monitor: 'loss of en/validation' },
          best: { epoch: best, value: Math.min(...losses) },
        });
        expect(epochs).toBe(best + 1);
        // The scores at the end are of the weights that were kept.
        expect(evaluations.at(-1)).toMatchObject({ split: 'test', step: best * 5, epoch: best });
        break;
      }
      case 'a plateau of F1': {
        const scores = evaluations.filter(({ split }) => split === 'validation').map(({ f1 }) => f1);
        const rates = Array.from({ length: 6 }, (_, epoch) => steps[epoch * 5]!.learningRate);
        let [best, rate] = [Number.NEGATIVE_INFINITY, 2e-2];
        for (const [epoch, score] of scores.entries()) {
          expect(rates[epoch]).toBe(rate);
          if (score > best * (1 + 1e-4)) best = score;
          else rate *= 0.2;
        }
        expect(new Set(rates).size).toBeGreaterThan(1);
        expect(selection).toMatchObject({ select: 'best', monitor: 'f1 of en/validation' });
        break;
      }
      case 'the average of all epochs, the last in part':
        expect(selection).toEqual({ epochs: 3, select: 'average', epoch: null, monitor: null, best: null });
        break;
      case 'the average of a classifier alone, until patience ends':
        expect(epochs).toBeLessThan(9);
        expect(selection).toMatchObject({ epochs, select: 'average', epoch: null });
        break;
      default:
        expect(evaluations.every(({ lang, split }) => lang === 'tr' && split === 'validation')).toBe(true);
        expect(evaluations).toHaveLength(epochs);
        expect(epochs).toBeLessThan(8);
        expect(selection).toMatchObject({ select: 'last', epoch: epochs, monitor: 'loss of tr/validation' });
    }
  });
});

it('a training of one epoch has the same weights whichever are selected', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'panx-listening-'));
  const weights = [];
  for (const select of ['last', 'best', 'average']) {
    const out = join(folder, select);
    await runStage(await requestFor(out, ['training.epochs=1', `training.select=${select}`]));
    weights.push((await readFile(join(out, 'checkpoint', 'model.safetensors'))).toString('base64'));
    const source = await openTensors(join(out, 'checkpoint'));
    expect(source.tensors.size).toBeGreaterThan(10);
    await source.close();
  }
  expect(new Set(weights).size).toBe(1);
  await rm(folder, { recursive: true });
});
