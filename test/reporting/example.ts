import type { Phase } from '../../src/experiment/protocols/curriculum.js';
import type { SweepRow, SweepTable } from '../../src/experiment/table.js';

/** A small sweep in which one stage failed and the one that depends on it did not run. */
export function exampleTable(): SweepTable {
  const row = (
    phase: Phase,
    label: string,
    samples: number,
    steps: number,
    [en, tr]: [number | null, number | null],
    durationMs: number | null,
    status: SweepRow['status'] = 'done',
  ): SweepRow => ({ id: label.replaceAll(' ', '-'), phase, label, samples, steps, f1: { en, tr }, durationMs, status });
  return {
    source: 'en',
    target: 'tr',
    protocol: 'cumulative',
    metric: 'seqeval default mode, micro F1, test split',
    model: 'FacebookAI/xlm-roberta-base',
    rows: [
      row({ trains: 'target' }, 'tr', 20_000, 1_875, [0.62134567, 0.891], 3_723_400),
      row({ trains: 'source' }, 'en', 20_000, 1_875, [0.8125, 0.75], 3_600_000),
      row({ trains: 'adapted', k: 1 }, 'en → tr 250', 250, 24, [0.80125, 0.78], 42_000),
      row({ trains: 'adapted', k: 2 }, 'en → tr 1000', 1_000, 96, [0.795, 0.84], 161_800),
      row({ trains: 'adapted', k: 3 }, 'en → tr 5000', 5_000, 471, [null, null], null, 'failed'),
      row({ trains: 'adapted', k: 4 }, 'en → tr 20000', 20_000, 1_875, [null, null], null, 'not run'),
    ],
  };
}
