import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSafetensors } from '../../src/checkpoint/safetensors.js';
import { forward } from '../../src/model/encoder.js';
import { toDevice } from '../../src/model/inputs.js';
import { clearGradients, withValues } from '../../src/model/parameter.js';
import { loadTokenClassifier } from '../../src/model/token-classifier.js';
import { computeGradients, dropoutPlan } from '../../src/training/step.js';
import { python } from '../checkpoint/python.js';
import { onEachBackend } from '../kernels/each-backend.js';
import { batchOf, heldRows, partsOf, worstDifference } from '../model/golden.js';
import { drawCase } from './random-case.js';
import { encodedRows, isComparable, type Trajectory, walk } from './trajectory.js';

/**
 * Models and runs that nobody thought of: drawn from a seed, which the title shows and PANX_TEST_SEED sets, computed by
 * transformers' Trainer and by panx. Runs where PANX_TEST_PYTHON names a Python with torch and transformers.
 */
const seed = Number(process.env.PANX_TEST_SEED ?? 1);
const caseCount = Number(process.env.PANX_TEST_CASES ?? 5);
const cases = Array.from({ length: caseCount }, (_, index) => drawCase(seed * 1000 + index));
const noDropout = { hiddenDropout: 0, attentionDropout: 0, classifierDropout: 0 };

/**
 * Of the largest value there. Gradients that are sums which cancel, and steps that see weights which the rounding of earlier ones
 * moved, may besides be off by three times torch's own distance from float64, and weights by what rounding moves them
 * (cases.py). PANX_TEST_REPORT=1 prints what there is.
 */
const tolerance = 5e-6;

describe.skipIf(python === undefined)(`random configurations of seed ${seed}`, () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'panx-random-'));
    writeFileSync(join(folder, 'cases.json'), JSON.stringify(cases));
    const program = fileURLToPath(new URL('../../scripts/compare-with-trainer/cases.py', import.meta.url));
    execFileSync(python!, [program, join(folder, 'cases.json'), folder], { stdio: 'pipe' });
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  onEachBackend(backend => {
    it.each(cases.map(({ model, settings }, index) => ({ index, model, settings })))(
      'case $index: $model, $settings',
      async ({ index }) => {
        const root = join(folder, String(index));
        const golden = JSON.parse(readFileSync(join(root, 'trajectory.json'), 'utf8')) as RandomTrajectory;
        const expected = await tensorsIn(join(root, 'expected.safetensors'));
        const worst = {
          ...(await firstBatch(root, golden, expected)),
          ...(await trajectory(root, golden, expected)),
        };
        if (process.env.PANX_TEST_REPORT) console.log(backend, seed, index, JSON.stringify(worst));
        for (const [quantity, away] of Object.entries(worst)) expect(away, quantity).toBeLessThan(tolerance);
      },
    );
  });
});

/** Worst differences of logits, loss and gradients of the first five rows, relative to the largest of each. */
async function firstBatch(root: string, { rows }: Trajectory, expected: Tensors) {
  const batch = batchOf({ rows: rows.slice(0, 5) });
  const model = await loadTokenClassifier(root, {
    inputIds: [batch.inputIds],
    newHead: { labels: [], seed: 0 },
    precision: 'fp32',
  });
  const logits = await withValues(model.parameters, null, () =>
    tf.tidy(() =>
      forward(model.network, model.config, toDevice(batch, model.vocabulary, model.config), null)[0].dataSync(),
    ),
  );
  const { loss } = await computeGradients(model, [batch], () => dropoutPlan(noDropout, 0, 0));
  const used = model.parameters.filter(({ trainable }) => trainable);
  const gradients = used.flatMap(parameter =>
    partsOf(parameter, parameter.gradient!.dataSync()).map(({ name, values }) => {
      const held = heldRows(model, name, expected(`gradient.${name}`));
      // That of a key's bias is rounding of sums that cancel: as large as the rounding of its weight's.
      const scale = isComparable(name)
        ? largest(held)
        : largest(expected(`gradient.${name.replace(/bias$/, 'weight')}`));
      return (worstDifference(values, held) - 3 * expected(`rounding.gradient.${name}`)[0]!) / scale;
    }),
  );
  clearGradients(model.parameters);
  model.dispose();
  const expectedLogits = expected('logits');
  return {
    logits: worstDifference(logits, expectedLogits) / largest(expectedLogits),
    loss: Math.abs(loss - expected('loss')[0]!),
    gradients: Math.max(...gradients),
  };
}

/** Worst differences of all steps and of the weights after the last. */
async function trajectory(root: string, golden: RandomTrajectory, expected: Tensors) {
  const others = encodedRows({ rows: golden.evaluationRows! });
  const { reports, weights, evaluations } = await walk(root, encodedRows(golden), golden.settings, others);
  expect(evaluations.map(({ f1 }) => f1.toFixed(6))).toEqual(golden.evaluations!.map(({ f1 }) => f1.toFixed(6)));
  expect(reports).toHaveLength(golden.steps.length);
  const ofSteps = (difference: (a: Step, b: Step) => number) =>
    Math.max(
      ...golden.steps.map((step, i) => difference(reports[i]!, step) - 3 * difference(step, golden.exactSteps[i]!)),
    );
  const beyondSlack = [...weights]
    .filter(([name]) => isComparable(name))
    .map(([name, values]) => {
      const [trained, slack] = [expected(`trained.${name}`), expected(`slack.${name}`)];
      return Math.max(...values.map((value, i) => Math.abs(value - trained[i]!) - slack[i]!));
    });
  return {
    stepLoss: ofSteps((a, b) => Math.abs(a.loss - b.loss) / Math.max(1, b.loss)),
    stepGradNorm: ofSteps((a, b) => Math.abs(a.gradNorm / b.gradNorm - 1)),
    stepLearningRate: ofSteps((a, b) => Math.abs(a.learningRate - b.learningRate)),
    weightsBeyondSlack: Math.max(...beyondSlack),
  };
}

type Step = Trajectory['steps'][number];
type RandomTrajectory = Trajectory & { exactSteps: Step[] };
type Tensors = (name: string) => Float32Array;

async function tensorsIn(file: string): Promise<Tensors> {
  const source = await openSafetensors(file);
  const tensors = new Map<string, Float32Array>();
  for (const name of source.tensors.keys()) tensors.set(name, await source.read(name));
  await source.close();
  return name => tensors.get(name)!;
}

function largest(values: ArrayLike<number>): number {
  return Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
