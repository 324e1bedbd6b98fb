import type { EpochPoint } from '../../src/experiment/epoch-curve.js';
import type { SweepTable, Training } from '../../src/experiment/table.js';
import { exampleRow, exampleTable, exampleTraining } from './example.js';

/** A table of two protocols, three seeds and two cells of a grid, in which one training is not done. */
export function tableOfSeeds(): SweepTable {
  const table = exampleTable();
  const protocols = ['target-only', 'joint'] as const;
  const cells = [{ 'training.learningRate': 1e-3 }, { 'training.learningRate': 1e-4 }];
  const rows = protocols.flatMap((protocol, p) =>
    cells.flatMap((cell, c) =>
      [250, 1000].map((size, s) => {
        const f1 = 0.4 + 0.1 * p + 0.05 * c + 0.2 * s;
        const id = `${protocol}-${c}-${size}`;
        const trainings = [0, 1, 2].map(i => {
          const isDone = !(p === 1 && c === 1 && s === 1 && i === 2);
          const scores: [number | null, number | null] = isDone ? [f1 / 2, f1 + 0.02 * (i - 1)] : [null, null];
          return withTypes(exampleTraining(`${id}-seed-${i}`, scores, { seed: i, dataSeed: 42 }), i);
        });
        const phase = `${p + 1}.${s + 1}`;
        const label = protocol === 'joint' ? `en + tr ${size}` : `tr ${size}`;
        const stage = { id, phase, role: 'size' as const, label, samples: size, steps: 24, targetSamples: size };
        return exampleRow(stage, trainings, { protocol, cell });
      }),
    ),
  );
  return {
    ...table,
    protocol: [...protocols],
    conditions: { ...table.conditions, seeds: 3 },
    rows,
  };
}

/** With macro scores, those of a type, and curves. */
function withTypes(training: Training, i: number): Training {
  const scores = Object.entries(training.scores).map(([lang, found]) => [
    lang,
    found && { ...found, macro: found.micro, types: { PER: found.micro } },
  ]);
  const curve: EpochPoint[] = [1, 2, 3].map(epoch => ({
    epoch,
    trainLoss: 1 / epoch + 0.01 * i,
    validation: { tr: { loss: 1.2 / epoch, f1: 0.2 * epoch + 0.01 * i } },
  }));
  return { ...training, scores: Object.fromEntries(scores), curve: training.status === 'done' ? curve : [] };
}
