import { readdirSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadEngine } from '../../src/engine/engine.js';
import { clearGradients } from '../../src/model/parameter.js';
import { loadTokenClassifier } from '../../src/model/token-classifier.js';
import { computeGradients, dropoutPlan } from '../../src/training/step.js';
import { hasTensorflow } from '../kernels/each-backend.js';
import { isComparable } from '../training/trajectory.js';
import { batchOf, type GoldenRows, goldenFolder, goldenTensors, partsOf, readGolden } from './golden.js';
import { logitsOf } from './logits.js';

/**
 * Rounding to bfloat16 is off by 2^-8 at most, by 0.0017 in the root mean square; a product of two rounded matrices, rounded, by 0.003.
 * A gradient goes through up to 16 of them in the two layers, forward and back, whose errors add like random ones: 0.012. Measured: up to
 * 0.014 of a gradient, 0.007 of the logits, 0.0004 of the loss. A mistake in an equation is at least ten times that. relu's slope jumps: what
 * rounding moves across 0 has another gradient altogether, and these models have few values: up to 0.076 of all.
 */
const reluTolerance = 0.15;
const tolerance = { gradient: 0.025, logits: 0.015, loss: 0.002 };
const noDropout = { hiddenDropout: 0, attentionDropout: 0, classifierDropout: 0 };

describe.skipIf(!hasTensorflow)('the model in bf16', () => {
  beforeAll(() => loadEngine('tensorflow'));

  it.each(['model', 'roberta', ...readdirSync(goldenFolder('encoders')).map(name => `encoders/${name}`)])(
    "%s: logits, loss and every gradient are transformers' in float32, to bfloat16",
    async name => {
      const batch = batchOf(readGolden<GoldenRows>(name, 'batch.json'));
      const expected = await goldenTensors(name, 'expected.safetensors');
      const newHead = { labels: [], seed: 0 };
      const model = await loadTokenClassifier(goldenFolder(name), { inputIds: null, newHead, precision: 'bf16' });

      const error = relativeError(await logitsOf(model, batch), expected('logits'));
      expect(error).toBeLessThan(tolerance.logits);
      expect(error, 'float32 would be closer').toBeGreaterThan(1e-4);
      const { loss } = await computeGradients(model, [batch], () => dropoutPlan(noDropout, 0, 0));
      expect(relativeError([loss], expected('loss'))).toBeLessThan(tolerance.loss);
      const mostAway = model.config.activation === 'relu' ? reluTolerance : tolerance.gradient;
      for (const parameter of model.parameters) {
        if (!parameter.trainable) continue;
        const gradient = parameter.gradient!;
        expect(gradient.dtype).toBe('float32');
        for (const part of partsOf(parameter, gradient.dataSync())) {
          if (!isComparable(part.name)) continue;
          const from = expected(`gradient.${part.name}`);
          expect(relativeError(part.values, from), part.name).toBeLessThan(mostAway);
        }
      }
      clearGradients(model.parameters);
      model.dispose();
    },
  );
});

/** The length of the difference, as a part of the length of what is expected. */
function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [difference, length] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    difference += (actual[i]! - expected[i]!) ** 2;
    length += expected[i]! ** 2;
  }
  return Math.sqrt(difference / length);
}
