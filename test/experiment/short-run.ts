import { readdir, readFile } from 'node:fs/promises';
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

/** Every file of a run but those of its circumstances: what must not depend on interruptions. */
export async function resultsOf(out: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const name of await readdir(out, { recursive: true })) {
    if (!/\.(json|jsonl|safetensors)$/.test(name) || /environment|times|trace/.test(name)) continue;
    files[name] = (await readFile(join(out, name))).toString('base64');
  }
  return files;
}
