import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseModelConfig, readModelConfig } from '../../src/checkpoint/config.js';
import { writeCheckpointFolder } from '../../src/checkpoint/folder.js';
import type { TensorToWrite } from '../../src/checkpoint/safetensors.js';
import { openTensors } from '../../src/checkpoint/weights.js';
import { panxLabels } from '../../src/data/formats/panx.js';
import { samplePaths } from '../../src/hub/sample.js';
import { clearGradients } from '../../src/model/parameter.js';
import { loadTokenClassifier } from '../../src/model/token-classifier.js';
import { createOptimizer } from '../../src/training/optimizer.js';
import { computeGradients, dropoutPlan } from '../../src/training/step.js';
import { onEachBackend } from '../kernels/each-backend.js';
import { batchOf } from './golden.js';

/** XLM-R, BERT and ELECTRA differ in where positions count from, in names, and in embeddings that are as wide as the layers here. */

const { modelDir } = samplePaths();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panx-same-'));
  for (const architecture of ['bert', 'electra']) await writeAs(architecture);
});
afterAll(() => rm(folder, { recursive: true }));

/** The sample's model with its tensors under other names, and without the positions that padding has. */
async function writeAs(architecture: string): Promise<void> {
  const { raw, padId, hiddenSize, maxPositions } = await readModelConfig(modelDir);
  const firstPosition = padId! + 1;
  const { architectures: _, ...kept } = raw;
  const config = parseModelConfig('test', {
    ...kept,
    ...{ model_type: architecture, embedding_size: hiddenSize, max_position_embeddings: maxPositions - firstPosition },
  });
  const source = await openTensors(modelDir);
  const tensors: TensorToWrite[] = [];
  for (const { name, shape } of source.tensors.values()) {
    const values = await source.read(name);
    const skipped = name.includes('position_embeddings') ? firstPosition : 0;
    tensors.push({
      name: name.replace(/^roberta\./, `${architecture}.`),
      shape: [shape[0]! - skipped, ...shape.slice(1)],
      data: () => values.subarray(skipped * hiddenSize),
    });
  }
  await source.close();
  const checkpoint = { config, tensors, tokenizerFrom: modelDir };
  await writeCheckpointFolder(join(folder, architecture), checkpoint, { replace: false });
}

/** Losses of some steps, with dropout. */
async function lossesFrom(place: string): Promise<number[]> {
  const ids = Array.from({ length: 60 }, (_, i) => 4 + ((i * 37) % 900));
  const rows = [ids, ids.slice(20), ids.slice(50)].map(inputIds => ({
    inputIds,
    labelIds: inputIds.map(id => (id % 3 === 0 ? -100 : id % 7)),
  }));
  const batch = batchOf({ rows });
  const newHead = { labels: panxLabels, seed: 1 };
  const model = await loadTokenClassifier(place, { inputIds: [batch.inputIds], newHead, precision: 'fp32' });
  const optimizer = createOptimizer(model.parameters, { weightDecay: 0.1, maxGradNorm: 1 });
  const rates = { hiddenDropout: 0.1, attentionDropout: 0.1, classifierDropout: 0.1 };
  const losses: number[] = [];
  for (let step = 0; step < 4; step++) {
    losses.push((await computeGradients(model, [batch], () => dropoutPlan(rates, 1, step))).loss);
    await optimizer.update(0.01);
  }
  clearGradients(model.parameters);
  optimizer.dispose();
  model.dispose();
  return losses;
}

onEachBackend(() => {
  it('the same weights give the same losses as XLM-R, as BERT and as ELECTRA', async () => {
    const losses = await lossesFrom(modelDir);
    expect(losses[3]).toBeLessThan(losses[0]!);
    expect(await lossesFrom(join(folder, 'bert'))).toEqual(losses);
    expect(await lossesFrom(join(folder, 'electra'))).toEqual(losses);
  });
});
