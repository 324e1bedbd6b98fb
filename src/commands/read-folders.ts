import { join } from 'node:path';
import { availableLangs } from '../data/corpus.js';
import type { ReadFolder } from '../run/place.js';

/** The folder of a model, as something that is read. */
export function modelFolder(path: string): ReadFolder {
  return { path, what: "the model's folder" };
}

/** The folders of a corpus, PAN-X.<lang> each: beside them a command may write. */
export async function dataFolders(dataDir: string): Promise<ReadFolder[]> {
  const langs = await availableLangs(dataDir);
  return langs.map(lang => ({ path: join(dataDir, `PAN-X.${lang}`), what: 'a folder of the data' }));
}
