import { join } from 'node:path';
import { type ModelConfig, readModelConfig } from '../checkpoint/config.js';
import { isRead, notRead, type TensorInfo, type TensorSource } from '../checkpoint/tensor-source.js';
import { openTensors } from '../checkpoint/weights.js';
import { expectReadableLabels } from '../data/label-names.js';
import { listed, PanxError } from '../errors.js';
import { isBegun, runDirectory } from '../run/directory.js';
import { inWords, markOf, modelsOfStudyHint } from '../run/mark.js';
import { modelFile } from '../run/model-files.js';
import { counted } from '../system/console.js';
import { parameterSpecs, parametersOf, wordTableName } from './encoder.js';
import {
  head,
  headsAmong,
  isOfSentences,
  isRecurrent,
  linearMapsAmong,
  namesOfLayers,
  type Role,
  roleOf,
} from './other-heads.js';
import type { ParameterSpec } from './parameter-group.js';

/** How many values the parameters hold in all. */
export function countParameters(specs: readonly ParameterSpec[]): number {
  return specs.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
}

/** Multiply-adds of the encoder's linear maps for one subword: all of its work but attention, which is little in a sentence. */
export function multiplyAddsPerSubword(config: ModelConfig): number {
  const { projection, layers } = parametersOf(config);
  const widening = projection === null ? [] : 'parts' in projection ? [projection] : [projection.weight];
  const inLayers = layers.flatMap(({ qkv, attentionOutput, intermediate, output }) => {
    return [qkv, attentionOutput, intermediate, output].map(({ weight }) => weight);
  });
  return countParameters([...widening, ...inLayers].flatMap(({ parts }) => parts));
}

/**
 * Check a checkpoint folder by its config.json and the headers of its weights, in milliseconds: before an engine is loaded, or data read.
 *
 * @param as what it is to be: `trained`, with a classifier; or a `start`, with one or without; or one `for a new head`, whose classifier may be
 *   any
 * @throws PanxError where it lacks a classifier that it needs, or as `readModelConfig`, `openTensors` and `checkTensors` do
 */
export async function checkModelFolder(
  folder: string,
  as: 'trained' | 'start' | 'for a new head',
): Promise<ModelConfig> {
  await refuseOtherFolder(folder);
  const config = await readModelConfig(folder);
  const source = await openTensors(folder);
  try {
    const { headMissing, ignored } = checkTensors(config, source, folder, as === 'for a new head');
    if (headMissing && as === 'trained') {
      const beside = ignored.flatMap(name => source.tensors.get(name) ?? []);
      throw noClassifier(folder, headsAmong(ignored, config), linearMapsAmong(beside, config));
    }
    if (as === 'trained') expectReadableLabels(config.labels, folder);
  } finally {
    await source.close();
  }
  return config;
}

/** The folders around models have a config.json too: that of the settings. */
async function refuseOtherFolder(folder: string): Promise<void> {
  const kind = isBegun(runDirectory(folder)) ? 'run' : await markOf(folder).catch(() => null);
  if (kind === null || kind === 'model') return;
  const hint = {
    run: `Give the model that it has trained, ${runDirectory(folder).checkpoint}, where its weights were not let go.`,
    sweep: `Give the model of one of its stages: ${join(folder, 'STAGE', 'checkpoint')}.`,
    study: modelsOfStudyHint(folder),
    store: `Give the model of one of its stages: ${join(folder, 'KEY', 'checkpoint')}. panx list --json has the keys.`,
    scoring: 'Give the model that was scored.',
    corpus: 'Give it with --data, and a model with --model.',
  }[kind];
  throw new PanxError(`${folder} holds ${inWords[kind]}, and no model.`, { hint });
}

/**
 * The error for a checkpoint that is to score or tag, and was never trained to, as far as names say.
 *
 * @param heads that it has instead
 * @param maps those of them that may be token classifiers of another name
 */
export function noClassifier(folder: string, heads: readonly string[], maps: readonly string[] = []): PanxError {
  const instead = heads.length === 0 ? '' : `; beside the encoder it has ${listed(heads)}`;
  const trained =
    'ive a fine-tuned checkpoint with --model, such as the checkpoint folder of a run, or try the small one that comes with panx: --sample.';
  if (maps.length === 0) {
    return new PanxError(`${folder} has no token classifier, so there is nothing to score or tag with${instead}.`, {
      hint: `G${trained}`,
    });
  }
  const [which, it] = maps.length === 1 ? [maps[0]!, 'it'] : ['one of them', 'that one'];
  return new PanxError(`${folder} has no classifier.weight, with which to score or tag${instead}.`, {
    hint: `If ${which} gives each word its label, save the encoder and ${it} alone, as classifier.weight and classifier.bias, and name the labels in id2label of config.json. Else g${trained}`,
  });
}

/**
 * Compare the tensors of a checkpoint with those that its config.json asks for.
 *
 * Tensors of other heads and of the pooler, which a token classifier does not use, are `ignored`; so are buffers that
 * older versions of transformers saved, a CRF, and what a torch file holds beside tensors. `headMissing`: the checkpoint has no classifier of
 * tokens, and one must be made; then whatever lies outside the encoder is ignored.
 *
 * @param withoutHead the classifier is not looked at: another takes its place
 * @throws PanxError naming up to five tensors that are missing, unexpected or of another shape, with both shapes; and layers that stand beside the
 *   classifier, which then does not read what the encoder gives
 */
