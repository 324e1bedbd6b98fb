import { beforeAll, describe, expect, it } from 'vitest';
import { slices } from '../../src/batching/batches.js';
import { epochOrder } from '../../src/batching/order.js';
import { onEachBackend } from '../kernels/each-backend.js';
import { goldenFolder, goldenTensors, tolerance, worstDifference } from '../model/golden.js';
import { encodedRows, isComparable, readTrajectory, type Trajectory, type Walk, walk } from './trajectory.js';

const wordTable = 'roberta.embeddings.word_embeddings.weight';
const names = [
  'plain',
  'warm-up',
  'cosine',
  'constant',
  'frozen',
  'patience',
  'patience-f1',
  'plateau',
  'average',
  'accumulation-2',
  'accumulation-2-sum',
  'accumulation-4',
  'group-by-length',
  'unlabelled',
  'unlabelled-accumulation',
];

describe.each(names)("Trainer's trajectory %s", name => {
  const golden = readTrajectory(name);
  const rows = encodedRows(golden);

  it('visits the rows in the same order', () => {
    const { settings, batches } = golden;
    const visited = Array.from({ length: Math.ceil(settings.epochs) }, (_, epoch) => [
      ...slices(epochOrder(rows, settings, epoch), settings.batchSize),
    ]).flat();
    // Trainer's loader is a batch ahead, and so is its record where the last epoch is cut short.
    expect(visited.slice(0, batches.length).map(batch => [...batch])).toEqual(batches);
    expect(batches.length).toBeGreaterThanOrEqual(golden.steps.length);
  });

  onEachBackend(() => {
    let walked: Walk;
    beforeAll(async () => {
      const { settings, evaluationRows } = golden;
      const others = evaluationRows === undefined ? null : encodedRows({ rows: evaluationRows });
      walked = await walk(goldenFolder('model'), rows, settings, others);
    });

    it('has the loss, the gradient norm and the learning rate of every step', () => {
      expect(walked.reports).toHaveLength(golden.steps.length);
      for (const [index, { loss, gradNorm, learningRate }] of walked.reports.entries()) {
        const step = golden.steps[index]!;
        expect(Math.abs(loss - step.loss), `loss of step ${index}`).toBeLessThan(tolerance);
        expect(Math.abs(gradNorm - step.gradNorm), `gradient norm of step ${index}`).toBeLessThanOrEqual(
          tolerance * step.gradNorm,
        );
        // Of the cosine, two libraries may have another last bit.
        expect(Math.abs(learningRate - step.learningRate)).toBeLessThanOrEqual(
          golden.settings.schedule === 'cosine' ? 1e-15 * golden.settings.learningRate : 0,
        );
      }
    });

    it('hears the same after every epoch', () => {
      expect(walked.evaluations).toHaveLength(golden.evaluations?.length ?? 0);
      for (const [index, { loss, f1 }] of walked.evaluations.entries()) {
        const heard = golden.evaluations![index]!;
        expect(Math.abs(loss - heard.loss), `loss after epoch ${index + 1}`).toBeLessThan(tolerance);
        expect(f1, `F1 after epoch ${index + 1}`).toBeCloseTo(heard.f1, 12);
      }
    });

    it('ends with the same weights', async () => {
      const expected = await goldenTensors('trajectories', `${name}.safetensors`);
      for (const [tensor, values] of walked.weights) {
        if (isComparable(tensor)) expect(worstDifference(values, expected(tensor)), tensor).toBeLessThan(tolerance);
      }
    });

    it('counts the batches without labels, and takes them as zero', () => {
      for (const [index, batches] of windowsOf(golden).entries()) {
        const unlabelled = batches.filter(batch => batch.every(row => isUnlabelled(golden, row))).length;
        const { batchesWithoutLabels, loss, gradNorm } = walked.reports[index]!;
        expect(batchesWithoutLabels ?? 0).toBe(unlabelled);
        if (unlabelled === batches.length) expect([loss, gradNorm]).toEqual([0, 0]);
      }
    });

    it('holds as many tensors after every step', () => {
      // After its first epoch a training may hold more: the weights that it keeps.
      const firstEpoch = walked.reports.filter(({ epoch }) => epoch === 0).length;
      for (const part of [walked.tensors.slice(0, firstEpoch), walked.tensors.slice(firstEpoch)]) {
        expect(new Set(part).size, walked.tensors.join(' ')).toBe(1);
      }
    });
  });
});

describe('word rows that a batch does not use', () => {
  const golden = readTrajectory('plain');
  const rows = encodedRows(golden);
  const width = 32;
  const rowOf = (table: Float32Array, id: number) => table.subarray(id * width, (id + 1) * width);
  const decay = golden.steps.reduce((scale, step) => scale * (1 - step.learningRate * golden.settings.weightDecay), 1);
  const used = new Set(rows.inputIds);

  onEachBackend(() => {
    it('move by their momentum and decay, never used ones and the pad row by decay alone, as dense AdamW moves them', async () => {
      const start = (await goldenTensors('model', 'model.safetensors'))(wordTable);
      const expected = (await goldenTensors('trajectories', 'plain.safetensors'))(wordTable);
      const actual = (await walk(goldenFolder('model'), rows, golden.settings)).weights.get(wordTable)!;
      const padId = 1;
      const neverUsed = Array.from({ length: start.length / width }, (_, id) => id).filter(id => !used.has(id));
      const inOneRow = Array.from({ length: 10 }, (_, row) => 100 + row);
      expect(neverUsed.length).toBeGreaterThan(9);
      expect(used.has(padId)).toBe(true); // inside a row, so that it is held on the device
      for (const id of [padId, ...neverUsed]) {
        const decayed = rowOf(start, id).map(weight => weight * decay);
        expect(worstDifference(rowOf(expected, id), decayed), `${id} in the reference`).toBeLessThan(1e-6);
        expect(worstDifference(rowOf(actual, id), rowOf(expected, id)), `${id}`).toBeLessThan(1e-6);
      }
      for (const id of inOneRow) {
        // Two of 40 batches use it. A sparse update would move it twice, by the learning rate at most.
        const moved = worstDifference(rowOf(expected, id), rowOf(start, id));
        expect(moved, `${id} in the reference`).toBeGreaterThan(2 * golden.settings.learningRate);
        expect(worstDifference(rowOf(actual, id), rowOf(expected, id)), `${id}`).toBeLessThan(tolerance);
      }
    });
  });
});

/** The batches of every optimizer step. */
function windowsOf({ batches, rows, settings, steps }: Trajectory): number[][][] {
  const anEpoch = Math.ceil(rows.length / settings.batchSize);
  return Array.from({ length: Math.ceil(settings.epochs) }, (_, epoch) => {
    const ofEpoch = batches.slice(epoch * anEpoch, (epoch + 1) * anEpoch);
    const windows = Math.ceil(anEpoch / settings.gradientAccumulationSteps);
    return Array.from({ length: windows }, (_, window) =>
      ofEpoch.slice(window * settings.gradientAccumulationSteps, (window + 1) * settings.gradientAccumulationSteps),
    );
  })
    .flat()
    .slice(0, steps.length); // The last epoch may be cut short.
}

function isUnlabelled({ rows }: Trajectory, row: number): boolean {
  return rows[row]!.labelIds.every(label => label === -100);
}
