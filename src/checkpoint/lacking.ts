import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { listed, PanxError } from '../errors.js';
import { modelFile, type OtherWeights, otherWeights } from '../run/model-files.js';
import { printable } from '../system/console.js';
import { isAbsent } from '../system/files.js';
import { deadLink } from '../system/stand-in.js';

/** The error for a folder without weights that panx reads: it says what is there instead. */
export async function noWeights(folder: string): Promise<PanxError> {
  if (await isAbsent(folder)) {
    return new PanxError(`${folder} does not exist; expected a checkpoint folder with config.json and weights.`);
  }
  const dead = (await namesIn(folder)).find(isWeights);
  // Whoever looks for a file follows links, and found none of them.
  const link = dead === undefined ? null : await deadLink(join(folder, dead));
  if (link !== null) return link;
  return await lacking(
    folder,
    `holds no weights: neither ${modelFile.weights} nor ${modelFile.torchWeights}, whole or in shards, is there`,
  );
}

/** The error for a folder without config.json. */
export async function noConfig(folder: string): Promise<PanxError> {
  if (await isAbsent(folder)) return new PanxError(`${folder} does not exist; expected a checkpoint folder.`);
  return await lacking(folder, 'has no config.json');
}

/** It says what else is there: weights that are not read, or a model in a folder. */
async function lacking(folder: string, what: string): Promise<PanxError> {
  const names = await namesIn(folder);
  const other = otherWeights(names);
  if (other !== null) {
    const found = listed(other.found.map(name => printable(name)));
    return new PanxError(`${folder} ${what}; it has ${found}.`, { hint: adviceOf(other) });
  }
  const inside = await innerModel(folder, names);
  return new PanxError(`${folder} ${what}.`, {
    hint:
      inside === null
        ? 'A checkpoint folder holds config.json, model.safetensors (or pytorch_model.bin) and tokenizer.json.'
        : `There are weights in ${inside}: give that folder.`,
  });
}

async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).sort(byNumber);
}

function adviceOf(other: OtherWeights): string {
  if ('hint' in other) return other.hint;
  return `If ${printable(other.found[0]!)} holds the model's weights, give it the name ${other.rename}.`;
}

/**
 * The last folder in a folder of checkpoints, as Trainer leaves them, that has weights, or the one that the cache of the hub or a sentence encoder
 * has its model in; null where there is none.
 */
async function innerModel(folder: string, names: readonly string[]): Promise<string | null> {
  for (const name of names.toReversed()) {
    const place = join(folder, name);
    const files = await namesIn(place);
    if (files.some(isWeights)) return place;
    if (name !== 'snapshots') continue;
    const snapshot = await innerModel(place, files);
    if (snapshot !== null) return snapshot;
  }
  return null;
}

function isWeights(name: string): boolean {
  const { weights, weightsIndex, torchWeights, torchWeightsIndex } = modelFile;
  return [weights, weightsIndex, torchWeights, torchWeightsIndex].some(one => one === name);
}

/** checkpoint-1000 behind checkpoint-500. */
const { compare: byNumber } = new Intl.Collator('en', { numeric: true });
