import { join } from 'node:path';
import { isFloat32 } from '../config/kinds.js';
import { flawOfLabel, mostLabels } from '../data/labels.js';
import { excerpt, PanxError } from '../errors.js';
import { modelFile } from '../run/model-files.js';
import { readBoundedJson } from '../system/bounded-json.js';
import { isAbsent } from '../system/files.js';

const architectures = ['xlm-roberta', 'roberta', 'camembert', 'bert', 'electra', 'distilbert'] as const;

/** What stands in the feed-forward networks, as transformers calls it: see kernels/activation.ts. */
export const activations = ['gelu', 'relu', 'gelu_new', 'gelu_pytorch_tanh', 'silu'] as const;

/** A sound model of a kind that panx does not know: in a study of several models the others are trained all the same. */
export class NotSupported extends PanxError {}

/** What a checkpoint's config.json says about its model. Nothing here has a default: the file says it, or it is an error. */
export interface ModelConfig {
  architecture: (typeof architectures)[number];
  vocabularySize: number;
  /** Width of the embedding tables: hiddenSize, but for ELECTRA, which may project it. */
  embeddingSize: number;
  hiddenSize: number;
  layers: number;
  /** Attention heads; each sees hiddenSize / heads values. */
  heads: number;
  intermediateSize: number;
  activation: (typeof activations)[number];
  /** Rows of the position table. */
  maxPositions: number;
  /** Positions count from padId + 1, and padding stands at padId; else they count from 0, padding too. */
  positionsFromPad: boolean;
  /** Rows of the token type table; 0: there is none. */
  typeVocabularySize: number;
  layerNormEps: number;
  /** null: no row of the word table is that of padding. */
  padId: number | null;
  hiddenDropout: number;
  /** Whether attention's output is dropped at that rate. */
  dropsAttentionOutput: boolean;
  attentionDropout: number;
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
  embedding_size: 65_536,
  dim: 65_536,
  n_layers: 1000,
  n_heads: 65_536,
  hidden_dim: 1_048_576,
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
    if (!(await isAbsent(join(folder, 'adapter_config.json')))) throw adapter(folder);
    throw new PanxError(
      (await isAbsent(folder))
        ? `${folder} does not exist; expected a checkpoint folder.`
        : `${folder} has no config.json.`,
      { hint: 'A checkpoint folder holds config.json, model.safetensors and tokenizer.json.' },
    );
  }
  return parseModelConfig(path, await readBoundedJson(path, longestConfig));
}

function adapter(folder: string): PanxError {
  return new NotSupported(
    `${folder} is an adapter: weights to be added to those of another model; expected a whole model.`,
    {
      hint: 'Merge it in Python: PeftModel.from_pretrained(model, DIR).merge_and_unload().save_pretrained(DIR2), and the tokenizer too.',
    },
  );
}

/** Check the content of a config.json; `path` is for messages. @throws PanxError, see `readModelConfig`. */
export function parseModelConfig(path: string, content: unknown): ModelConfig {
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new PanxError(`${path} does not hold a JSON object.`);
  }
  const raw = content as Record<string, unknown>;
  const architecture = architectureOf(path, raw);
  // Newer transformers versions leave these two out where they have the only value that the architecture knows.
  if (raw.position_embedding_type !== undefined) oneOf(path, raw, 'position_embedding_type', ['absolute']);
  if (raw.is_decoder !== undefined) oneOf(path, raw, 'is_decoder', [false]);
  const config: ModelConfig = {
    architecture,
    ...sizesOf(path, raw, architecture),
    initializerRange: positive(path, raw, 'initializer_range', 100),
    labels: labelsOf(path, raw),
    raw,
  };
  checkTogether(path, config);
  return config;
}

/** Encoders that panx does not know, by what tells them from those that it knows. */
const others: Readonly<Record<string, string>> = {
  deberta: 'DeBERTa, which attends to contents and relative positions apart',
  'deberta-v2': 'DeBERTa v2 or v3, which attends to contents and relative positions apart',
  modernbert: 'ModernBERT, which rotates queries and keys by position and has local attention',
  rembert: 'RemBERT, whose embeddings for input and output differ in size',
  canine: 'CANINE, which reads characters and has no vocabulary',
  xlm: 'XLM, which adds an embedding for each language',
  albert: 'ALBERT, whose layers share their weights',
  xlnet: 'XLNet, which permutes the order of its words',
  mpnet: 'MPNet, which has relative positions',
  t5: 'T5, an encoder and a decoder',
};

function architectureOf(path: string, raw: Record<string, unknown>): ModelConfig['architecture'] {
  const name = raw.model_type;
  if (typeof name !== 'string' || !Object.hasOwn(others, name)) return oneOf(path, raw, 'model_type', architectures);
  throw new NotSupported(
    `${path}: model_type is "${name}": ${others[name]}. panx does not know it; expected ${listOf(architectures)}.`,
  );
}

