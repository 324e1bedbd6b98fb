import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { dataSetsOf } from '../../src/experiment/data-sets.js';
import { encodersOf } from '../../src/experiment/study-encoders.js';
import { type FakeStudy, fakeStudy } from './fake-store.js';

// Of studies that are done: see test/commands/tables.slow.test.ts.
let study: FakeStudy;
beforeEach(async () => {
  const root = await mkdtemp(join(tmpdir(), 'panx-data-sets-'));
  study = await fakeStudy(root, 'en-tr');
  return () => rm(root, { recursive: true });
});

it('counts nothing of a study of which nothing is done, and says so', async () => {
  expect(await dataSetsOf(study.folder)).toEqual({
    sets: [],
    missing: ['No stage is done, so no record says which rows it took.'],
  });
});

it('knows the sizes of an encoder of the hub before anything is trained', async () => {
  const [encoder, ...others] = await encodersOf(study.folder);
  expect(others).toEqual([]);
  expect(encoder).toEqual({
    model: 'FacebookAI/xlm-roberta-base',
    sizes: { modelType: 'xlm-roberta', layers: 12, hiddenSize: 768, vocabularySize: 250_002, parameters: 277_458_439 },
    trainings: 0,
    trainingSeconds: { n: 0, mean: null, sd: null },
    rowsPerSecond: null,
  });
});
