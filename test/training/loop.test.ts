// long because the loop and its training state share one small model and its batches.
import { mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadEngine } from '../../src/engine/engine.js';
import type { Precision } from '../../src/engine/precision.js';
import type { Parameter } from '../../src/model/parameter.js';
import { loadTokenClassifier, type TokenClassifier } from '../../src/model/token-classifier.js';
import { sha256 } from '../../src/system/checksums.js';
import type { EncodedRows } from '../../src/tokenization/rows.js';
import { type Course, courseOf } from '../../src/training/course.js';
import type { ExpectedOfState } from '../../src/training/expected-state.js';
import {
  type LoopSettings,
  type Position,
  type StepReport,
  train,
  worseThanGuessing,
} from '../../src/training/loop.js';
import { nothingHeard } from '../../src/training/monitor.js';
import { createOptimizer, type Optimizer } from '../../src/training/optimizer.js';
import type { InTraining, SavedState } from '../../src/training/saved-state.js';
import { totalSteps } from '../../src/training/schedule.js';
import { findState, openState, restoreState, saveState } from '../../src/training/state.js';
import { hasTensorflow } from '../kernels/each-backend.js';
import { goldenFolder } from '../model/golden.js';

const rowCount = 10;
const data = syntheticRows(rowCount);
const optimizerSettings = { weightDecay: 0.01, maxGradNorm: 1 };
const settings = (changes: Partial<LoopSettings> = {}): LoopSettings => {
  const base = { batchSize: 4, gradientAccumulationSteps: 1, epochs: 2, maxSteps: null, ...changes };
  return {
    learningRate: 0.003,
    ...{ schedule: 'linear', warmupSteps: 0, warmupRatio: null },
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
const unclipped = { ...optimizerSettings, maxGradNorm: 0 };
const isClassifier = ({ parts }: Parameter) => parts[0]!.name.startsWith('classifier.');
const noDropout = { hiddenDropout: 0, attentionDropout: 0, classifierDropout: 0 };
/** What the log of a run was; here nobody looks. */
const log = { events: 'a'.repeat(64), times: 'b'.repeat(64) };
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

  it.each<Partial<LoopSettings> & { maxSteps?: number }>([
    {},
    { gradientAccumulationSteps: 2, warmupSteps: 2 },
    { batchSize: 3, maxSteps: 5, groupByLength: true },
    { batchSize: 5, maxSteps: 7 },
    { batchSize: 64, warmupSteps: 9 },
  ])('goes the course that is foreseen for it: %o', async changes => {
    const loop = settings(changes);
    const course = courseOf(rowCount, { ...loop, epochs: 2, maxSteps: null, ...changes });
    expect(course.steps).toBe(loop.totalSteps);
    const { reports, positions, scales } = await run(await load(), loop);
    expect(reports).toHaveLength(course.steps);
    for (const [i, { step, epoch, rows, learningRate }] of reports.entries()) {
      expect({ epoch, rows, learningRate }).toEqual(course.at(step));
      expect(positions[i]).toEqual(course.positionAfter(step));
      expect(scales[i]).toBe(course.unusedRowScaleAfter(step));
    }
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
        const { optimizer, position } = await restoreState(
          (await findState(root))!,
          second,
          optimizerSettings,
          null,
          expected(courseOf(rowCount, { ...settings(order), epochs: 2, maxSteps: null })),
        );
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

  it('ends where a hook says so, as if it had been its last step', async () => {
    const afterStep = await run(await load(), settings(), { stopAfterStep: 4 });
    expect([afterStep.reports.length, afterStep.epochs]).toEqual([4, [1]]);
    const afterEpoch = await run(await load(), settings(), { stopAfterEpoch: 1 });
    expect([afterEpoch.reports.length, afterEpoch.epochs]).toEqual([3, [1]]);
    const whole = await run(await load(), settings());
    expect(afterStep.reports.map(withoutTime)).toEqual(whole.reports.slice(0, 4).map(withoutTime));
  });

  // Decay and clipping included: a frozen encoder that decays is another encoder.
  it.each(precisions)('leaves what is frozen as it is, in %s', async precision => {
    const frozen = await load(data, precision);
    for (const parameter of frozen.parameters) parameter.trainable = isClassifier(parameter);
    const before = weightsOf(frozen);
    const { reports } = await run(frozen, settings());
    const changed = weightsOf(frozen).map((values, i) => values.some((value, at) => value !== before[i]![at]));
    expect(changed).toEqual(frozen.parameters.map(isClassifier));
    expect(frozen.unusedRowScale).toBe(1);
    // The first step's loss is that of a training of everything; the norm is that of the classifier's gradients alone.
    const all = await load(data, precision);
    const first = await run(all, settings({ totalSteps: 1 }), {
      optimizer: createOptimizer(all.parameters, unclipped),
    });
    const again = await load(data, precision);
    for (const parameter of again.parameters) parameter.trainable = isClassifier(parameter);
    const alone = await run(again, settings({ totalSteps: 1 }), {
      optimizer: createOptimizer(again.parameters, unclipped),
    });
    expect(reports[0]!.loss).toBe(first.reports[0]!.loss);
    expect(reports[0]!.gradNorm).toBe(alone.reports[0]!.gradNorm);
    expect(reports[0]!.gradNorm).toBeLessThan(first.reports[0]!.gradNorm);
    for (const [i, parameter] of all.parameters.entries()) {
      if (isClassifier(parameter)) expect(weightsOf(again)[i]).toEqual(weightsOf(all)[i]);
    }
  });

  it('a training of frozen parameters too is gone on with', async () => {
    const freeze = async () => {
      const model = await load();
      model.network.wordTable.trainable = false;
      return model;
    };
    const root = join(folder, 'frozen');
    const unbroken = await run(await freeze(), settings());
    await run(await freeze(), settings(), { saveAt: 3, root });
    const model = await freeze();
    const course = courseOf(rowCount, { ...settings(), epochs: 2, maxSteps: null });
    const { optimizer, position } = await restoreState(
      (await findState(root))!,
      model,
      optimizerSettings,
      null,
      expected(course),
    );
    await run(model, settings(), { optimizer, position });
    expect(weightsOf(model)).toEqual(weightsOf(unbroken.model));
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

  it('one that ends in finite numbers far above guessing is said to', () => {
    const guessing = Math.log(7);
    expect(worseThanGuessing(Array(30).fill(guessing), 7)).toBeNull();
    expect(worseThanGuessing([135, 90, ...Array(30).fill(1)], 7)).toBeNull();
    expect(worseThanGuessing([], 7)).toBeNull();
    expect(worseThanGuessing([...Array(27).fill(1), 130, 140, 135], 7)).toBe(
      'training has not converged: the loss of its last 3 steps is 135, and guessing would give 1.95; use a lower learning rate or a warm-up',
    );
    expect(worseThanGuessing([9], 7)).toContain('the loss of its last step is 9.00');
  });

  it('the first loss of weights that are too large names the checkpoint', async () => {
    const model = await load();
    const { bias } = model.network.layers[0]!.output;
    bias.variable.assign(tf.mul(tf.cos(tf.range(0, bias.shape[0]!)), 1e25)); // Its variance is beyond float32.
    await expect(run(model, settings({ dropout: noDropout }))).rejects.toMatchObject({
      message: expect.stringMatching(/^The first loss is NaN, before any weight was changed; expected a number\.$/),
      hint: expect.stringContaining('starting checkpoint'),
    });
  });

  it('keeps one training state, and never a part of one', async () => {
    const root = join(folder, 'states');
    const model = await load();
    const optimizer = createOptimizer(model.parameters, optimizerSettings);
    await saveState(root, unlistening(model, optimizer), { step: 1, epoch: 0, window: 1 }, log);
    await saveState(root, unlistening(model, optimizer), { step: 2, epoch: 0, window: 2 }, log);
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
    await saveState(root, unlistening(model, optimizer), { step: 1, epoch: 0, window: 1 }, log);
    const { bias } = model.network.classifier;
    const variable = which === 'a weight' ? bias.variable : optimizer.moments.get(bias)!.second;
    variable.assign(tf.fill(bias.shape, value));
    const saving = saveState(root, unlistening(model, optimizer), { step: 2, epoch: 0, window: 2 }, log);
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
    await expect(saveState(root, unlistening(model, optimizer), { step: 1, epoch: 0, window: 1 }, log)).rejects.toThrow(
      '"unusedRowScale" is Infinity, and is to be written as JSON',
    );
    expect(await findState(root)).toBeNull();
  });

  describe('a training state', () => {
    let root: string;
    let path: string;
    let good: { state: SavedState; sha256: string };
    const course = courseOf(rowCount, { ...settings(), epochs: 2, maxSteps: null });
    beforeEach(async () => {
      root = await mkdtemp(join(folder, 'state-'));
      await run(await load(), settings(), { saveAt: 2, root });
      path = join((await findState(root))!, 'state.json');
      good = JSON.parse(await readFile(path, 'utf8'));
    });
    const restore = async (rows = data) => {
      const folder = (await findState(root))!;
      return await restoreState(folder, await load(rows), optimizerSettings, null, expected(course));
    };
    /** Change the state and seal it again, as a forger would. */
    const forge = async (state: object) => {
      const forged = { ...good.state, ...state };
      await writeFile(path, JSON.stringify({ state: forged, sha256: sha256(JSON.stringify(forged)) }));
    };

    it('is restored as it was saved', async () => {
      expect((await restore()).position).toEqual({ step: 2, epoch: 0, window: 2 });
      expect(good.state.log).toEqual(log);
    });

    it('that says nothing of the log, as panx 0.1.0 wrote it, is refused', async () => {
      const { log: _, ...old } = good.state;
      await writeFile(path, JSON.stringify({ state: old, sha256: sha256(JSON.stringify(old)) }));
      await expect(restore()).rejects.toThrow('state.log is missing');
    });

    it('of the same step that is saved again is told what the log is now', async () => {
      const model = await load();
      const now = { events: 'c'.repeat(64), times: 'd'.repeat(64) };
      await saveState(
        root,
        unlistening(model, createOptimizer(model.parameters, optimizerSettings)),
        good.state.position,
        now,
      );
      expect(await openState(join(root, 'step-00000002'), course)).toEqual({ ...good.state, log: now });
    });

    it('made on other data is refused', async () => {
      await expect(restore(syntheticRows(3))).rejects.toThrow(
        /was made on data with \d+ different subwords; this run's data has \d+/,
      );
    });

    it.each([
      ['null', 'holds null, expected an object.'],
      ['{}', ': state is missing, expected a value.'],
      ['5', 'holds 5, expected an object.'],
      ['[]', 'holds [], expected an object.'],
      [
        '{"state":null,"sha256":"74234e98afe7498fb5daf1f36ac2d78acc339464f950703b8c019892f982b90b"}',
        ': state is null, ',
      ],
      ['{"state":{},"sha256":"00"}', ': sha256 is "00", expected a SHA-256 of 64 hexadecimal digits.'],
      ['['.repeat(200_000), 'nests arrays or objects more than 100 levels deep; expected at most 100.'],
      ['{', 'is not valid JSON: '],
    ])('whose state.json is %.40s is refused', async (content, sentence) => {
      await writeFile(path, content);
      await expect(restore()).rejects.toMatchObject({
        name: 'PanxError',
        message: expect.stringContaining(`The training state is damaged: ${path}`),
      });
      await expect(restore()).rejects.toThrow(sentence);
    });

    it.each<[object, string]>([
      [{ position: { step: 3, epoch: 0, window: 3 } }, 'position.step is 3, expected 2'],
      [{ position: { step: 2, epoch: 1, window: 2 } }, 'position.epoch is 1, expected 0'],
      [{ position: { step: 2, epoch: 0, window: 1 } }, 'position.window is 1, expected 2'],
      [{ position: { step: 2.5, epoch: 0, window: 2 } }, 'state.position.step is 2.5, expected a whole number'],
      [{ position: { step: 2, epoch: 0 } }, 'state.position.window is missing'],
      [{ optimizerSteps: 1 }, 'optimizerSteps is 1, expected 2'],
      [{ unusedRowScale: 1 }, 'unusedRowScale is 1, expected 0.99'],
      [{ unusedRowScale: null }, 'state.unusedRowScale is null, expected a number'],
      [{ vocabularyRows: -1 }, 'state.vocabularyRows is -1, expected a whole number of at least 1'],
      [{ extra: 1 }, 'state.extra is there, expected no key but position, '],
      [{ tensors: 'a'.repeat(64) }, 'its SHA-256 is '],
      [{ log: { events: 'x' } }, 'state.log.events is "x", expected a SHA-256'],
    ])('with %j in it is refused, although its seal fits', async (change, sentence) => {
      await forge(change);
      await expect(restore()).rejects.toThrow(sentence);
    });

    it.each([
      ['another shape', { shape: [1, 3] }, 'first/classifier.bias is F32 [1, 3], expected F32 ['],
      ['a tensor too many', { name: 'first/other' }, 'it holds "first/other", which is no part of a state'],
    ])('whose tensors have %s is refused, although its seal fits', async (_, change, sentence) => {
      const tensors = join(root, 'step-00000002', 'model.safetensors');
      const bytes = await readFile(tensors);
      const length = Number(bytes.readBigUInt64LE());
      const header = JSON.parse(bytes.subarray(8, 8 + length).toString());
      const { 'first/classifier.bias': bias, ...rest } = header;
      const { name = 'first/classifier.bias', ...shape } = change as { name?: string };
      const text = JSON.stringify({ ...rest, [name]: { ...bias, ...shape } });
      const start = Buffer.alloc(8);
      start.writeBigUInt64LE(BigInt(Buffer.byteLength(text)));
      await writeFile(tensors, Buffer.concat([start, Buffer.from(text), bytes.subarray(8 + length)]));
      await forge({ tensors: sha256(await readFile(tensors)) });
      // The shape of a bias is one number: three bytes more than it has are refused by the file's reader already.
      await expect(restore()).rejects.toThrow(name === 'first/other' ? sentence : /first\/classifier\.bias/);
    });

    it('in a folder of another name, or that is no folder, is refused', async () => {
      await rename(join(root, 'step-00000002'), join(root, 'step-00000005'));
      await expect(restore()).rejects.toThrow('position.step is 2, expected 5');
      const elsewhere = `${root}.moved`;
      await rename(root, elsewhere);
      await symlink(elsewhere, root);
      await expect(findState(root)).rejects.toThrow(
        `The training state is damaged: ${root}: it is a link, not a folder.`,
      );
      await rm(root);
      await writeFile(root, '');
      await expect(findState(root)).rejects.toThrow(`The training state is damaged: ${root}: `);
    });
  });
});

interface RunOptions {
  saveAt?: number;
  root?: string;
  optimizer?: ReturnType<typeof createOptimizer>;
  position?: Position;
  stopAfterStep?: number;
  stopAfterEpoch?: number;
}

async function run(model: TokenClassifier, loop: LoopSettings, options: RunOptions = {}, rows: EncodedRows = data) {
  const optimizer = options.optimizer ?? createOptimizer(model.parameters, optimizerSettings);
  const reports: StepReport[] = [];
  const epochs: number[] = [];
  const tensors: number[] = [];
  const positions: Position[] = [];
  const scales: number[] = [];
  const stop = new Error('stop');
  try {
    await train(model, optimizer, rows, loop, options.position ?? start, {
      onStep: async (report, position) => {
        reports.push(report);
        positions.push(position);
        scales.push(model.unusedRowScale);
        tensors.push(tf.memory().numTensors);
        if (report.step === options.saveAt) {
          await saveState(options.root!, unlistening(model, optimizer), position, log);
          throw stop;
        }
        return report.step === options.stopAfterStep ? 'stop' : 'go on';
      },
      onEpochEnd: async epoch => {
        epochs.push(epoch);
        return epoch === options.stopAfterEpoch ? 'stop' : 'go on';
      },
    });
  } catch (error) {
    if (error !== stop) throw error;
  }
  return { model, reports, epochs, tensors, positions, scales };
}

const load = (rows: EncodedRows = data, precision: Precision = 'fp32') =>
  loadTokenClassifier(goldenFolder('model'), {
    inputIds: [rows.inputIds],
    newHead: { labels: [], seed: 0 },
    precision,
  });

/** A training that keeps its last weights, and listens to nothing. */
function unlistening(model: TokenClassifier, optimizer: Optimizer): InTraining {
  return { model, optimizer, kept: null, heard: null };
}

/** What the state of such a training is to say. */
function expected(course: Course): ExpectedOfState {
  const nothing = { ...settings(), monitor: 'loss', patience: null, plateauPatience: 0, plateauFactor: 0.1 } as const;
  return { course, select: 'last', heard: null, nothingHeard: nothingHeard({ ...nothing, select: 'last' }) };
}

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
