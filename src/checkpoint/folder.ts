import { existsSync } from 'node:fs';
import { lstat, readdir, rename, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { codeOf, listed, PanxError } from '../errors.js';
import { markName, modelLayout } from '../run/layouts.js';
import { writeMark } from '../run/mark.js';
import { modelFile, smallTokenizerFiles, tokenizerFiles, vocabularyFile } from '../run/model-files.js';
import { readBounded } from '../system/bounded-file.js';
import { readBoundedJson } from '../system/bounded-json.js';
import { formatCount } from '../system/console.js';
import {
  cannotWrite,
  flushFolder,
  makeFolder,
  reasonOf,
  renameUnlessTaken,
  toJson,
  writeFileAtomic,
  writeJson,
} from '../system/files.js';
import { removeMade, strangersIn } from '../system/made.js';
import { refuseStandIn, standInOf, startOf } from '../system/stand-in.js';
import { isAbandoned, parseTemporary, temporaryNeighbour } from '../system/temporary.js';
import { convertTokenizer } from '../tokenization/converters/convert.js';
import { tokenizerConfigFor } from '../tokenization/python-class.js';
import type { ModelConfig } from './config.js';
import { type TensorToWrite, writeSafetensors } from './safetensors.js';

/** What a checkpoint folder is made of. */
export interface Checkpoint {
  config: ModelConfig;
  tensors: TensorToWrite[];
  /** The folder whose tokenizer files are copied. */
  tokenizerFrom: string;
  /** `tokenization.lowerCase`, for a tokenizer that has no tokenizer.json and leaves it open. */
  lowerCase?: boolean | null;
}

/**
 * Write a Hugging Face folder: config.json, model.safetensors, the tokenizer's files and the mark of a folder of panx. It is made beside its
 * place and appears there whole. One that it replaces is set aside until the new one stands, and `restoreCheckpointFolder` puts it back after
 * a crash in between.
 *
 * @param replace whether a model that panx wrote there before may be replaced; an empty folder always may
 * @throws PanxError naming the path that cannot be written, or what in the folder is not of panx
 */
export async function writeCheckpointFolder(
  folder: string,
  checkpoint: Checkpoint,
  { replace }: { replace: boolean },
): Promise<void> {
  const place = resolve(folder);
  const staging = temporaryNeighbour(place);
  try {
    await restoreCheckpointFolder(place);
    makeFolder(staging);
    await writeMark(staging, 'model');
    await writeFileAtomic(join(staging, modelFile.config), configText(checkpoint.config));
    await writeSafetensors(join(staging, modelFile.weights), checkpoint.tensors);
    await copyTokenizer(checkpoint.tokenizerFrom, staging, checkpoint.lowerCase ?? null);
    await flushFolder(staging);
    await putInPlace(staging, place, replace);
    await flushFolder(dirname(place));
  } catch (error) {
    await removeMade(staging, modelLayout).catch(() => {});
    await restoreCheckpointFolder(place).catch(() => {});
    throw codeOf(error) === undefined ? error : cannotWrite(folder, error);
  }
}

/** Look at what is there only when it is set aside, where nobody else writes any more. */
async function putInPlace(staging: string, place: string, replace: boolean): Promise<void> {
  // Renaming takes the place of an empty folder, and of nothing else.
  if (await renameUnlessTaken(staging, place)) return;
  const previous = temporaryNeighbour(place, 'previous');
  const hint = 'Move that away, or choose another folder.';
  if (!replace) {
    throw new PanxError(`${place} is not empty any more: another process has written something there.`, { hint });
  }
  await rename(place, previous);
  const strangers = await strangersIn(previous, modelLayout);
  // A model of somebody else's may have files of the same names, but no mark.
  if (!existsSync(join(previous, markName))) strangers.push(`a model without ${markName}`);
  if (strangers.length > 0) {
    await rename(previous, place);
    throw new PanxError(`${place} holds what panx did not make: ${listed(strangers)}.`, { hint });
  }
  try {
    await rename(staging, place);
  } catch (error) {
    await rename(previous, place);
    throw error;
  }
  await removeMade(previous, modelLayout);
}

/**
 * Put a folder back that a writer had set aside when it was killed just before the new one took its place, and remove what else killed
 * writers of this folder left beside it: a checkpoint of XLM-R base takes 1.1 GB. Does nothing where no write was cut off.
 */
export async function restoreCheckpointFolder(folder: string): Promise<void> {
  const place = resolve(folder);
  const names = await readdir(dirname(place)).catch(() => []);
  for (const name of names) {
    const temporary = parseTemporary(name);
    if (temporary?.of !== basename(place) || !isAbandoned(temporary)) continue;
    const path = join(dirname(place), name);
    if (temporary.kind === 'previous' && !existsSync(place)) await rename(path, place);
    else await removeMade(path, modelLayout);
  }
}

/**
 * The content of config.json: what was read, with the architecture, the labels and the element type of what is written.
 * An element type of the source (float16, say) must go, as transformers would narrow the weights to it on loading.
 */
export function configToWrite(config: ModelConfig): Record<string, unknown> {
  const { num_labels: _, torch_dtype, dtype, ...whole } = config.raw;
  // How attention is computed is the reader's choice; named here, the model would not load without that library.
  const { _attn_implementation: _a, attn_implementation: _b, ...kept } = whole;
  return {
    ...kept,
    architectures: [architectureClass(config.architecture)],
    ...(torch_dtype === undefined ? {} : { torch_dtype: 'float32' }),
    ...(dtype === undefined ? {} : { dtype: 'float32' }),
    id2label: Object.fromEntries(config.labels.map((label, id) => [String(id), label])),
    label2id: Object.fromEntries(config.labels.map((label, id) => [label, id])),
  };
}

/** The text of config.json. What transformers takes for a float alone has a point: it refuses 1, which JavaScript makes of 1.0. */
export function configText(config: ModelConfig): string {
  return toJson(configToWrite(config)).replace(/^( {2}"(?:initializer_range|layer_norm_eps)": \d+)(?=,?$)/gm, '$1.0');
}

function architectureClass(architecture: ModelConfig['architecture']): string {
  switch (architecture) {
    case 'xlm-roberta':
      return 'XLMRobertaForTokenClassification';
    case 'roberta':
      return 'RobertaForTokenClassification';
    case 'camembert':
      return 'CamembertForTokenClassification';
    case 'bert':
      return 'BertForTokenClassification';
    case 'electra':
      return 'ElectraForTokenClassification';
    case 'distilbert':
      return 'DistilBertForTokenClassification';
    case 'deberta':
      return 'DebertaForTokenClassification';
    case 'deberta-v2':
      return 'DebertaV2ForTokenClassification';
  }
}

/** Bytes of one of a tokenizer's files at most; the largest tokenizer.json that is known has 60 million. */
const largestTokenizerFile = 100_000_000;

/**
 * Check that the files of a tokenizer, which go along with what is trained, can be copied: after hours of training it would be too late.
 *
 * @throws PanxError naming the file that cannot be read, is too large, or is no file
 */
export async function checkTokenizerFiles(folder: string): Promise<void> {
  for (const name of tokenizerFiles) {
    const path = join(folder, name);
    if ((await lstat(path).catch(() => undefined)) === undefined) continue;
    const size = await sizeOfPlainFile(path);
    if (name === modelFile.tokenizer) refuseStandIn(path, await startOf(path));
    if (size > largestTokenizerFile) {
      throw new PanxError(
        `${path} is larger than ${formatCount(largestTokenizerFile)} bytes; expected a file of a tokenizer.`,
        { hint: 'Copy the file again from the model that it belongs to, or remove it.' },
      );
    }
    // Panx may do without them, but what is trained would not load in transformers.
    if (isSmall(name)) await readBoundedJson(path, largestTokenizerFile);
  }
}

function isSmall(name: string): boolean {
  return name === modelFile.addedTokens || smallTokenizerFiles.some(small => small === name);
}

function isVocabulary(name: string): boolean {
  return Object.values<string>(vocabularyFile).includes(name);
}

async function sizeOfPlainFile(path: string): Promise<number> {
  const found = await stat(path).catch((error: unknown) => {
    throw new PanxError(`${path} cannot be read: ${reasonOf(error)}.`, { cause: error });
  });
  if (found.isFile()) return found.size;
  throw new PanxError(
    `${path} is ${found.isDirectory() ? 'a folder' : 'no regular file'}; expected a file of a tokenizer.`,
    {
      hint: 'Copy the file again from the model that it belongs to, or remove it.',
    },
  );
}

/**
 * Copy a tokenizer, and write tokenizer.json beside it where there was none, and what transformers needs to make the same of it: a checkpoint
 * gives the same ids in every version of transformers, and needs no `tokenization.lowerCase` any more.
 */
async function copyTokenizer(from: string, to: string, lowerCase: boolean | null): Promise<void> {
  await checkTokenizerFiles(from);
  for (const name of tokenizerFiles) {
    const source = join(from, name);
    if (!existsSync(source)) continue;
    const bytes = await readBounded(source, largestTokenizerFile);
    // A vocabulary beside tokenizer.json is not needed: where only its pointer was brought, no model gets that.
    if (isVocabulary(name) && standInOf(source, bytes) !== null) continue;
    await writeFileAtomic(join(to, name), bytes);
  }
  const made = await convertTokenizer(from, lowerCase);
  if (made === null) {
    const config = await tokenizerConfigFor(from, largestTokenizerFile);
    if (config !== null) await writeJson(join(to, modelFile.tokenizerConfig), config);
    return;
  }
  await writeFileAtomic(join(to, modelFile.tokenizer), made.text);
  for (const [name, content] of made.beside) await writeJson(join(to, name), content);
}
