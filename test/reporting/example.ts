import { loadConfig } from '../../src/config/load.js';
import type { Stage } from '../../src/experiment/protocols/stage.js';
import { rowOf, type SweepRow, type SweepTable, type Training } from '../../src/experiment/table.js';

const { config } = await loadConfig({});

/** The conditions of a table, for its signature. */
export const exampleConditions: SweepTable['conditions'] = {
  ...{
    data: ['PAN-X'],
    split: 'test',
    mode: 'default',
    average: 'micro',
    selection: ['last'],
    maxLength: [512],
    emptyWords: ['drop'],
  },
  ...{ precision: 'bf16', seeds: 1, dataSeeds: 1, panx: '1.2.3' },
};

/** A small sweep in which one stage failed and the one that depends on it did not run. */
export function exampleTable(): SweepTable {
  const row = (
    [phase, role]: [string, Stage['role']],
    label: string,
    [samples, steps, targetSamples = samples]: [number, number, number?],
    f1: [number | null, number | null],
    durationMs: number | null,
    status: Training['status'] = 'done',
  ): SweepRow => {
    const id = label.replaceAll(' ', '-');
    const training = exampleTraining(id, f1, { status, durationMs });
    return exampleRow({ id, phase, role, label, samples, steps, targetSamples }, [training]);
  };
  return {
    source: 'en',
    target: 'tr',
    protocol: 'cumulative',
    metric: 'seqeval default mode, micro F1, test split',
    model: 'FacebookAI/xlm-roberta-base',
    langs: ['en', 'tr'],
    conditions: exampleConditions,
    figures: 2,
    trainRows: { en: 20_000, tr: 20_000 },
    rows: [
      row(['1', 'target'], 'tr', [20_000, 1_875], [0.62134567, 0.891], 3_723_400),
      row(['2', 'source'], 'en', [20_000, 1_875, 0], [0.8125, 0.75], 3_600_000),
      row(['3.1', 'size'], 'en → tr 250', [250, 24], [0.80125, 0.78], 42_000),
      row(['3.2', 'size'], 'en → tr 1000', [1_000, 96], [0.795, 0.84], 161_800),
      row(['3.3', 'size'], 'en → tr 5000', [5_000, 471], [null, null], null, 'failed'),
      row(['3.4', 'size'], 'en → tr 20000', [20_000, 1_875], [null, null], null, 'not run'),
    ],
  };
}

/** A row of trainings, as the table has it. */
export function exampleRow(
  stage: Pick<Stage, 'id' | 'phase' | 'role' | 'label' | 'samples' | 'steps' | 'targetSamples'>,
  trainings: Training[],
  more: Partial<SweepRow> = {},
): SweepRow {
  const planned = {
    protocol: 'cumulative' as const,
    cell: {},
    stage: { ...stage, startStage: null, config },
    trainings,
  };
  return { ...rowOf(planned, trainings, config), ...more };
}

/** A training whose precision, recall and F1 are one number in each language. */
export function exampleTraining(
  id: string,
  [en, tr]: [number | null, number | null],
  more: Partial<Training> = {},
): Training {
  const scores = (f1: number | null) => {
    const all = { precision: f1!, recall: f1!, f1: f1! };
    return f1 === null ? null : { rows: 10_000, micro: all, macro: null, types: null };
  };
  const isDone = en !== null || tr !== null;
  return {
    ...{ id, seed: 42, dataSeed: null, status: isDone ? 'done' : 'not run', durationMs: isDone ? 1000 : null },
    ...{ scores: { en: scores(en), tr: scores(tr) }, epochs: isDone ? 3 : null, steps: null, curve: [] },
    ...more,
  };
}
