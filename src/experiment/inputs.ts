import { relative } from 'node:path';
import { loadSplit, splitNames } from '../data/corpus.js';
import { hashCheckpoint } from './identity.js';
import type { SweepInputs } from './plan.js';

/**
 * Read every split of the languages, which checks it, and hash all that a sweep starts from.
 *
 * @throws PanxError as `loadSplit` does, so that a damaged file is found before hours of training
 */
export async function readInputs(modelDir: string, dataDir: string, langs: readonly string[]): Promise<SweepInputs> {
  const trainRows: Record<string, number> = {};
  const data: Record<string, string> = {};
  for (const lang of langs) {
    for (const name of splitNames) {
      const split = await loadSplit(dataDir, lang, name);
      if (name === 'train') trainRows[lang] = split.rows;
      for (const { path, sha256 } of split.files) data[relative(dataDir, path).replaceAll('\\', '/')] = sha256;
    }
  }
  return { trainRows, contents: { checkpoint: await hashCheckpoint(modelDir), data } };
}
