import { join } from 'node:path';
import { type ModelConfig, readModelConfig } from '../checkpoint/config.js';
import type { TensorInfo, TensorSource } from '../checkpoint/tensor-source.js';
import { openTensors } from '../checkpoint/weights.js';
import { expectReadableLabels } from '../data/label-names.js';
import { PanxError } from '../errors.js';
import { isBegun, runDirectory } from '../run/directory.js';
import { modelFile } from '../run/model-files.js';
import { formatCount } from '../system/console.js';
import { parameterSpecs, parametersOf } from './encoder.js';
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
  if (isBegun(runDirectory(folder))) {
    throw new PanxError(`${folder} is the folder of a run, and not of a model.`, {
      hint: `Give the model that it has trained, ${runDirectory(folder).checkpoint}, where its weights were not let go.`,
    });
  }
  const config = await readModelConfig(folder);
  const source = await openTensors(folder);
  try {
    const { headMissing } = checkTensors(config, source, folder, as === 'for a new head');
    if (headMissing && as === 'trained') throw noClassifier(folder);
    if (as === 'trained') expectReadableLabels(config.labels, folder);
  } finally {
    await source.close();
  }
  return config;
}

/** The tensors of a token classifier's head. */
export const head: readonly string[] = ['classifier.weight', 'classifier.bias'];

/** The error for a checkpoint that is to score or tag, and was never trained to. */
export function noClassifier(folder: string): PanxError {
  return new PanxError(`${folder} has no classifier, so there is nothing to score or tag with.`, {
    hint: 'Give a fine-tuned checkpoint with --model, such as the checkpoint folder of a run.',
  });
}

/**
 * Compare the tensors of a checkpoint with those that its config.json asks for.
 *
 * Tensors of other heads and of the pooler, which a token classifier does not use, are `ignored`; so are buffers that
 * older versions of transformers saved, and what a torch file holds beside tensors. `headMissing`: the checkpoint has no classifier, and one
 * must be made.
 *
 * @param withoutHead the classifier is not looked at: another takes its place
 * @throws PanxError naming up to five tensors that are missing, unexpected or of another shape, with both shapes.
 */
export function checkTensors(
  config: ModelConfig,
  source: Pick<TensorSource, 'tensors' | 'notTensors'>,
  folder: string,
  withoutHead = false,
): { headMissing: boolean; ignored: string[] } {
  const specs = new Map(parameterSpecs(config).map(spec => [spec.name, spec]));
  const headMissing = withoutHead || !head.some(name => source.tensors.has(name));
  if (!headMissing && config.labels.length === 0) {
    const [labels] = (source.tensors.get(head[0]!) ?? source.tensors.get(head[1]!))!.shape;
    throw new PanxError(`${folder} holds a classifier of ${labels} labels, and its config.json does not name them.`, {
      hint: 'Add id2label to config.json: {"0": "O", "1": "B-PER", ...}. Or train a new classifier in its place (--new-head).',
    });
  }
  const expected = [...specs.values()].filter(spec => !(headMissing && head.includes(spec.name)));
  const faults = expected.flatMap(spec => faultOf(spec, source.tensors.get(spec.name), source.notTensors));
  const ignored: string[] = [];
  for (const { name, shape } of source.tensors.values()) {
    if (specs.has(name) && !(headMissing && head.includes(name))) continue;
    if (isHarmless(name) || (withoutHead && name.startsWith('classifier.'))) ignored.push(name);
    else faults.push(`${name} [${shape.join(', ')}] is unexpected`);
  }
  if (faults.length > 0) {
    const more = faults.length > 5 ? `; and ${faults.length - 5} more` : '';
    throw new PanxError(
      `The weights in ${folder} are not those that ${join(folder, modelFile.config)} describes: ` +
        `${faults.slice(0, 5).join('; ')}${more}.`,
      { hint: 'Weights and config.json must be of the same checkpoint.' },
    );
  }
  return { headMissing, ignored: [...ignored, ...source.notTensors] };
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

/**
 * Whether a tensor has no part in a token classifier: what an encoder was pretrained with (`lm_head` and `cls`; DeBERTa's `lm_predictions` and
 * `mask_predictions`; ELECTRA's `generator_...` and `discriminator_predictions`; DistilBERT's `vocab_...`), the heads of question answering and
 * of whole sentences, the pooler, a table of positions that the DeBERTas were pretrained with and do not use, and the position and type ids that were saved as buffers until 2023.
 */
function isHarmless(name: string): boolean {
  const heads = /^(lm_head|cls|lm_predictions|mask_predictions|discriminator_predictions|qa_outputs|pre_classifier)\./;
  return (
    heads.test(name) ||
    /^(generator|vocab)_/.test(name) ||
    /^classifier\.(dense|out_proj)\./.test(name) ||
    /(^|\.)pooler\./.test(name) ||
    /(^|[._])(position_ids|token_type_ids)$/.test(name) ||
    name === 'deberta.embeddings.position_embeddings.weight'
  );
}

/** What a command says of tensors that were passed over; null where there are none. */
export function unusedText(ignored: readonly string[]): string | null {
  if (ignored.length === 0) return null;
  const [first, second] = ignored;
  const names =
    ignored.length === 1
      ? `${first} is`
      : ignored.length === 2
        ? `${first} and ${second} are`
        : `${first}, ${second} and ${formatCount(ignored.length - 2)} more are`;
  return `the checkpoint's ${names} not used`;
}