/** What the architectures say in words of their own. */
function sizesOf(
  path: string,
  raw: Record<string, unknown>,
  architecture: ModelConfig['architecture'],
): Omit<ModelConfig, 'architecture' | 'initializerRange' | 'labels' | 'raw'> {
  switch (architecture) {
    case 'xlm-roberta':
    case 'roberta':
    case 'camembert':
      return { ...asBert(path, raw), positionsFromPad: true };
    // The files of the first BERTs do not say what all of them have: transformers' defaults.
    case 'bert':
      return { ...asBert(path, { layer_norm_eps: 1e-12, pad_token_id: 0, ...raw }), positionsFromPad: false };
    case 'electra': {
      const embeddingSize = size(path, raw, 'embedding_size');
      const given = { layer_norm_eps: 1e-12, pad_token_id: 0, ...raw };
      return { ...asBert(path, given), embeddingSize, positionsFromPad: false };
    }
    case 'distilbert':
      return asDistilBert(path, { pad_token_id: 0, ...raw });
  }
}

function asBert(path: string, raw: Record<string, unknown>): Omit<ReturnType<typeof sizesOf>, 'positionsFromPad'> {
  const hiddenSize = size(path, raw, 'hidden_size');
  const hiddenDropout = fraction(path, raw, 'hidden_dropout_prob');
  return {
    vocabularySize: size(path, raw, 'vocab_size'),
    embeddingSize: hiddenSize,
    hiddenSize,
    layers: size(path, raw, 'num_hidden_layers'),
    heads: size(path, raw, 'num_attention_heads'),
    intermediateSize: size(path, raw, 'intermediate_size'),
    activation: oneOf(path, raw, 'hidden_act', activations),
    maxPositions: size(path, raw, 'max_position_embeddings'),
    typeVocabularySize: size(path, raw, 'type_vocab_size'),
    layerNormEps: positive(path, raw, 'layer_norm_eps', 1),
    padId: padIdOf(path, raw),
    hiddenDropout,
    dropsAttentionOutput: true,
    attentionDropout: fraction(path, raw, 'attention_probs_dropout_prob'),
    classifierDropout:
      raw.classifier_dropout === undefined || raw.classifier_dropout === null
        ? hiddenDropout
        : fraction(path, raw, 'classifier_dropout'),
  };
}

function asDistilBert(path: string, raw: Record<string, unknown>): ReturnType<typeof sizesOf> {
  const hiddenSize = size(path, raw, 'dim');
  const hiddenDropout = fraction(path, raw, 'dropout');
  return {
    vocabularySize: size(path, raw, 'vocab_size'),
    embeddingSize: hiddenSize,
    hiddenSize,
    layers: size(path, raw, 'n_layers'),
    heads: size(path, raw, 'n_heads'),
    intermediateSize: size(path, raw, 'hidden_dim'),
    activation: oneOf(path, raw, 'activation', activations),
    maxPositions: size(path, raw, 'max_position_embeddings'),
    positionsFromPad: false,
    typeVocabularySize: 0,
    layerNormEps: 1e-12, // Whatever the file says: DistilBERT's code has the number itself.
    padId: padIdOf(path, raw),
    hiddenDropout,
    dropsAttentionOutput: false,
    attentionDropout: fraction(path, raw, 'attention_dropout'),
    classifierDropout: hiddenDropout,
  };
}

/** What no key says by itself. @throws PanxError */
function checkTogether(path: string, { hiddenSize, heads, padId, vocabularySize, ...config }: ModelConfig): void {
  const [sizeKey, headsKey] =
    config.architecture === 'distilbert' ? ['dim', 'n_heads'] : ['hidden_size', 'num_attention_heads'];
  if (hiddenSize % heads !== 0) {
    throw new PanxError(
      `${path}: ${sizeKey} is ${hiddenSize}, which ${heads} attention heads (${headsKey}) do not divide.`,
    );
  }
  if (config.positionsFromPad) {
    if (padId === null) throw needed(path, config.raw, 'pad_token_id', 'a whole number of 0 or more');
    if (padId < vocabularySize && padId + 1 < config.maxPositions) return;
    throw new PanxError(
      `${path}: pad_token_id is ${padId}, expected less than vocab_size (${vocabularySize}) and ` +
        `max_position_embeddings - 1 (${config.maxPositions - 1}).`,
    );
  }
  if (padId === null || padId < vocabularySize) return;
  throw new PanxError(`${path}: pad_token_id is ${padId}, expected less than vocab_size (${vocabularySize}).`);
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
  throw new NotSupported(needed(path, raw, key, listOf(values)).message);
}

function listOf(values: readonly (string | boolean)[]): string {
  const written = values.map(value => JSON.stringify(value));
  return written.length > 2 ? `one of ${written.join(', ')}` : written.join(' or ');
}

function size(path: string, raw: Record<string, unknown>, key: keyof typeof most): number {
  const value = raw[key];
  if (Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= most[key]) return value as number;
  throw needed(path, raw, key, `a whole number from 1 to ${most[key]}`);
}

function padIdOf(path: string, raw: Record<string, unknown>): number | null {
  const value = raw.pad_token_id;
  if (value === null || (Number.isSafeInteger(value) && (value as number) >= 0)) return value as number | null;
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
