import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { planStudy } from '../../src/experiment/study-plan.js';
import {
  epochsOf,
  makeTable,
  plannedTraining,
  type SweepTable,
  summaryOf,
  type Training,
} from '../../src/experiment/table.js';
import { readPackage } from '../../src/system/package.js';
import { exampleTraining } from '../reporting/example.js';

const rows = { en: 100, tr: 100 };

/** The table of a study with two seeds, of whose stages these are done. @param f1 of tr, by stage */
async function tableOf(f1: Record<string, number>, more: string[] = []): Promise<SweepTable> {
  const { config } = await loadConfig({ assignments: ['study.sizes=[10]', 'study.seeds=2', ...more] });
  const plan = planStudy(config, rows);
  const trainings = new Map<string, Training>();
  for (const { id } of plan.stages) {
    const planned = plannedTraining({ id, seed: 0, dataSeed: null }, ['en', 'tr']);
    trainings.set(id, f1[id] === undefined ? planned : exampleTraining(id, [null, f1[id]]));
  }
  return makeTable(config, plan.rows, rows, trainings);
}

it('has a row for the trainings that differ in their seeds alone, with their mean', async () => {
  const table = await tableOf({
    'phase-1-tr-seed-42': 0.5,
    'phase-1-tr-seed-43': 0.75,
    'phase-2-en-seed-42': 0.25,
  });
  expect(table.rows.map(({ id, f1, status }) => [id, f1.tr, status])).toEqual([
    ['phase-1-tr', 0.625, 'done'],
    ['phase-2-en', 0.25, 'not run'],
    ['phase-3.1-tr-10', null, 'not run'],
  ]);
  expect(table.rows[0]!.trainings.map(({ id, seed, dataSeed }) => [id, seed, dataSeed])).toEqual([
    ['phase-1-tr-seed-42', 42, null],
    ['phase-1-tr-seed-43', 43, null],
  ]);
  expect(table.rows[2]!.trainings.map(({ dataSeed }) => dataSeed)).toEqual([42, 42]);
  expect(table.rows[0]!.durationMs).toBe(2000);
  expect(table.rows[1]!.durationMs).toBeNull();
});

it('says what its numbers depend on', async () => {
  const table = await tableOf({}, [
    'study.metrics={mode: strict, average: macro}',
    'study.dataSeeds=3',
    'precision=fp32',
  ]);
  expect(table.conditions).toEqual({
    ...{
      data: ['PAN-X'],
      split: 'test',
      mode: 'strict',
      average: 'macro',
      selection: ['last'],
      maxLength: [512],
      emptyWords: ['drop'],
    },
    ...{ precision: 'fp32', seeds: 2, dataSeeds: 3, panx: readPackage().version },
  });
  expect(table.metric).toBe('seqeval strict mode (IOB2), macro F1, test split');
});

// numpy 2.4: np.mean, np.std(ddof=1)
it.each([
  [[], { n: 0, mean: null, sd: null }],
  [[0.3], { n: 1, mean: 0.3, sd: null }],
  [[0.81, 0.79, 0.83, 0.8], { n: 4, mean: 0.8075, sd: 0.017078251276599326 }],
])('the mean and the standard deviation of %j are those of a sample', (values, { n, mean, sd }) => {
  const summary = summaryOf(values);
  expect(summary.n).toBe(n);
  if (mean === null) expect(summary.mean).toBeNull();
  else expect(summary.mean).toBeCloseTo(mean, 14);
  if (sd === null) expect(summary.sd).toBeNull();
  else expect(summary.sd).toBeCloseTo(sd, 14);
});

it('counts the epochs that were trained, also parts of one', async () => {
  const { config } = await loadConfig({ assignments: ['training.batchSize=10'] });
  expect(epochsOf({ rows: 100, steps: 30 }, config)).toBe(3);
  expect(epochsOf({ rows: 100, steps: 25 }, config)).toBe(2.5);
  expect(epochsOf({ rows: 60, segments: 100, steps: 25 }, config)).toBe(2.5);
});
