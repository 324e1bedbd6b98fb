import { join } from 'node:path';
import { isFloat32 } from '../config/kinds.js';
import { flawOfLabel, mostLabels } from '../data/labels.js';
import { excerpt, PanxError } from '../errors.js';
import { modelFile } from '../run/model-files.js';
import { readBoundedJson } from '../system/bounded-json.js';
import { isAbsent } from '../system/files.js';

const architectures = ['xlm-roberta', 'roberta'] as const;

/** A sound model of a kind that panx does not know: in a study of several models the others are trained all the same. */
export class NotSupported extends PanxError {}

/** What a checkpoint's config.json says about its model. Nothing here has a default: the file says it, or it is an error. */
export interface ModelConfig {
  architecture: (typeof architectures)[number];
  vocabularySize: number;
  hiddenSize: number;
  layers: number;
  /** Attention heads; each sees hiddenSize / heads values. */
  heads: number;
  intermediateSize: number;
  /** Rows of the position table; the first padId + 1 of them are never a token's position. */
  maxPositions: number;
  typeVocabularySize: number;
  layerNormEps: number;
  padId: number;
  hiddenDropout: number;
  attentionDropout: number;
  /** classifier_dropout, else hidden_dropout_prob. */
  classifierDropout: number;
  /** Standard deviation of new weights. */
  initializerRange: number;
  /** Tags by id, from id2label; LABEL_0, LABEL_1, ... where only num_labels is given; [] where the file names neither. */
  labels: string[];
  /** The whole file as it was read. */
  raw: Record<string, unknown>;
}

/**
 * The largest sizes that are believed, some ten times those of the largest encoder there is: work, memory and sentences are in proportion to them
 * before a weight is looked at. Whether the weights are of these sizes, `checkTensors` compares.
 */
const most = {
  vocab_size: 10_000_000,
  hidden_size: 65_536,
  num_hidden_layers: 1000,
  num_attention_heads: 65_536,
  intermediate_size: 1_048_576,
  max_position_embeddings: 1_048_576,
  type_vocab_size: 65_536,
  num_labels: mostLabels,
} as const;

/** Bytes of config.json: XLM-R's takes 600, and each label some 40. */
const longestConfig = 4 << 20;

/**
 * Read and check the config.json of a Hugging Face folder.
 *
 * @throws PanxError naming the file, the key, what it holds and what panx needs.
 */
export async function readModelConfig(folder: string): Promise<ModelConfig> {
  const path = join(folder, modelFile.config);
  if (await isAbsent(path)) {
    throw new PanxError(
      (await isAbsent(folder))
        ? `${folder} does not exist; expected a checkpoint folder.`
        : `${folder} has no config.json.`,
      { hint: 'A checkpoint folder holds config.json, model.safetensors (or pytorch_model.bin) and tokenizer.json.' },
    );
  }
  return parseModelConfig(path, await readBoundedJson(path, longestConfig));
}

/** Check the content of a config.json; `path` is for messages. @throws PanxError, see `readModelConfig`. */
export function parseModelConfig(path: string, content: unknown): ModelConfig {
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new PanxError(`${path} does not hold a JSON object.`);
  }
  const raw = content as Record<string, unknown>;
  const architecture = oneOf(path, raw, 'model_type', architectures);
  oneOf(path, raw, 'hidden_act', ['gelu']);
  // Newer transformers versions leave these two out where they have the only value that the architecture knows.
  if (raw.position_embedding_type !== undefined) oneOf(path, raw, 'position_embedding_type', ['absolute']);
  if (raw.is_decoder !== undefined) oneOf(path, raw, 'is_decoder', [false]);
  const hiddenDropout = fraction(path, raw, 'hidden_dropout_prob');
  const config: ModelConfig = {
    architecture,
    vocabularySize: size(path, raw, 'vocab_size'),
    hiddenSize: size(path, raw, 'hidden_size'),
    layers: size(path, raw, 'num_hidden_layers'),
    heads: size(path, raw, 'num_attention_heads'),
    intermediateSize: size(path, raw, 'intermediate_size'),
    maxPositions: size(path, raw, 'max_position_embeddings'),
    typeVocabularySize: size(path, raw, 'type_vocab_size'),
    layerNormEps: positive(path, raw, 'layer_norm_eps', 1),
    padId: padIdOf(path, raw),
    hiddenDropout,
    attentionDropout: fraction(path, raw, 'attention_probs_dropout_prob'),
    classifierDropout:
      raw.classifier_dropout === undefined || raw.classifier_dropout === null
        ? hiddenDropout
        : fraction(path, raw, 'classifier_dropout'),
    initializerRange: positive(path, raw, 'initializer_range', 100),
    labels: labelsOf(path, raw),
    raw,
  };
  if (config.hiddenSize % config.heads !== 0) {
    throw new PanxError(
      `${path}: hidden_size is ${config.hiddenSize}, which ${config.heads} attention heads (num_attention_heads) ` +
        'do not divide.',
    );
  }
  if (config.padId >= config.vocabularySize || config.padId + 1 >= config.maxPositions) {
    throw new PanxError(
      `${path}: pad_token_id is ${config.padId}, expected less than vocab_size (${config.vocabularySize}) and ` +
        `max_position_embeddings - 1 (${config.maxPositions - 1}).`,
    );
  }
  return config;
}

