import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadEngine } from '../../src/backend/engine.js';
import type { Precision } from '../../src/backend/precision.js';
import { loadTokenClassifier, type TokenClassifier } from '../../src/model/token-classifier.js';
import type { EncodedRows } from '../../src/tokenization/rows.js';
import { type LoopSettings, type Position, type StepReport, train } from '../../src/training/loop.js';
import { createOptimizer } from '../../src/training/optimizer.js';
import { totalSteps } from '../../src/training/schedule.js';
import { findState, restoreState, saveState } from '../../src/training/state.js';
import { hasTensorflow } from '../backend/kernels/each-backend.js';
import { goldenFolder } from '../model/golden.js';

const rowCount = 10;
const data = syntheticRows(rowCount);
const optimizerSettings = { weightDecay: 0.01, maxGradNorm: 1 };
const settings = (changes: Partial<LoopSettings> = {}): LoopSettings => {
  const base = { batchSize: 4, gradientAccumulationSteps: 1, epochs: 2, maxSteps: null, ...changes };
  return {
    learningRate: 0.003,
    warmupSteps: 0,
    weightDecay: optimizerSettings.weightDecay,
    seed: 42,
    dropout: { hiddenDropout: 0.1, attentionDropout: 0.1, classifierDropout: 0.1 },
    totalSteps: totalSteps(rowCount, base),
    accumulation: 'mean',
    groupByLength: false,
    ...base,
  };
};
const precisions: readonly Precision[] = hasTensorflow ? ['fp32', 'bf16'] : ['fp32'];
const noDropout = { hiddenDropout: 0, attentionDropout: 0, classifierDropout: 0 };
const start: Position = { step: 0, epoch: 0, window: 0 };

