import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { defaultsOf, schema } from '../../src/config/schema.js';
import { readCurve } from '../../src/experiment/epoch-curve.js';
import { runDirectory } from '../../src/run/directory.js';

const defaults = defaultsOf(schema.training);

it('has the mean loss of the steps of each epoch, and the scores of validation after it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'panx-curve-'));
  const run = runDirectory(folder);
  const step = (number: number, epoch: number, loss: number) => ({
    ...{ event: 'step', step: number, epoch, loss, gradNorm: 1, learningRate: 0.1, rows: 2, subwords: 9 },
  });
  const score = (number: number, epoch: number, lang: string, split: string, f1: number) => ({
    ...{ event: 'evaluation', step: number, epoch, lang, split, rows: 5, loss: 0.5, precision: f1, recall: f1, f1 },
    accuracy: 0.5,
  });
  const events = [
    ...[step(1, 0, 3), step(2, 0, 1), score(2, 1, 'en', 'validation', 0.25), score(2, 1, 'tr', 'validation', 0.5)],
    ...[step(3, 1, 0.5), score(3, 2, 'en', 'test', 0.75)],
  ];
  await writeFile(run.events, events.map(event => `${JSON.stringify(event)}\n`).join(''));
  expect(await readCurve(run, { training: { ...defaults, resplit: false } })).toEqual([
    { epoch: 1, trainLoss: 2, validation: { en: { loss: 0.5, f1: 0.25 }, tr: { loss: 0.5, f1: 0.5 } } },
    { epoch: 2, trainLoss: 0.5, validation: {} },
  ]);
  await rm(folder, { recursive: true });
});