export function checkTensors(
  config: ModelConfig,
  source: Pick<TensorSource, 'tensors' | 'notTensors'>,
  folder: string,
  withoutHead = false,
): { headMissing: boolean; ignored: string[] } {
  const specs = new Map(parameterSpecs(config).map(spec => [spec.name, spec]));
  const hasHead = head.some(name => source.tensors.has(name)) && !isOfSentences(config, source.tensors.keys());
  const headMissing = withoutHead || !hasHead;
  const expected = [...specs.values()].filter(spec => !(headMissing && head.includes(spec.name)));
  const unused = [...source.tensors.values()].filter(
    ({ name }) => !specs.has(name) || (headMissing && head.includes(name)),
  );
  const withRole = (role: Role) => unused.filter(({ name }) => roleOf(name, config) === role);
  const faultOfHead = headMissing ? null : headFault(config, source, folder);
  if (faultOfHead !== null) throw faultOfHead;
  const narrow = expected.flatMap(({ name }) => source.tensors.get(name) ?? []).find(({ dtype }) => !isRead(dtype));
  if (narrow !== undefined) throw notRead(`${folder} holds ${narrow.name} as ${narrow.dtype}`);
  const faults = [
    ...expected.flatMap(spec => faultOf(spec, source.tensors.get(spec.name), source.notTensors)),
    ...withRole('unexpected').map(({ name, shape }) => `${name} [${shape.join(', ')}] is unexpected`),
  ];
  if (faults.length > 0) throw otherWeights(folder, faults, resizedTo(config, source, faults));
  return { headMissing, ignored: [...unused.map(({ name }) => name), ...source.notTensors] };
}

/**
 * Why a checkpoint's classifier cannot be used: config.json names no label, or fewer or more than it has rows, or layers stand beside it. Null where
 * nothing speaks against it, or there is none.
 */
export function headFault(
  config: ModelConfig,
  { tensors, notTensors }: Pick<TensorSource, 'tensors' | 'notTensors'>,
  folder: string,
): PanxError | null {
  if (!head.some(name => tensors.has(name)) || isOfSentences(config, tensors.keys())) return null;
  const unknown = [...tensors.values()].filter(
    ({ name }) => !head.includes(name) && roleOf(name, config) === 'unknown',
  );
  if (unknown.length > 0) return moreThanLinear(folder, unknown);
  const absent = head.find(name => !tensors.has(name));
  if (absent !== undefined && !notTensors.includes(absent)) return halfOfHead(folder, absent);
  const [rows] = (tensors.get(head[0]!) ?? tensors.get(head[1]!))!.shape;
  const fits = head.every(name => !tensors.has(name) || tensors.get(name)!.shape[0] === rows);
  const named = config.labels.length;
  if (named === rows || (named > 0 && !fits)) return null;
  const path = join(folder, modelFile.config);
  const labels = `a classifier of ${counted(rows ?? 0, 'label')}`;
  return new PanxError(
    named === 0
      ? `${folder} holds ${labels}, and its config.json does not name them.`
      : `${folder} holds ${labels}, and ${path} names ${named}.`,
    {
      hint:
        `${named === 0 ? 'Add id2label to config.json' : 'Name all of them there, in the order of the rows, in id2label'}: ` +
        `{"0": "O", "1": "B-PER", ...}. Or train a new classifier in its place (panx train, sweep or run with --new-head).`,
    },
  );
}

/** A classifier computed alone would read what it was not trained on, and say something all the same. */
function moreThanLinear(folder: string, layers: readonly TensorInfo[]): PanxError {
  return new PanxError(
    `The head in ${folder} ${layers.some(isRecurrent) ? 'is' : 'may be'} more than a linear map of what the encoder gives: beside classifier it has ${namesOfLayers(layers)}.`,
    {
      hint: 'panx computes no such layers. Train a new classifier on the encoder alone (panx train, sweep or run with --new-head), or take a checkpoint of a ...ForTokenClassification. If what is beside it is of another task, save the model without that.',
    },
  );
}

function halfOfHead(folder: string, absent: string): PanxError {
  const there = head.find(name => name !== absent)!;
  return new PanxError(`${folder} holds ${there} and no ${absent}; expected both.`, {
    hint:
      (absent.endsWith('bias') ? 'If the classifier was trained without one, add one of zeros. Or train' : 'Train') +
      ' a new classifier in its place (panx train, sweep or run with --new-head).',
  });
}

function otherWeights(folder: string, faults: readonly string[], hint: string | null): PanxError {
  const more = faults.length > 5 ? `; and ${faults.length - 5} more` : '';
  return new PanxError(
    `The weights in ${folder} are not those that ${join(folder, modelFile.config)} describes: ` +
      `${faults.slice(0, 5).join('; ')}${more}.`,
    { hint: hint ?? 'Weights and config.json must be of the same checkpoint.' },
  );
}

/** What to do where nothing but the number of words differs; null else. */
function resizedTo(
  config: ModelConfig,
  { tensors }: Pick<TensorSource, 'tensors'>,
  faults: readonly string[],
): string | null {
  const shape = tensors.get(wordTableName(config))?.shape;
  const onlyRows = faults.length === 1 && shape?.length === 2 && shape[1] === config.embeddingSize;
  if (!onlyRows || shape[0] === config.vocabularySize) return null;
  return `If tokens were added to the model, or taken from it, set vocab_size to ${shape[0]} in config.json.`;
}

function faultOf(
  { name, shape }: ParameterSpec,
  found: TensorInfo | undefined,
  notTensors: readonly string[],
): string[] {
  if (notTensors.includes(name)) return [`${name} is no tensor of a type that panx knows`];
  if (found === undefined) return [`${name} [${shape.join(', ')}] is missing`];
  if (found.shape.length === shape.length && found.shape.every((size, axis) => size === shape[axis])) return [];
  return [`${name} is [${found.shape.join(', ')}], expected [${shape.join(', ')}]`];
}
