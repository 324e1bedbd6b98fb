import { listens } from '../../src/training/monitor.js';
import type { GoldenRows } from '../model/golden.js';
import { mulberry32 } from '../mulberry32.js';
import type { Trajectory } from './trajectory.js';

/** A model, rows and settings of a run without dropout: what scripts/compare-with-trainer/cases.py takes. */
export interface RandomCase extends GoldenRows {
  /** In transformers' words; `labels` is their number. */
  model: Record<string, number | string | boolean | null>;
  modelSeed: number;
  /** What it is scored on after each epoch, where it listens. */
  evaluationRows: GoldenRows['rows'];
  settings: Trajectory['settings'];
}

/** The case of a seed: the same one every time. */
export function drawCase(seed: number): RandomCase {
  const { between, oneOf, chance } = dice(seed);
  const heads = between(1, 4);
  const padId = oneOf([0, 1, 3]);
  const [bosId, eosId] = oneOf([
    [4, 2],
    [2, 5],
  ]) as [number, number];
  const vocabulary = between(40, 200);
  const labels = between(2, 9);
  const lengths = drawLengths(between(8, 40), dice(seed + 0.5));
  const sizes = {
    hidden: heads * oneOf([3, 4, 8, 16]),
    layers: between(1, 3),
    heads,
    intermediate: between(5, 96),
    positions: Math.max(...lengths) + between(0, 5),
    eps: oneOf([1e-5, 1e-12]),
  };
  const tokens = { vocab_size: vocabulary, pad_token_id: padId, bos_token_id: bosId, eos_token_id: eosId, labels };
  const model = { ...tokens, ...drawEncoder(sizes, padId, dice(seed + 0.25)) };
  const drawRow = (length: number) => {
    const inputIds = Array.from({ length }, () => (chance(0.01) ? padId : between(6, vocabulary - 1)));
    inputIds[0] = bosId;
    inputIds[length - 1] = eosId;
    // The first word is always labelled: of a batch without any label the reference makes NaN.
    const labelIds = inputIds.map((_, i) => {
      const special = i === 0 || i === length - 1;
      return i === 1 || (!special && chance(0.6)) ? between(0, labels - 1) : -100;
    });
    return { inputIds, labelIds };
  };
  const rows = lengths.map(drawRow);
  const evaluationRows = lengths.slice(0, between(3, 8)).map(drawRow);
  const settings = {
    seed: between(0, 2 ** 31),
    epochs: oneOf([1, 1.4, 2, 4]),
    batchSize: between(2, 9),
    learningRate: 10 ** -oneOf([3, 3.5, 4]),
    weightDecay: oneOf([0, 0.01, 0.1]),
    maxGradNorm: oneOf([0, 0.2, 1, 5, 1000]),
    schedule: oneOf(['linear', 'cosine', 'constant', 'plateau'] as const),
    ...oneOf([
      { warmupSteps: 0, warmupRatio: null },
      { warmupSteps: 1, warmupRatio: null },
      { warmupSteps: 4, warmupRatio: null },
      { warmupSteps: 0, warmupRatio: 0.25 },
    ]),
    gradientAccumulationSteps: between(1, 4),
    accumulation: oneOf(['mean', 'sum'] as const),
    groupByLength: chance(0.3),
    freeze: chance(0.2) ? ('encoder' as const) : ('nothing' as const),
    maxSteps: null,
    ...{ plateauPatience: 0, plateauFactor: 0.5 },
    monitor: oneOf(['loss', 'f1'] as const),
    patience: oneOf([null, 1, 2]),
    select: oneOf(['last', 'best', 'average'] as const),
  };
  // Trainer's plateau knows no warm-up. Where it groups by length, its evaluations draw from the generator that orders the next epoch.
  if (settings.schedule === 'plateau') Object.assign(settings, { warmupSteps: 0, warmupRatio: null });
  if (listens(settings)) settings.groupByLength = false;
  return { model, modelSeed: between(0, 2 ** 31), rows, evaluationRows, settings };
}

/** An encoder of these sizes, in the words that its configuration has for them. */
function drawEncoder(
  { hidden, layers, heads, intermediate, positions, eps }: Record<string, number>,
  padId: number,
  { between, oneOf, chance }: ReturnType<typeof dice>,
): RandomCase['model'] {
  const architecture = oneOf([
    ...(['xlm-roberta', 'roberta', 'camembert', 'bert', 'electra', 'distilbert'] as const),
    ...(['deberta', 'deberta-v2', 'deberta-v2'] as const),
  ]);
  const activation = oneOf(['gelu', 'gelu', 'relu', 'gelu_new', 'gelu_pytorch_tanh', 'silu']);
  const asBert = {
    ...{ model_type: architecture, hidden_size: hidden!, num_hidden_layers: layers!, num_attention_heads: heads! },
    ...{ intermediate_size: intermediate!, layer_norm_eps: eps!, hidden_act: activation },
  };
  switch (architecture) {
    case 'xlm-roberta':
    case 'roberta':
    case 'camembert':
      return { ...asBert, max_position_embeddings: positions! + padId + 1, type_vocab_size: 1 };
    case 'bert':
      return { ...asBert, max_position_embeddings: positions!, type_vocab_size: between(1, 3) };
    case 'electra': {
      const embeddingSize = chance(0.3) ? hidden! : between(3, 20);
      return { ...asBert, max_position_embeddings: positions!, type_vocab_size: 2, embedding_size: embeddingSize };
    }
    case 'deberta':
    case 'deberta-v2': {
      const isV2 = architecture === 'deberta-v2';
      return {
        ...{ ...asBert, max_position_embeddings: positions!, type_vocab_size: between(0, 2) },
        ...(chance(0.3) ? { embedding_size: between(3, 20) } : {}),
        ...{ relative_attention: chance(0.85), position_biased_input: chance(0.3) },
        pos_att_type: oneOf(['c2p|p2c', 'p2c|c2p', 'c2p', 'p2c', null]),
        max_relative_positions: oneOf([-1, 1, 4, 9, 30]),
        ...(isV2 && chance(0.7) ? { position_buckets: oneOf([3, 4, 7, 16]) } : {}),
        ...(isV2 ? { share_att_key: chance(0.5), norm_rel_ebd: oneOf(['none', 'layer_norm']) } : {}),
      };
    }
    case 'distilbert':
      return {
        ...{ model_type: architecture, dim: hidden!, n_layers: layers!, n_heads: heads!, hidden_dim: intermediate! },
        ...{ activation, max_position_embeddings: positions!, sinusoidal_pos_embds: chance(0.5) },
      };
  }
}

/** Lengths of rows: much alike, all equal, or one that is much longer than the others. */
function drawLengths(rows: number, { between, oneOf }: ReturnType<typeof dice>): number[] {
  const pattern = oneOf(['alike', 'equal', 'one long', 'any']);
  const [low, high] = { alike: [8, 14], equal: [9, 9], 'one long': [3, 10], any: [3, 60] }[pattern]!;
  const lengths = Array.from({ length: rows }, () => between(low!, high!));
  if (pattern === 'one long') lengths[between(0, rows - 1)] = between(80, 120);
  return lengths;
}

/** Draws from a seed. */
function dice(seed: number) {
  const next = mulberry32(Math.floor(seed * 4) | 0);
  const between = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
  return {
    /** A whole number, both ends included. */
    between,
    oneOf: <Item>(items: readonly Item[]): Item => items[between(0, items.length - 1)]!,
    chance: (probability: number) => next() < probability,
  };
}
