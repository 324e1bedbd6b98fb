import { readdirSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { clearGradients } from '../../src/model/parameter.js';
import { loadTokenClassifier } from '../../src/model/token-classifier.js';
import { computeGradients, dropoutPlan } from '../../src/training/step.js';
import { onEachBackend } from '../kernels/each-backend.js';
import { encodedRows, isComparable, type Trajectory, walk } from '../training/trajectory.js';
import {
  batchOf,
  type GoldenRows,
  goldenFolder,
  goldenTensors,
  partsOf,
  readGolden,
  tolerance,
  worstDifference,
} from './golden.js';
import { logitsOf } from './logits.js';

/** Every encoder of test/fixtures/golden/encoders, which scripts/make-golden/encoders.py writes. */
const names = readdirSync(goldenFolder('encoders')).map(name => `encoders/${name}`);
/** Of each architecture one whose batch has rows of 512, 150, 2 and 1 subwords. */
const longNames = readdirSync(goldenFolder('long-rows')).map(name => `long-rows/${name}`);
const noDropout = { hiddenDropout: 0, attentionDropout: 0, classifierDropout: 0 };

const load = (name: string, precision: 'fp32' | 'bf16' = 'fp32') =>
  loadTokenClassifier(goldenFolder(name), { inputIds: null, newHead: { labels: [], seed: 0 }, precision });

describe.each([...names, ...longNames])('%s', name => {
  onEachBackend(() => {
    const batch = batchOf(readGolden<GoldenRows>(name, 'batch.json'));

    it('has the logits, the loss and every gradient of transformers in training mode', async () => {
      const expected = await goldenTensors(name, 'expected.safetensors');
      const model = await load(name);
      expect(worstDifference(await logitsOf(model, batch), expected('logits'))).toBeLessThan(tolerance);
      const { loss } = await computeGradients(model, [batch], () => dropoutPlan(noDropout, 0, 0));
      expect(Math.abs(loss - expected('loss')[0]!)).toBeLessThan(tolerance);
      let compared = 0;
      for (const parameter of model.parameters) {
        if (!parameter.trainable) continue;
        for (const part of partsOf(parameter, parameter.gradient!.dataSync())) {
          const gradient = expected(`gradient.${part.name}`);
          expect(worstDifference(part.values, gradient), part.name).toBeLessThan(tolerance);
          compared += gradient.length;
        }
      }
      const used = model.parameters.filter(({ trainable }) => trainable);
      expect(compared).toBe(used.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0));
      clearGradients(model.parameters);
      model.dispose();
    });

    it('gives a row the logits that it has among others, and frees all that a pass made', async () => {
      const model = await load(name);
      const all = await logitsOf(model, batch);
      const labels = model.config.labels.length;
      const before = tf.memory().numTensors;
      const { rows } = readGolden<GoldenRows>(name, 'batch.json');
      let row = 0;
      for (const one of rows) {
        const alone = await logitsOf(model, batchOf({ rows: [one] }));
        const among = all.subarray(row * labels, (row + one.inputIds.length) * labels);
        expect(worstDifference(alone, among)).toBeLessThan(3e-6);
        row += one.inputIds.length;
      }
      const rates = { hiddenDropout: 0.1, attentionDropout: 0.1, classifierDropout: 0.1 };
      await computeGradients(model, [batch, batch], () => dropoutPlan(rates, 1, 0));
      clearGradients(model.parameters);
      expect(tf.memory().numTensors).toBe(before);
      model.dispose();
    });
  });
});

describe.each(names)('%s, trained', name => {
  onEachBackend(() => {
    it("takes the steps of transformers' Trainer, and ends with its weights", async () => {
      const golden = readGolden<Trajectory>(name, 'trajectory.json');
      const settings = { ...golden.settings, maxSteps: null };
      const { reports, weights, tensors } = await walk(
        goldenFolder(name),
        encodedRows(readGolden(name, 'batch.json')),
        settings,
      );
      expect(reports).toHaveLength(golden.steps.length);
      for (const [index, { loss, gradNorm, learningRate }] of reports.entries()) {
        const step = golden.steps[index]!;
        expect(Math.abs(loss - step.loss), `loss of step ${index}`).toBeLessThan(tolerance);
        expect(Math.abs(gradNorm / step.gradNorm - 1), `gradient norm of step ${index}`).toBeLessThan(tolerance);
        expect(learningRate).toBe(step.learningRate);
      }
      const trained = await goldenTensors(name, 'trained.safetensors');
      for (const [tensor, values] of weights) {
        if (isComparable(tensor)) expect(worstDifference(values, trained(tensor)), tensor).toBeLessThan(tolerance);
      }
      expect(new Set(tensors).size).toBe(1);
    });
  });
});
