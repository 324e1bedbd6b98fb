import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { engineKernel } from '../../src/kernels/engine-kernel.js';
import { labelledTokens } from '../../src/model/inputs.js';
import { clearGradients } from '../../src/model/parameter.js';
import { loadTokenClassifier } from '../../src/model/token-classifier.js';
import { computeGradients, dropoutPlan } from '../../src/training/step.js';
import { onEachBackend } from '../kernels/each-backend.js';
import {
  batchOf,
  type GoldenRows,
  goldenFolder,
  goldenTensors,
  heldRows,
  partsOf,
  readGolden,
  tolerance,
  worstDifference,
} from './golden.js';
import { logitsOf } from './logits.js';

const load = (name: string, compact: Int32Array | null = null) =>
  loadTokenClassifier(goldenFolder(name), {
    inputIds: compact === null ? null : [compact],
    newHead: { labels: [], seed: 0 },
    precision: 'fp32',
  });
const noDropout = { hiddenDropout: 0, attentionDropout: 0, classifierDropout: 0 };

onEachBackend(() => {
  for (const name of ['model', 'roberta']) {
    it(`${name}: logits, loss and every gradient are those of transformers in training mode`, async () => {
      const batch = batchOf(readGolden<GoldenRows>(name, 'batch.json'));
      const expected = await goldenTensors(name, 'expected.safetensors');
      const model = await load(name);

      expect(worstDifference(await logitsOf(model, batch), expected('logits'))).toBeLessThan(tolerance);
      const { loss } = await computeGradients(model, [batch], () => dropoutPlan(noDropout, 0, 0));
      expect(Math.abs(loss - expected('loss')[0]!)).toBeLessThan(tolerance);

      let compared = 0;
      for (const parameter of model.parameters) {
        for (const part of partsOf(parameter, parameter.gradient!.dataSync())) {
          const gradient = expected(`gradient.${part.name}`);
          expect(worstDifference(part.values, gradient), part.name).toBeLessThan(tolerance);
          compared += gradient.length;
        }
      }
      expect(compared).toBe(model.parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0));
      clearGradients(model.parameters);
      model.dispose();
    });
  }

  it('the logits of some tokens are those that they have among all', async () => {
    const batch = batchOf(readGolden<GoldenRows>('model', 'batch.json'));
    const model = await load('model');
    const all = await logitsOf(model, batch);
    const labels = model.config.labels.length;
    const labelled = labelledTokens(batch);
    expect(labelled.length).toBeGreaterThan(0);
    expect(labelled.length).toBeLessThan(batch.inputIds.length);
    for (const some of [labelled, Int32Array.of(batch.inputIds.length - 1)]) {
      const expected = Float32Array.from(
        [...some].flatMap(token => [...all.subarray(token * labels, (token + 1) * labels)]),
      );
      expect(worstDifference(await logitsOf(model, batch, some), expected)).toBeLessThan(1e-6);
    }
    model.dispose();
  });

  it('of many tokens, where a layer may be one operation, the logits of each row are those that it has in a small batch', async () => {
    const golden = readGolden<GoldenRows>('model', 'batch.json');
    const batch = batchOf(golden);
    const times = Math.ceil(600 / batch.inputIds.length);
    const many = batchOf({ rows: Array(times).fill(golden.rows).flat() });
    const model = await load('model');
    for (const some of [false, true]) {
      const few = await logitsOf(model, batch, some ? labelledTokens(batch) : null);
      const before = tf.memory().numTensors;
      const all = await logitsOf(model, many, some ? labelledTokens(many) : null);
      expect(tf.memory().numTensors).toBe(before);
      const expected = Float32Array.from(
        Array(times)
          .fill([...few])
          .flat(),
      );
      expect(worstDifference(all, expected)).toBeLessThanOrEqual(engineKernel('PanxLinear') !== null ? 0 : 3e-6);
    }
    model.dispose();
  });

  it('a compact vocabulary changes nothing but the rows that are held', async () => {
    const batch = batchOf(readGolden<GoldenRows>('model', 'batch.json'));
    const expected = await goldenTensors('model', 'expected.safetensors');
    const model = await load('model', batch.inputIds);
    expect(model.vocabulary.ids.length).toBeLessThan(120);
    await computeGradients(model, [batch], () => dropoutPlan(noDropout, 0, 0));
    const name = 'roberta.embeddings.word_embeddings.weight';
    const gradient = model.network.wordTable.gradient!.dataSync();
    expect(worstDifference(gradient, heldRows(model, name, expected(`gradient.${name}`)))).toBeLessThan(tolerance);
    clearGradients(model.parameters);
    model.dispose();
  });

  it('micro-batches give the gradient of the mean of their losses', async () => {
    const { rows } = readGolden<GoldenRows>('model', 'batch.json');
    const halves = [batchOf({ rows: rows.slice(0, 2) }), batchOf({ rows: rows.slice(2) })];
    const model = await load('model');
    const gradients: Float32Array[] = [];
    for (const batch of halves) {
      await computeGradients(model, [batch], () => dropoutPlan(noDropout, 0, 0));
      gradients.push(model.network.classifier.weight.gradient!.dataSync<'float32'>());
      clearGradients(model.parameters);
    }
    await computeGradients(model, halves, () => dropoutPlan(noDropout, 0, 0));
    const mean = gradients[0]!.map((value, i) => (value + gradients[1]![i]!) / 2);
    expect(worstDifference(model.network.classifier.weight.gradient!.dataSync(), mean)).toBeLessThan(1e-6);
    clearGradients(model.parameters);
    model.dispose();
  });

  it('a batch whose labels are all ignored has zero loss and zero gradients, and is counted', async () => {
    const { rows } = readGolden<GoldenRows>('model', 'batch.json');
    const unlabelled = batchOf({ rows: rows.map(row => ({ ...row, labelIds: row.labelIds.map(() => -100) })) });
    const model = await load('model');
    const result = await computeGradients(model, [unlabelled], () => dropoutPlan(noDropout, 0, 0));
    expect(result).toEqual({ loss: 0, batchesWithoutLabels: 1 });
    for (const { gradient } of model.parameters) expect(gradient!.dataSync().every(value => value === 0)).toBe(true);
    clearGradients(model.parameters);
    model.dispose();
  });

  it('dropout: the same seed gives the same loss and gradients, another micro-batch others', async () => {
    const batch = batchOf(readGolden<GoldenRows>('model', 'batch.json'));
    const rates = { hiddenDropout: 0.1, attentionDropout: 0.1, classifierDropout: 0.1 };
    const model = await load('model');
    const losses = [];
    for (const microBatch of [5, 5, 6]) {
      losses.push((await computeGradients(model, [batch], () => dropoutPlan(rates, 1, microBatch))).loss);
      clearGradients(model.parameters);
    }
    expect(losses[0]).toBe(losses[1]);
    expect(losses[0]).not.toBe(losses[2]);
    model.dispose();
  });

  it('a training pass and an evaluation pass free all they made', async () => {
    const batch = batchOf(readGolden<GoldenRows>('model', 'batch.json'));
    const rates = { hiddenDropout: 0.1, attentionDropout: 0.1, classifierDropout: 0.1 };
    const model = await load('model');
    await logitsOf(model, batch); // From the first pass on, variables keep their live values.
    const before = tf.memory().numTensors;
    await computeGradients(model, [batch, batch], () => dropoutPlan(rates, 1, 0));
    clearGradients(model.parameters);
    await logitsOf(model, batch);
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });
});
