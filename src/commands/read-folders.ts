import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Corpora, corpusOf, hasSplit } from '../config/corpora.js';
import type { Config } from '../config/schema.js';
import { folderOf } from '../data/formats/panx.js';
import { namedFiles } from '../data/named-files.js';
import { availableLangs } from '../data/shards.js';
import { splitNames } from '../data/splits.js';
import { placeOf } from '../hub/resolve.js';
import { isBegun, runDirectory } from '../run/directory.js';
import type { ReadFolder } from '../system/place.js';

/** The folder of a model, as something that is read. */
export function modelFolder(path: string): ReadFolder {
  return { path, what: "the model's folder" };
}

/** The same, with the run that it is the checkpoint of: a run that is read is not written into. */
export async function modelFolders(path: string): Promise<ReadFolder[]> {
  const run = runDirectory(dirname(await realpath(path)));
  const isOfRun = basename(path) === 'checkpoint' && isBegun(run);
  return [modelFolder(path), ...(isOfRun ? [{ path: run.root, what: "the model's run" }] : [])];
}

/** The folders of a corpus, PAN-X.<lang> each: beside them a command may write. */
export async function dataFolders(dataDir: string): Promise<ReadFolder[]> {
  const langs = await availableLangs(dataDir);
  return langs.map(lang => ({ path: join(dataDir, folderOf(lang)), what: 'a folder of the data' }));
}

/** The files of named corpora: beside them a command may write, but not over them. @param langs of which those are `name=lang` */
export async function corpusFiles(corpora: Corpora, langs: readonly string[]): Promise<ReadFolder[]> {
  const files: ReadFolder[] = [];
  for (const lang of langs.filter(one => one.includes('='))) {
    const { name, corpus } = corpusOf(corpora, lang);
    for (const split of splitNames.filter(one => hasSplit(corpus, one))) {
      const found = await namedFiles(corpora, lang, split).catch(() => []); // What is needed and missing, its reader tells.
      files.push(...found.map(({ path }) => ({ path, what: `a file of the corpus ${name}` })));
    }
  }
  return files;
}

/** Look at --model and --data before anything is brought: a mistyped folder should not show after a gigabyte. @throws PanxError where one is none */
export async function checkTyped({ model, data }: Pick<Config, 'model' | 'data'>): Promise<void> {
  await placeOf(model, 'model');
  await placeOf(data, 'dataset');
}
