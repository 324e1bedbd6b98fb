import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PanxError } from '../errors.js';

/**
 * The embedded sample: a small synthetic corpus (PAN-X.en, PAN-X.tr) and a tiny checkpoint with its own tokenizer, in
 * the folder `sample` of the package. It shows the shape of a run, not the quality of a model.
 *
 * @throws PanxError where the package is installed without it.
 */
export function samplePaths(root: URL = packageRoot): { dataDir: string; modelDir: string } {
  const dataDir = fileURLToPath(new URL('sample/data', root));
  const modelDir = fileURLToPath(new URL('sample/model', root));
  for (const path of [`${dataDir}/PAN-X.en`, `${dataDir}/PAN-X.tr`, `${modelDir}/config.json`]) {
    if (existsSync(path)) continue;
    throw new PanxError(`The embedded sample is not complete: ${path} does not exist.`, {
      hint: 'Install panx anew (a git checkout holds it in sample/), or give --model and --data.',
    });
  }
  return { dataDir, modelDir };
}

/** The package's root: both src/hub and dist/hub lie two folders below it. */
const packageRoot = new URL('../../', import.meta.url);
