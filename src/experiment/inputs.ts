import { relative } from 'node:path';
import { loadSplit, splitNames } from '../data/corpus.js';

/**
 * Read every split of the languages, which checks it: a damaged file is found before hours of training.
 *
 * @returns the rows of each train split, and the SHA-256 of each file by its path inside `dataDir`.
 * @throws PanxError as `loadSplit` does
 */
export async function readCorpus(
  dataDir: string,
  langs: readonly string[],
): Promise<{ trainRows: Record<string, number>; hashes: Record<string, string> }> {
  const trainRows: Record<string, number> = {};
  const hashes: Record<string, string> = {};
  for (const lang of langs) {
    for (const name of splitNames) {
      const split = await loadSplit(dataDir, lang, name);
      if (name === 'train') trainRows[lang] = split.rows;
      for (const { path, sha256 } of split.files) hashes[relative(dataDir, path).replaceAll('\\', '/')] = sha256;
    }
  }
  return { trainRows, hashes };
}
