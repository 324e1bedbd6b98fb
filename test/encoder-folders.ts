import { parseModelConfig, readModelConfig } from '../src/checkpoint/config.js';
import { writeCheckpointFolder } from '../src/checkpoint/folder.js';
import { panxLabels } from '../src/data/formats/panx.js';
import { samplePaths } from '../src/hub/sample.js';
import { initialTensors } from '../src/model/initialise.js';

const sizes = { hidden_size: 32, num_hidden_layers: 2, num_attention_heads: 4, intermediate_size: 64 };
const fromPad = { ...sizes, max_position_embeddings: 514, type_vocab_size: 1, pad_token_id: 1 };
const fromZero = { ...sizes, max_position_embeddings: 512, type_vocab_size: 2, pad_token_id: 1 };
const deberta = {
  ...{ ...sizes, max_position_embeddings: 512, type_vocab_size: 0, layer_norm_eps: 1e-7, pad_token_id: 1 },
  ...{ relative_attention: true, position_biased_input: false, pos_att_type: ['p2c', 'c2p'] },
};
const described: Record<string, object> = {
  'xlm-roberta': fromPad,
  roberta: fromPad,
  camembert: fromPad,
  bert: fromZero,
  electra: { ...fromZero, embedding_size: 16 },
  distilbert: {
    ...{ dim: 32, n_layers: 2, n_heads: 4, hidden_dim: 64, activation: 'gelu', dropout: 0.1, attention_dropout: 0.1 },
    ...{ max_position_embeddings: 512, pad_token_id: 1 },
  },
  deberta,
  'deberta-v2': { ...deberta, position_buckets: 16, share_att_key: true, norm_rel_ebd: 'layer_norm' },
};

/** Every architecture, by the model_type of its config.json. */
export const architectures = Object.keys(described);

/**
 * Write a small random checkpoint of an architecture, with the tokenizer of the sample.
 *
 * @param labels of its classifier. Those of PAN-X in another order have the same rows of it, in that order.
 */
export async function writeEncoder(
  folder: string,
  architecture: string,
  labels: readonly string[] = panxLabels,
): Promise<void> {
  const { modelDir } = samplePaths();
  const { vocabularySize } = await readModelConfig(modelDir);
  const config = parseModelConfig('test', {
    ...{ model_type: architecture, vocab_size: vocabularySize, hidden_act: 'gelu', initializer_range: 0.2 },
    ...{ hidden_dropout_prob: 0.1, attention_probs_dropout_prob: 0.1, layer_norm_eps: 1e-5 },
    ...described[architecture],
    id2label: Object.fromEntries(labels.entries()),
  });
  const order = labels.map(label => panxLabels.indexOf(label));
  const tensors = initialTensors(config, 1).map(tensor => {
    if (!tensor.name.startsWith('classifier.') || order.includes(-1)) return tensor;
    const values = tensor.data() as Float32Array;
    const width = values.length / labels.length;
    const rows = order.map(row => [...values.subarray(row * width, (row + 1) * width)]);
    return { ...tensor, data: () => Float32Array.from(rows.flat()) };
  });
  await writeCheckpointFolder(folder, { config, tensors, tokenizerFrom: modelDir }, { replace: false });
}
