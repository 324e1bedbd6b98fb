/**
 * What numerics-case.mjs trains and scores: a tiny XLM-R made from a seed, rows, settings. The same on every machine.
 */
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseModelConfig } from '../../dist/checkpoint/config.js';
import { piecesOf, writeSafetensors } from '../../dist/checkpoint/safetensors.js';
import { initialTensors } from '../../dist/model/initialise.js';

/**
 * Rows for batches whose products and attention have edges: whole blocks of tokens and parts of them, rows of 3 to 90
 * subwords.
 */
export const trainingRows = makeRows(20, 1);
export const scoredRows = makeRows(12, 2); // Some of their words were not trained.

const common = {
  seed: 3,
  groupByLength: false,
  accumulation: 'mean',
  learningRate: 1e-3,
  schedule: 'linear',
  warmupSteps: 1,
  warmupRatio: null,
  weightDecay: 0.01,
  maxGradNorm: 1,
  dropout: { hiddenDropout: 0.1, attentionDropout: 0.1, classifierDropout: 0.1 },
};
/** With several batches to a step the gradient of the word table is another code path. */
export const courses = {
  single: { ...common, batchSize: 8, gradientAccumulationSteps: 1, totalSteps: 5 },
  accumulated: { ...common, batchSize: 4, gradientAccumulationSteps: 2, totalSteps: 3 },
};

/** Write the checkpoint that training starts from; returns the hash of its bytes and of the rows. */
export async function writeStart(folder) {
  const content = {
    architectures: ['XLMRobertaForTokenClassification'],
    model_type: 'xlm-roberta',
    vocab_size: 400,
    hidden_size: 192,
    num_hidden_layers: 2,
    num_attention_heads: 3,
    intermediate_size: 320,
    hidden_act: 'gelu',
    hidden_dropout_prob: 0.1,
    attention_probs_dropout_prob: 0.1,
    classifier_dropout: null,
    max_position_embeddings: 96,
    type_vocab_size: 1,
    layer_norm_eps: 1e-5,
    initializer_range: 0.1,
    bos_token_id: 0,
    pad_token_id: 1,
    eos_token_id: 2,
    id2label: Object.fromEntries(Array.from({ length: 7 }, (_, i) => [i, `L${i}`])),
    label2id: Object.fromEntries(Array.from({ length: 7 }, (_, i) => [`L${i}`, i])),
  };
  const hash = createHash('sha256');
  const tensors = initialTensors(parseModelConfig('start', content), 5);
  for (const tensor of tensors) for await (const piece of piecesOf(tensor)) hash.update(bytesOf(piece));
  for (const rows of [trainingRows, scoredRows]) hash.update(bytesOf(rows.inputIds)).update(bytesOf(rows.labelIds));
  await writeFile(join(folder, 'config.json'), JSON.stringify(content));
  await writeSafetensors(join(folder, 'model.safetensors'), tensors);
  return hash.digest('hex');
}

export function bytesOf(values) {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function makeRows(rows, seed) {
  let state = seed;
  const below = limit => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) % limit;
  };
  const offsets = [0];
  const inputIds = [];
  const labelIds = [];
  for (let row = 0; row < rows; row++) {
    const length = row === 0 ? 90 : 3 + below(40);
    for (let i = 0; i < length; i++) {
      const special = i === 0 || i === length - 1;
      inputIds.push(i === 0 ? 0 : special ? 2 : 3 + below(397));
      labelIds.push(special || (i > 1 && below(5) < 2) ? -100 : below(7));
    }
    offsets.push(inputIds.length);
  }
  return {
    rows,
    offsets: Int32Array.from(offsets),
    inputIds: Int32Array.from(inputIds),
    labelIds: Int32Array.from(labelIds),
    wordIds: Int32Array.from(labelIds, label => (label === -100 ? -1 : 0)),
    truncatedRows: 0,
    truncatedWords: 0,
    emptyWords: 0,
  };
}
