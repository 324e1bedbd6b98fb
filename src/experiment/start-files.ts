import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { checkTokenizerFiles } from '../checkpoint/folder.js';
import { checkWeights } from '../checkpoint/weights.js';
import { PanxError } from '../errors.js';
import { partsOfModel } from '../run/model-files.js';
import { checksumsInBackground } from '../system/background-hash.js';
import type { Checksums } from '../system/checksums.js';
import { reasonOf } from '../system/files.js';
import { sourcesOf } from '../tokenization/converters/convert.js';

/**
 * Checksums of the files of the checkpoint that training starts from, all of whose weights are looked at meanwhile: those that the data does
 * not use go into what is trained, too.
 *
 * @throws PanxError where a weight is not a finite number, or the folder cannot be read
 */
export async function readStart(folder: string): Promise<Checksums> {
  await checkTokenizerFiles(folder);
  const [sums] = await Promise.all([checkpointFiles(folder), checkWeights(folder)]);
  return sums;
}

/** Checksums of the files of a checkpoint folder that make the model: weights, config and tokenizer, be that tokenizer.json or what it is made of. */
export async function checkpointFiles(folder: string): Promise<Checksums> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    throw new PanxError(`The checkpoint folder ${folder} cannot be read: ${reasonOf(error)}.`, { cause: error });
  }
  const parts = [...partsOfModel(names), ...(await sourcesOf(folder))].sort();
  for (const name of parts) await refuseOther(join(folder, name));
  return await checksumsInBackground(folder, parts);
}

/** A device or a pipe under the name of a file might be read without end. */
async function refuseOther(path: string): Promise<void> {
  const found = await stat(path).catch((error: unknown) => {
    throw new PanxError(`${path} cannot be read: ${reasonOf(error)}.`, { cause: error });
  });
  if (!found.isFile()) throw new PanxError(`${path} cannot be read: it is no file.`);
}