/** Tags in the order of their ids. */
function labelsOf(path: string, raw: Record<string, unknown>): string[] {
  const { id2label } = raw;
  const count = raw.num_labels === undefined ? undefined : size(path, raw, 'num_labels');
  if (id2label === undefined || id2label === null) return Array.from({ length: count ?? 0 }, (_, id) => `LABEL_${id}`);
  if (typeof id2label !== 'object' || Array.isArray(id2label)) {
    throw needed(path, raw, 'id2label', 'an object from ids to names');
  }
  const entries = Object.entries(id2label);
  if (entries.length > mostLabels) {
    throw new PanxError(`${path}: id2label names ${entries.length} labels, expected at most ${mostLabels}.`);
  }
  const labels = entries.map((_, id) => {
    const label: unknown = (id2label as Record<string, unknown>)[id];
    if (typeof label === 'string') return label;
    throw new PanxError(
      `${path}: id2label has ${entries.length} entries and none (or no name) for id ${id}, ` +
        `expected names for 0 to ${entries.length - 1}.`,
    );
  });
  for (const label of labels) {
    const flaw = flawOfLabel(label);
    if (flaw !== null) throw new PanxError(`${path}: id2label names ${excerpt(label)}, which ${flaw}.`);
  }
  const seen = new Set<string>();
  const repeated = labels.find(label => seen.size === seen.add(label).size);
  if (repeated !== undefined) throw new PanxError(`${path}: id2label names ${excerpt(repeated)} twice.`);
  if (count !== undefined && count !== labels.length) {
    throw new PanxError(`${path}: num_labels is ${count}, and id2label names ${labels.length} labels.`);
  }
  return labels;
}

function oneOf<T extends string | boolean>(
  path: string,
  raw: Record<string, unknown>,
  key: string,
  values: readonly T[],
): T {
  const value = values.find(candidate => candidate === raw[key]);
  if (value !== undefined) return value;
  throw new NotSupported(needed(path, raw, key, values.map(one => JSON.stringify(one)).join(' or ')).message);
}

function size(path: string, raw: Record<string, unknown>, key: keyof typeof most): number {
  const value = raw[key];
  if (Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= most[key]) return value as number;
  throw needed(path, raw, key, `a whole number from 1 to ${most[key]}`);
}

function padIdOf(path: string, raw: Record<string, unknown>): number {
  const value = raw.pad_token_id;
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw needed(path, raw, 'pad_token_id', 'a whole number of 0 or more');
}

/** All is computed in float32: 1e-60 would be 0 there. */
function positive(path: string, raw: Record<string, unknown>, key: string, largest: number): number {
  const value = raw[key];
  if (typeof value === 'number' && value > 0 && value <= largest && isFloat32(value)) return value;
  throw needed(path, raw, key, `a float32 number above 0 and at most ${largest}`);
}

function fraction(path: string, raw: Record<string, unknown>, key: string): number {
  const value = raw[key];
  if (typeof value === 'number' && value >= 0 && isFloat32(value) && Math.fround(value) < 1) return value;
  throw needed(path, raw, key, 'a float32 number of at least 0 and less than 1');
}

function needed(path: string, raw: Record<string, unknown>, key: string, expected: string): PanxError {
  const found = raw[key] === undefined ? 'is missing' : `is ${excerpt(raw[key])}`;
  return new PanxError(`${path}: ${key} ${found}, expected ${expected}.`);
}
