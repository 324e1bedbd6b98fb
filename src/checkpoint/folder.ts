import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { codeOf } from '../errors.js';
import { cannotWrite, flushFolder, makeFolder, temporaryNeighbour, writeFileAtomic, writeJson } from '../run/files.js';
import { isRunning } from '../run/process.js';
import type { ModelConfig } from './config.js';
import { type TensorToWrite, writeSafetensors } from './safetensors.js';

/** What a checkpoint folder is made of. */
export interface Checkpoint {
  config: ModelConfig;
  tensors: TensorToWrite[];
  /** The folder whose tokenizer files are copied; it may be the folder that is replaced. */
  tokenizerFrom: string;
}

/**
 * Write a Hugging Face folder: config.json, model.safetensors and the tokenizer's files. It is made beside its place
 * and appears there whole; a folder that it replaces is kept as `<folder>.previous` until the new one stands, and
 * `restoreCheckpointFolder` puts it back after a crash in between.
 *
 * @throws PanxError naming the path that cannot be written.
 */
export async function writeCheckpointFolder(folder: string, checkpoint: Checkpoint): Promise<void> {
  const place = resolve(folder);
  const staging = temporaryNeighbour(place);
  const previous = previousOf(place);
  try {
    await restoreCheckpointFolder(place);
    await removeAbandoned(place);
    makeFolder(staging);
    await writeJson(join(staging, 'config.json'), configToWrite(checkpoint.config));
    await writeSafetensors(join(staging, 'model.safetensors'), checkpoint.tensors);
    await copyTokenizer(checkpoint.tokenizerFrom, staging);
    await flushFolder(staging);
    if (existsSync(place)) await rename(place, previous);
    await rename(staging, place);
    await flushFolder(dirname(place));
    await rm(previous, { recursive: true, force: true });
  } catch (error) {
    await rm(staging, { recursive: true, force: true }).catch(() => {});
    await restoreCheckpointFolder(place).catch(() => {});
    throw codeOf(error) === undefined ? error : cannotWrite(folder, error);
  }
}

/**
 * Put a folder back that `writeCheckpointFolder` had set aside when it was killed just before the new one took its
 * place; remove it where the new one stands. Does nothing where no write was cut off.
 */
export async function restoreCheckpointFolder(folder: string): Promise<void> {
  const place = resolve(folder);
  const previous = previousOf(place);
  if (!existsSync(previous)) return;
  if (existsSync(place)) await rm(previous, { recursive: true, force: true });
  else await rename(previous, place);
}

/**
 * The content of config.json: what was read, with the architecture, the labels and the element type of what is written.
 * An element type of the source (float16, say) must go, as transformers would narrow the weights to it on loading.
 */
export function configToWrite(config: ModelConfig): Record<string, unknown> {
  const { num_labels: _, torch_dtype, dtype, ...kept } = config.raw;
  return {
    ...kept,
    architectures: [architectureClass(config.architecture)],
    ...(torch_dtype === undefined ? {} : { torch_dtype: 'float32' }),
    ...(dtype === undefined ? {} : { dtype: 'float32' }),
    id2label: Object.fromEntries(config.labels.map((label, id) => [String(id), label])),
    label2id: Object.fromEntries(config.labels.map((label, id) => [label, id])),
  };
}

function architectureClass(architecture: ModelConfig['architecture']): string {
  switch (architecture) {
    case 'xlm-roberta':
      return 'XLMRobertaForTokenClassification';
    case 'roberta':
      return 'RobertaForTokenClassification';
  }
}

/** The files in which transformers looks for a tokenizer. */
const tokenizerFiles = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'sentencepiece.bpe.model',
  'vocab.json',
  'merges.txt',
];

async function copyTokenizer(from: string, to: string): Promise<void> {
  for (const name of tokenizerFiles) {
    const source = join(from, name);
    if (existsSync(source)) await writeFileAtomic(join(to, name), await readFile(source));
  }
}

function previousOf(place: string): string {
  return `${place}.previous`;
}

/** Remove what writers of this folder left behind that were killed: a checkpoint of XLM-R base takes 1.1 GB. */
async function removeAbandoned(place: string): Promise<void> {
  const parent = dirname(place);
  if (!existsSync(parent)) return;
  for (const name of await readdir(parent)) {
    const suffix = name.startsWith(`${basename(place)}.`) ? name.slice(basename(place).length) : '';
    const writer = /^\.(\d+)-[0-9a-f]{8}\.tmp$/.exec(suffix)?.[1];
    if (writer !== undefined && !isRunning(Number(writer))) {
      await rm(join(parent, name), { recursive: true, force: true });
    }
  }
}
