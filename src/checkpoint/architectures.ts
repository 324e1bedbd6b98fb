import { PanxError } from '../errors.js';
import type { ModelConfig } from './config.js';
import {
  fraction,
  listOf,
  NotSupported,
  needed,
  oneOf,
  padIdOf,
  positive,
  type RawConfig,
  size,
} from './config-values.js';

/** What the kinds of encoders say in config.json, each in words of its own. */

export const architectures = [
  'xlm-roberta',
  'roberta',
  'camembert',
  'bert',
  'electra',
  'distilbert',
  'deberta',
  'deberta-v2',
] as const;

export type Architecture = (typeof architectures)[number];

/** What stands in the feed-forward networks, as transformers calls it: see kernels/activation.ts. */
export const activations = ['gelu', 'relu', 'gelu_new', 'gelu_pytorch_tanh', 'silu'] as const;

/** What only the DeBERTas have. */
export interface DebertaConfig {
  /** Whether positions have a table beside the words (position_biased_input). */
  hasPositionTable: boolean;
  /** The scores of attention are divided by the root of the head size times this: 1 + the terms that config.json names. */
  scoreTerms: number;
  /** Whether the file has a LayerNorm for the table of relative positions (norm_rel_ebd), used or not. */
  hasRelativeNorm: boolean;
  /** null: attention does not see relative positions. */
  relative: RelativeAttention | null;
}

export interface RelativeAttention {
  /** The table has twice as many rows: of distances before and behind. */
  span: number;
  /** Distances beyond half the span share rows, up to this one, in logarithmic buckets; null: each has a row, the farthest one for all beyond. */
  farthest: number | null;
  /** Queries look at positions (c2p). */
  contentToPosition: boolean;
  /** Keys do (p2c). */
  positionToContent: boolean;
  /** Positions go through the maps of queries and keys, and have none of their own (share_att_key). */
  sharesMaps: boolean;
}

type Sizes = Omit<ModelConfig, 'architecture' | 'initializerRange' | 'labels' | 'raw'>;

/** Encoders that panx does not know, by what tells them from those that it knows. */
const others: Readonly<Record<string, string>> = {
  modernbert: 'ModernBERT, which rotates queries and keys by position and has local attention',
  rembert: 'RemBERT, whose embeddings for input and output differ in size',
  canine: 'CANINE, which reads characters and has no vocabulary',
  xlm: 'XLM, which adds an embedding for each language',
  albert: 'ALBERT, whose layers share their weights',
  xlnet: 'XLNet, which permutes the order of its words',
  mpnet: 'MPNet, which adds a bias for relative positions',
  t5: 'T5, an encoder and a decoder',
};

/** @throws NotSupported, of those that are known otherwise with what they are */
export function architectureOf(path: string, raw: RawConfig): Architecture {
  const name = raw.model_type;
  if (typeof name !== 'string' || !Object.hasOwn(others, name)) return oneOf(path, raw, 'model_type', architectures);
  throw new NotSupported(
    `${path}: model_type is "${name}": ${others[name]}. panx does not know it; expected ${listOf(architectures)}.`,
  );
}

/** What a file says, with what transformers takes where an architecture's first files said nothing. */
export function sizesOf(path: string, raw: RawConfig, architecture: Architecture): Sizes {
  switch (architecture) {
    case 'xlm-roberta':
    case 'roberta':
    case 'camembert':
      return { ...asBert(path, raw), positionsFromPad: true };
    case 'bert':
      return asBert(path, { layer_norm_eps: 1e-12, pad_token_id: 0, ...raw });
    case 'electra': {
      const embeddingSize = size(path, raw, 'embedding_size');
      return { ...asBert(path, { layer_norm_eps: 1e-12, pad_token_id: 0, ...raw }), embeddingSize };
    }
    case 'distilbert':
      return asDistilBert(path, { pad_token_id: 0, ...raw });
    case 'deberta':
    case 'deberta-v2':
      return asDeberta(path, { layer_norm_eps: 1e-7, pad_token_id: 0, ...raw }, architecture);
  }
}

function asBert(path: string, raw: RawConfig): Sizes {
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
    positionsFromPad: false,
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
    deberta: null,
  };
}

function asDistilBert(path: string, raw: RawConfig): Sizes {
  // Where a file has another encoder's name for one of these three as well, transformers takes that (DistilBertConfig.attribute_map).
  const either = (own: Parameters<typeof size>[2], general: Parameters<typeof size>[2]) =>
    size(path, raw, raw[general] === undefined ? own : general);
  const hiddenSize = either('dim', 'hidden_size');
  const hiddenDropout = fraction(path, raw, 'dropout');
  return {
    vocabularySize: size(path, raw, 'vocab_size'),
    embeddingSize: hiddenSize,
    hiddenSize,
    layers: either('n_layers', 'num_hidden_layers'),
    heads: either('n_heads', 'num_attention_heads'),
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
    deberta: null,
  };
}

