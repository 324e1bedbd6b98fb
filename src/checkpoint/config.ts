import { join } from 'node:path';
import { flawOfLabel, mostLabels } from '../data/labels.js';
import { excerpt, PanxError } from '../errors.js';
import { modelFile } from '../run/model-files.js';
import { readBoundedJson } from '../system/bounded-json.js';
import { isAbsent } from '../system/files.js';
import { isObject } from '../system/json.js';
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
import { noConfig } from './lacking.js';
import { quantisedBy } from './quantised.js';

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
    throw (await deadLink(path)) ?? (await adapterIn(folder)) ?? (await noConfig(folder));
  }
  return parseModelConfig(path, await readBoundedJson(path, longestConfig));
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
  if (raw.quantization_config !== undefined && raw.quantization_config !== null) throw quantisedBy(path);
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

/** Tags in the order of their ids, by id2label; where there is none, by label2id. */
function labelsOf(path: string, raw: Record<string, unknown>): string[] {
  const { id2label, label2id } = raw;
  const count = raw.num_labels === undefined ? undefined : size(path, raw, 'num_labels');
  if (id2label === undefined || id2label === null) {
    return labelsById(label2id, count) ?? Array.from({ length: count ?? 0 }, (_, id) => `LABEL_${id}`);
  }
  if (typeof id2label !== 'object' || Array.isArray(id2label)) {
    throw needed(path, raw, 'id2label', 'an object from ids to names, such as {"0": "O", "1": "B-PER"}');
  }
  const entries = Object.entries(id2label);
  const fault = (what: string) => new PanxError(`${path}: ${what}.`, { hint: nameThem });
  if (entries.length > mostLabels) {
    throw fault(`id2label names ${entries.length} labels, expected at most ${mostLabels}`);
  }
  const labels = entries.map((_, id) => {
    const label: unknown = (id2label as Record<string, unknown>)[id];
    if (typeof label === 'string') return label;
    throw fault(
      `id2label has ${entries.length} entries and none (or no name) for id ${id}, ` +
        `expected names for 0 to ${entries.length - 1}`,
    );
  });
  for (const label of labels) {
    const flaw = flawOfLabel(label);
    if (flaw !== null) throw fault(`id2label names ${excerpt(label)}, which ${flaw}`);
  }
  const seen = new Set<string>();
  const repeated = labels.find(label => seen.size === seen.add(label).size);
  if (repeated !== undefined) throw fault(`id2label names ${excerpt(repeated)} twice`);
  if (count !== undefined && count !== labels.length) {
    throw new PanxError(`${path}: num_labels is ${count}, and id2label names ${labels.length} labels.`, {
      hint: 'Remove num_labels from config.json, in a copy of the folder: id2label says how many there are.',
    });
  }
  return labels;
}

/** The names of label2id, where they are labels and their ids those of all rows of a classifier; null else. */
function labelsById(label2id: unknown, count: number | undefined): string[] | null {
  if (!isObject(label2id)) return null;
  const names = Object.keys(label2id).sort((one, other) => Number(label2id[one]) - Number(label2id[other]));
  if (names.length === 0 || names.length > mostLabels || names.length !== (count ?? names.length)) return null;
  const isSound = names.every((name, id) => String(label2id[name]) === String(id) && flawOfLabel(name) === null);
  return isSound ? names : null;
}

const nameThem =
  'Name each row of the classifier once in id2label of config.json, in a copy of the folder: {"0": "O", "1": "B-PER", ...}.';
