import { join } from 'node:path';
import { flawOfLabel, mostLabels } from '../data/labels.js';
import { excerpt, PanxError } from '../errors.js';
import { modelFile } from '../run/model-files.js';
import { readBoundedJson } from '../system/bounded-json.js';
import { isAbsent } from '../system/files.js';
import { deadLink } from '../system/stand-in.js';
import { adapterIn } from './adapter.js';
import {
  type Architecture,
  type activations,
  architectureOf,
  checkTogether,
  type DebertaConfig,
  sizesOf,
} from './architectures.js';
import { NotSupported, needed, oneOf, positive, size } from './config-values.js';

/** What a checkpoint's config.json says about its model. Where an architecture's first files left something out, it is what transformers takes. */
export interface ModelConfig {
  architecture: Architecture;
  vocabularySize: number;
  /** Width of the embedding tables: hiddenSize, but for ELECTRA and the DeBERTas, which may project it. */
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
  /** null: attention is that of BERT. */
  deberta: DebertaConfig | null;
  /** Standard deviation of new weights. */
  initializerRange: number;
  /** Tags by id, from id2label; LABEL_0, LABEL_1, ... where only num_labels is given; [] where the file names neither. */
  labels: string[];
  /** The whole file as it was read. */
  raw: Record<string, unknown>;
}

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
    throw (
      (await deadLink(path)) ??
      (await adapterIn(folder)) ??
      new PanxError(
        (await isAbsent(folder))
          ? `${folder} does not exist; expected a checkpoint folder.`
          : `${folder} has no config.json.`,
        { hint: 'A checkpoint folder holds config.json, model.safetensors (or pytorch_model.bin) and tokenizer.json.' },
      )
    );
  }
  return parseModelConfig(path, await readBoundedJson(path, longestConfig));
}

function quantised(path: string): PanxError {
  return new NotSupported(
    `${path} has a quantization_config: weights of a few bits, or to be narrowed to them; expected a model in F32, F16, BF16 or F64.`,
    { hint: 'Take the model that it was made of, or, if its weights are whole, remove that key.' },
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
  // transformers takes none of these either, or not for a model that is trained whole.
  if (raw.add_cross_attention !== undefined) oneOf(path, raw, 'add_cross_attention', [false]);
  const chunk = raw.chunk_size_feed_forward ?? 0;
  if (chunk !== 0 && chunk !== 1) {
    throw new NotSupported(needed(path, raw, 'chunk_size_feed_forward', '0: each row is computed whole').message);
  }
  if (raw.quantization_config !== undefined && raw.quantization_config !== null) throw quantised(path);
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