/** Source of what is taken where the file says nothing: DebertaConfig and DebertaV2Config of transformers, and their getattr. */
function asDeberta(path: string, raw: RawConfig, architecture: 'deberta' | 'deberta-v2'): Sizes {
  refuseAtOtherThan(path, raw, 'conv_kernel_size', 0);
  refuseAtOtherThan(path, raw, 'talking_head', false);
  if (raw.z_steps !== 0) refuseAtOtherThan(path, raw, 'z_steps', 1);
  const sized = asBert(path, { ...raw, type_vocab_size: raw.type_vocab_size === 0 ? 1 : raw.type_vocab_size });
  const { hiddenSize, heads } = sized;
  refuseAtOtherThan(path, raw, 'attention_head_size', hiddenSize / heads);
  return {
    ...sized,
    embeddingSize: raw.embedding_size === undefined ? hiddenSize : size(path, raw, 'embedding_size'),
    typeVocabularySize: raw.type_vocab_size === 0 ? 0 : sized.typeVocabularySize,
    classifierDropout: sized.hiddenDropout, // classifier_dropout is not looked at.
    deberta: disentangled(path, raw, architecture, sized.maxPositions),
  };
}

function disentangled(
  path: string,
  raw: RawConfig,
  architecture: 'deberta' | 'deberta-v2',
  maxPositions: number,
): DebertaConfig {
  const isV2 = architecture === 'deberta-v2';
  const types = wordsOf(path, raw, 'pos_att_type');
  const [contentToPosition, positionToContent] = [types.includes('c2p'), types.includes('p2c')];
  const norms = isV2 ? wordsOf(path, raw, 'norm_rel_ebd') : [];
  const given = integerOr(path, raw, 'max_relative_positions', -1);
  const farthest = given < 1 ? maxPositions : given;
  const buckets = isV2 ? integerOr(path, raw, 'position_buckets', -1) : -1;
  if (buckets === 1 || buckets === 2) {
    throw new NotSupported(needed(path, raw, 'position_buckets', '3 or more, or -1').message);
  }
  return {
    hasPositionTable: flagOr(path, raw, 'position_biased_input', true),
    // The two differ where a list has other words than these.
    scoreTerms: 1 + (isV2 ? Number(contentToPosition) + Number(positionToContent) : types.length),
    hasRelativeNorm: norms.includes('layer_norm'),
    relative: flagOr(path, raw, 'relative_attention', false)
      ? {
          span: buckets > 0 ? buckets : farthest,
          farthest: buckets > 0 ? farthest : null,
          contentToPosition,
          positionToContent,
          sharesMaps: isV2 && flagOr(path, raw, 'share_att_key', false),
        }
      : null,
  };
}

/** @throws NotSupported where a key is there and has another value */
function refuseAtOtherThan(path: string, raw: RawConfig, key: string, value: number | boolean): void {
  if (raw[key] === undefined || raw[key] === null || raw[key] === value) return;
  throw new NotSupported(needed(path, raw, key, String(value)).message);
}

function flagOr(path: string, raw: RawConfig, key: string, byDefault: boolean): boolean {
  return oneOf(path, { [key]: byDefault, ...raw }, key, [true, false]);
}

function integerOr(path: string, raw: RawConfig, key: string, byDefault: number): number {
  const value = raw[key] ?? byDefault;
  if (Number.isSafeInteger(value) && (value as number) <= 1_048_576) return value as number;
  throw needed(path, raw, key, 'a whole number up to 1048576');
}

/** A list of words, or a text of words with | between; none where it is null or missing. */
function wordsOf(path: string, raw: RawConfig, key: string): string[] {
  const value = raw[key] ?? [];
  if (typeof value === 'string')
    return value
      .toLowerCase()
      .split('|')
      .map(word => word.trim());
  if (Array.isArray(value) && value.length <= 16 && value.every(word => typeof word === 'string')) return value;
  throw needed(path, raw, key, 'a list of words, or a text of words with | between');
}

/** What no key says by itself. @throws PanxError */
export function checkTogether(path: string, config: ModelConfig): void {
  const { hiddenSize, heads, padId, vocabularySize, maxPositions } = config;
  const [sizeKey, headsKey] =
    config.architecture === 'distilbert' ? ['dim', 'n_heads'] : ['hidden_size', 'num_attention_heads'];
  if (hiddenSize % heads !== 0) {
    throw new PanxError(
      `${path}: ${sizeKey} is ${hiddenSize}, which ${heads} attention heads (${headsKey}) do not divide.`,
    );
  }
  if (config.positionsFromPad) {
    if (padId === null) throw needed(path, config.raw, 'pad_token_id', 'a whole number of 0 or more');
    if (padId < vocabularySize && padId + 1 < maxPositions) return;
    throw new PanxError(
      `${path}: pad_token_id is ${padId}, expected less than vocab_size (${vocabularySize}) and ` +
        `max_position_embeddings - 1 (${maxPositions - 1}).`,
    );
  }
  if (padId === null || padId < vocabularySize) return;
  throw new PanxError(`${path}: pad_token_id is ${padId}, expected less than vocab_size (${vocabularySize}).`);
}
