import { readFileSync } from 'node:fs';

/** What scripts/make-golden/training_rows.py wrote. */
export interface TrainingRowsGolden {
  fractions: [fraction: number, rows: number, count: number][];
  resplit: {
    lengths: number[][];
    edges: number[];
    beyond: 'bin' | 'drop';
    seed: number;
    dropped: number;
    fit: number[][];
    held: number[][];
  }[];
  resplitCounts: { sizes: number[]; held: number[][] }[];
  draws: { rows: number[]; temperature: number; seed: number; epoch: number; counts: number[]; drawn: number[] }[];
}

export const trainingRowsGolden = JSON.parse(
  readFileSync(new URL('./fixtures/golden/training-rows.json', import.meta.url), 'utf8'),
) as TrainingRowsGolden;
