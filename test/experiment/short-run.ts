import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/load.js';
import { identityOf } from '../../src/experiment/identity.js';
import type { StageRequest } from '../../src/experiment/stage.js';
import { samplePaths } from '../../src/hub/sample.js';
import { contentsOf } from './contents.js';

const { dataDir, modelDir } = samplePaths();

/** A short training on the embedded sample: 2 epochs of 5 steps, scored on 40 rows. */
export async function requestFor(out: string, assignments: string[] = []): Promise<StageRequest> {
  const { config } = await loadConfig({
    assignments: [
      'training.size=70',
      'training.batchSize=16',
      'training.epochs=2',
      'training.learningRate=1e-3',
      'evaluation.limit=40',
      'evaluation.batchSize=16',
      'evaluation.langs=[en, tr]',
      ...assignments,
    ],
  });
  const contents = await contentsOf(config, dataDir, modelDir);
  return {
    ...{ config, startFrom: modelDir, startFiles: contents.checkpoint, dataDir, out },
    ...{ identity: identityOf('train', config, contents), resume: false, label: 'test' },
  };
}

/** The bytes that must not depend on interruptions: all but the times and the environment. */
export async function resultsOf(out: string) {
  const bytes: Record<string, string> = {};
  for (const name of ['metrics.json', 'events.jsonl', 'config.json', 'identity.json', 'checksums.json']) {
    bytes[name] = await readFile(join(out, name), 'utf8');
  }
  const weights = await readFile(join(out, 'checkpoint', 'model.safetensors'));
  return { ...bytes, weights: weights.toString('base64') };
}
