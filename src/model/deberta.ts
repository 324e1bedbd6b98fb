import type { ModelConfig } from '../checkpoint/config.js';
import type { DebertaOf } from './deberta-v2.js';
import { deberta } from './deberta-v2-parameters.js';
import { encoderLayer, linear, type ParameterGroup, type ParameterSpec } from './parameter-group.js';

/**
 * The parameters of DeBERTa's first version (He et al. 2021; DebertaForTokenClassification in transformers). It differs from deberta-v2.ts in
 * that queries, keys and values come from one map, whose rows lie head by head, with a bias for queries and one for values; in that the map of
 * the positions' keys has no bias; and in that every distance has a row of its own.
 */
export function debertaV1(config: ModelConfig): DebertaOf<ParameterGroup> {
  const { hiddenSize, intermediateSize, heads } = config;
  const { relative } = config.deberta!;
  return deberta(config, layer => {
    const self = `${layer}.attention.self`;
    const { qkv: _, ...others } = encoderLayer(layer, hiddenSize, intermediateSize);
    const allMaps = linear('encoder', [`${self}.in_proj`], 3 * hiddenSize, hiddenSize).weight;
    return {
      ...others,
      qkv: {
        weight: { ...allMaps, interleavedHeads: heads },
        bias: null,
        queryBias: bias(`${self}.q_bias`, hiddenSize),
        valueBias: bias(`${self}.v_bias`, hiddenSize),
      },
      positionKeys: relative?.contentToPosition
        ? { weight: linear('encoder', [`${self}.pos_proj`], hiddenSize, hiddenSize).weight, bias: null }
        : null,
      positionQueries: relative?.positionToContent
        ? linear('encoder', [`${self}.pos_q_proj`], hiddenSize, hiddenSize)
        : null,
    };
  });
}

function bias(name: string, size: number): ParameterGroup {
  const part: ParameterSpec = { name, shape: [size], decay: false, init: 'zeros' };
  return { parts: [part], kind: 'other' };
}
