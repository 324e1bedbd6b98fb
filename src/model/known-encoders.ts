import { type ModelConfig, parseModelConfig } from '../checkpoint/config.js';
import { panxLabels } from '../data/formats/panx.js';

/** An encoder that panx trains, as the hub calls it. Others of its kind, of any size and vocabulary, are trained as well. */
export interface KnownEncoder {
  id: string;
  /** With PAN-X's labels. */
  config: ModelConfig;
}

/** The encoders of the field's studies, the sizes as their config.json has them. */
export function knownEncoders(): KnownEncoder[] {
  return described.map(({ id, ...sizes }) => ({
    id,
    config: parseModelConfig(id, { ...shared, ...sizes, id2label: Object.fromEntries(panxLabels.entries()) }),
  }));
}

const shared = {
  ...{ hidden_act: 'gelu', hidden_dropout_prob: 0.1, attention_probs_dropout_prob: 0.1, initializer_range: 0.02 },
  ...{ hidden_size: 768, num_hidden_layers: 12, num_attention_heads: 12, intermediate_size: 3072 },
};
const fromPad = { max_position_embeddings: 514, type_vocab_size: 1, layer_norm_eps: 1e-5, pad_token_id: 1 };
const fromZero = { max_position_embeddings: 512, type_vocab_size: 2, layer_norm_eps: 1e-12, pad_token_id: 0 };
const large = { hidden_size: 1024, num_hidden_layers: 24, num_attention_heads: 16, intermediate_size: 4096 };
const distil = {
  ...{ dim: 768, n_layers: 6, n_heads: 12, hidden_dim: 3072, activation: 'gelu', dropout: 0.1, attention_dropout: 0.1 },
  ...{ max_position_embeddings: 512, pad_token_id: 0 },
};

const deberta = {
  ...{ max_position_embeddings: 512, type_vocab_size: 0, layer_norm_eps: 1e-7, pad_token_id: 0 },
  ...{ relative_attention: true, position_biased_input: false, pos_att_type: ['p2c', 'c2p'] },
};
const debertaV3 = { ...deberta, position_buckets: 256, share_att_key: true, norm_rel_ebd: 'layer_norm' };

const described = [
  { id: 'FacebookAI/xlm-roberta-base', model_type: 'xlm-roberta', vocab_size: 250_002, ...fromPad },
  { id: 'FacebookAI/xlm-roberta-large', model_type: 'xlm-roberta', vocab_size: 250_002, ...fromPad, ...large },
  { id: 'FacebookAI/roberta-base', model_type: 'roberta', vocab_size: 50_265, ...fromPad },
  { id: 'almanach/camembert-base', model_type: 'camembert', vocab_size: 32_005, ...fromPad },
  { id: 'google-bert/bert-base-multilingual-cased', model_type: 'bert', vocab_size: 119_547, ...fromZero },
  {
    ...{ id: 'google/electra-base-discriminator', model_type: 'electra', vocab_size: 30_522, embedding_size: 768 },
    ...fromZero,
  },
  {
    ...{ id: 'microsoft/deberta-base', model_type: 'deberta', vocab_size: 50_265 },
    ...{ ...deberta, max_relative_positions: -1 },
  },
  { id: 'microsoft/deberta-v3-base', model_type: 'deberta-v2', vocab_size: 128_100, ...debertaV3 },
  { id: 'microsoft/mdeberta-v3-base', model_type: 'deberta-v2', vocab_size: 251_000, ...debertaV3 },
  {
    ...{ id: 'distilbert/distilbert-base-multilingual-cased', model_type: 'distilbert', vocab_size: 119_547 },
    ...distil,
  },
];
