import { readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { writeCheckpointFolder } from '../../src/checkpoint/folder.js';
import { openTensors } from '../../src/checkpoint/weights.js';
import { loadEngine } from '../../src/engine/engine.js';
import { forward } from '../../src/model/encoder.js';
import { toDevice } from '../../src/model/inputs.js';
import { withValues } from '../../src/model/parameter.js';
import { loadTokenClassifier, tensorsOf } from '../../src/model/token-classifier.js';
import { createOptimizer } from '../../src/training/optimizer.js';
import { computeGradients, dropoutPlan } from '../../src/training/step.js';
import { python, runPython } from '../checkpoint/python.js';
import { batchOf, type GoldenRows, goldenFolder, readGolden, tolerance, worstDifference } from './golden.js';

const program = `
import json, sys, torch
from transformers import AutoModelForTokenClassification
folder, rows = sys.argv[1], json.load(open(sys.argv[2]))
model, info = AutoModelForTokenClassification.from_pretrained(folder, output_loading_info=True)
model.eval()
with torch.no_grad():
    logits = [model(torch.tensor([row])).logits[0].flatten().tolist() for row in rows]
print(json.dumps({"logits": sum(logits, []), "missing": sorted(info["missing_keys"]), "unexpected": sorted(info["unexpected_keys"])}))
`;

const names = ['model', 'roberta', ...readdirSync(goldenFolder('encoders')).map(name => `encoders/${name}`)];

describe.skipIf(python === undefined)('a trained checkpoint in Python transformers', () => {
  it.each(names)(
    '%s loads whole and gives the same logits, on words that were trained on and that were not',
    async name => {
      await loadEngine('auto');
      const folder = await mkdtemp(join(tmpdir(), 'panx-transformers-'));
      const golden = readGolden<GoldenRows>(name, 'batch.json');
      const batch = batchOf(golden);
      const rates = { hiddenDropout: 0.1, attentionDropout: 0.1, classifierDropout: 0.1 };
      const start = goldenFolder(name);
      // Trained on two rows, so that most of the vocabulary is not held and only decays.
      const trained = batchOf({ rows: golden.rows.slice(0, 2) });
      const model = await loadTokenClassifier(start, {
        inputIds: [trained.inputIds],
        newHead: { labels: [], seed: 0 },
        precision: 'fp32',
      });
      const optimizer = createOptimizer(model.parameters, { weightDecay: 0.1, maxGradNorm: 1 });
      for (let step = 0; step < 3; step++) {
        await computeGradients(model, [trained], () => dropoutPlan(rates, 1, step));
        await optimizer.update(0.01);
        model.unusedRowScale *= 1 - 0.01 * 0.1;
      }
      const source = await openTensors(start);
      const out = join(folder, 'checkpoint');
      const checkpoint = { config: model.config, tensors: tensorsOf(model, source), tokenizerFrom: start };
      await writeCheckpointFolder(out, checkpoint, { replace: false });
      await source.close();

      const reloaded = await loadTokenClassifier(out, {
        inputIds: null,
        newHead: { labels: [], seed: 0 },
        precision: 'fp32',
      });
      const logits = await withValues(reloaded.parameters, null, () =>
        tf.tidy(() =>
          forward(
            reloaded.network,
            reloaded.config,
            toDevice(batch, reloaded.vocabulary, reloaded.config),
            null,
          )[0].dataSync(),
        ),
      );
      const rows = join(folder, 'rows.json');
      await writeFile(rows, JSON.stringify(golden.rows.map(({ inputIds }) => inputIds)));
      const theirs = runPython(program, out, rows) as { logits: number[]; missing: string[]; unexpected: string[] };
      expect(theirs.missing).toEqual([]);
      expect(theirs.unexpected).toEqual([]);
      expect(worstDifference(logits, theirs.logits)).toBeLessThan(tolerance);
      await rm(folder, { recursive: true });
    },
  );
});