describe('the training loop', () => {
  let folder: string;
  beforeAll(async () => {
    await loadEngine('auto');
    folder = await mkdtemp(join(tmpdir(), 'panx-loop-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('visits every row once an epoch, the last batch short, and reports each step and epoch', async () => {
    const { reports, epochs } = await run(await load(), settings());
    expect(reports.map(({ step, epoch, rows }) => [step, epoch, rows])).toEqual([
      [1, 0, 4],
      [2, 0, 4],
      [3, 0, 2],
      [4, 1, 4],
      [5, 1, 4],
      [6, 1, 2],
    ]);
    expect(epochs).toEqual([1, 2]);
    const subwords = reports.slice(0, 3).reduce((sum, report) => sum + report.subwords, 0);
    expect(subwords).toBe(data.inputIds.length);
    expect(reports[0]!.learningRate).toBe(0.003);
    expect(reports[5]!.learningRate).toBeCloseTo(0.003 / 6, 12);
  });

  it.each(precisions)('overfits one batch in %s', async precision => {
    const model = await load(data, precision);
    const { reports } = await run(model, settings({ batchSize: 10, totalSteps: 60, dropout: noDropout }));
    expect(reports[0]!.loss).toBeGreaterThan(1.5);
    expect(reports.at(-1)!.loss).toBeLessThan(0.02);
  });

  it.each([{ groupByLength: false }, { groupByLength: true }])(
    'stopped after any step and restored from its state, ends with the very same weights and reports: %o',
    async order => {
      const unbroken = await run(await load(), settings(order));
      for (let stop = 1; stop <= 6; stop++) {
        const root = join(folder, `stop-${stop}-${order.groupByLength}`);
        const first = await load();
        const firstHalf = await run(first, settings(order), { saveAt: stop, root });
        const second = await load();
        const { optimizer, position } = await restoreState((await findState(root))!, second, optimizerSettings);
        expect(position.step).toBe(stop);
        const secondHalf = await run(second, settings(order), { optimizer, position });
        expect([...firstHalf.reports, ...secondHalf.reports].map(withoutTime)).toEqual(
          unbroken.reports.map(withoutTime),
        );
        expect(weightsOf(second)).toEqual(weightsOf(unbroken.model));
        expect(second.unusedRowScale).toBe(unbroken.model.unusedRowScale);
      }
    },
  );

  it('two micro-batches of 4 make the step that one batch of 8 makes, where their labels are equally many', async () => {
    const equal = syntheticRows(8, () => 6);
    const one = await run(await load(equal), settings({ batchSize: 8, dropout: noDropout, totalSteps: 1 }), {}, equal);
    const two = await run(
      await load(equal),
      settings({ batchSize: 4, gradientAccumulationSteps: 2, dropout: noDropout, totalSteps: 1 }),
      {},
      equal,
    );
    expect(two.reports).toHaveLength(1);
    expect(two.reports[0]!.rows).toBe(8);
    expect(two.reports[0]!.loss).toBeCloseTo(one.reports[0]!.loss, 5);
    expect(two.reports[0]!.gradNorm).toBeCloseTo(one.reports[0]!.gradNorm, 4);
  });

  it('max steps ends in the middle of an epoch, or goes on beyond the epochs', async () => {
    const short = await run(await load(), settings({ totalSteps: 2 }));
    expect([short.reports.length, short.epochs]).toEqual([2, [1]]);
    const long = await run(await load(), settings({ totalSteps: 8 }));
    expect([long.reports.length, long.epochs]).toEqual([8, [1, 2, 3]]);
  });

  it.each(precisions)('holds no more tensors after the last step than after the first, in %s', async precision => {
    const { tensors } = await run(await load(data, precision), settings());
    expect(new Set(tensors).size, tensors.join(' ')).toBe(1);
  });

  it('a diverged run says at which step, and what to do', async () => {
    await expect(run(await load(), settings({ learningRate: 1e38 }))).rejects.toThrow(
      /^Training diverged at step \d: the loss is/,
    );
  });

  it('keeps one training state, and never a part of one', async () => {
    const root = join(folder, 'states');
    const model = await load();
    const optimizer = createOptimizer(model.parameters, optimizerSettings);
    await saveState(root, model, optimizer, { step: 1, epoch: 0, window: 1 });
    await saveState(root, model, optimizer, { step: 2, epoch: 0, window: 2 });
    expect(await readdir(root)).toEqual(['step-00000002']);
    expect(await findState(join(folder, 'none'))).toBeNull();
  });

  it.each([
    ['a weight', Number.NaN, /weights\/classifier\.bias\[\d\] is NaN/],
    ['a moment', Number.NEGATIVE_INFINITY, /second\/classifier\.bias\[\d\] is -Infinity/],
  ])('%s that is not finite is not saved, and the state before it stays', async (which, value, sentence) => {
    const root = join(folder, which);
    const model = await load();
    const optimizer = createOptimizer(model.parameters, optimizerSettings);
    await saveState(root, model, optimizer, { step: 1, epoch: 0, window: 1 });
    const { bias } = model.network.classifier;
    const variable = which === 'a weight' ? bias.variable : optimizer.moments.get(bias)!.second;
    variable.assign(tf.fill(bias.shape, value));
    const saving = saveState(root, model, optimizer, { step: 2, epoch: 0, window: 2 });
    await expect(saving).rejects.toThrow(sentence);
    await expect(saving).rejects.toMatchObject({
      message: expect.stringMatching(/^The training state of step 2 could not be saved: The weights are not saved: /),
      hint: expect.stringContaining('lower learning rate'),
    });
    expect(await readdir(root)).toEqual(['step-00000001']);
    optimizer.dispose();
    model.dispose();
  });

  it('a scale of unused rows that is not finite is not saved', async () => {
    const root = join(folder, 'scale');
    const model = await load();
    model.unusedRowScale = Number.POSITIVE_INFINITY;
    const optimizer = createOptimizer(model.parameters, optimizerSettings);
    await expect(saveState(root, model, optimizer, { step: 1, epoch: 0, window: 1 })).rejects.toThrow(
      '"unusedRowScale" is Infinity, and is to be written as JSON',
    );
    expect(await findState(root)).toBeNull();
  });

  it('a state made on other data is refused', async () => {
    const root = join(folder, 'other');
    const model = await load();
    await saveState(root, model, createOptimizer(model.parameters, optimizerSettings), {
      step: 1,
      epoch: 0,
      window: 1,
    });
    const other = await load(syntheticRows(3));
    await expect(restoreState((await findState(root))!, other, optimizerSettings)).rejects.toThrow(
      /was made on data with \d+ different subwords; this run's data has \d+/,
    );
  });
});

interface RunOptions {
  saveAt?: number;
  root?: string;
  optimizer?: ReturnType<typeof createOptimizer>;
  position?: Position;
}

async function run(model: TokenClassifier, loop: LoopSettings, options: RunOptions = {}, rows: EncodedRows = data) {
  const optimizer = options.optimizer ?? createOptimizer(model.parameters, optimizerSettings);
  const reports: StepReport[] = [];
  const epochs: number[] = [];
  const tensors: number[] = [];
  const stop = new Error('stop');
  try {
    await train(model, optimizer, rows, loop, options.position ?? start, {
      onStep: async (report, position) => {
        reports.push(report);
        tensors.push(tf.memory().numTensors);
        if (report.step === options.saveAt) {
          await saveState(options.root!, model, optimizer, position);
          throw stop;
        }
      },
      onEpochEnd: async epoch => {
        epochs.push(epoch);
      },
    });
  } catch (error) {
    if (error !== stop) throw error;
  }
  return { model, reports, epochs, tensors };
}

const load = (rows: EncodedRows = data, precision: Precision = 'fp32') =>
  loadTokenClassifier(goldenFolder('model'), {
    inputIds: [rows.inputIds],
    newHead: { labels: [], seed: 0 },
    precision,
  });

function weightsOf(model: TokenClassifier): number[][] {
  return model.parameters.map(({ variable }) => {
    const value = variable.read();
    const values = Array.from(value.dataSync());
    value.dispose();
    return values;
  });
}

function withoutTime({ durationMs: _, ...report }: StepReport): Omit<StepReport, 'durationMs'> {
  return report;
}

/** Rows of 3 to 12 subwords between <s> and </s>, the first subword of each word labelled; the same every time. */
function syntheticRows(rows: number, lengthOf: (row: number) => number = row => 3 + ((row * 7) % 10)): EncodedRows {
  const offsets = [0];
  const inputIds: number[] = [];
  const labelIds: number[] = [];
  for (let row = 0; row < rows; row++) {
    inputIds.push(0);
    labelIds.push(-100);
    for (let i = 0; i < lengthOf(row); i++) {
      inputIds.push(4 + ((row * 31 + i * 17) % 100));
      labelIds.push(i % 3 === 2 ? -100 : (row + i) % 7);
    }
    inputIds.push(2);
    labelIds.push(-100);
    offsets.push(inputIds.length);
  }
  return {
    rows,
    offsets: Int32Array.from(offsets),
    inputIds: Int32Array.from(inputIds),
    labelIds: Int32Array.from(labelIds),
    wordIds: Int32Array.from(labelIds, label => (label === -100 ? -1 : 0)),
    truncatedRows: 0,
    truncatedWords: 0,
    emptyWords: 0,
  };
}
