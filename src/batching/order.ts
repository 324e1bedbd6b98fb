import { torchGenerator, torchRandperm } from '../system/random/torch.js';
import type { SubwordRows } from '../tokenization/rows.js';
import { drawRows, type Mixture } from './mixture.js';

export interface OrderSettings {
  seed: number;
  batchSize: number;
  gradientAccumulationSteps: number;
  /** Put rows of like length into one batch. */
  groupByLength: boolean;
  /** How languages share an epoch; absent or null: every row comes once. */
  mixture?: Mixture | null;
}

/**
 * The order in which an epoch (counted from 0) of a training stage visits its rows, as Hugging Face Trainer does: without
 * grouping, `torch.randperm(rows)` from a generator seeded with seed + epoch (accelerate's seedable sampler). A mixture draws the rows of the
 * epoch first (`drawRows`); the order is then that of the rows drawn.
 *
 * @returns (rows)
 */
export function epochOrder(data: SubwordRows, settings: OrderSettings, epoch: number): Int32Array {
  const { mixture } = settings;
  const drawn = mixture ? drawRows(mixture, settings.seed, epoch) : null;
  const order = orderOf(data, drawn, settings, epoch);
  return drawn === null ? order : order.map(i => drawn[i]!);
}

/** @param drawn (rows) the rows that are put in order; null: all of them @returns (rows) places among these */
function orderOf(data: SubwordRows, drawn: Int32Array | null, settings: OrderSettings, epoch: number): Int32Array {
  if (!settings.groupByLength) return torchRandperm(data.rows, settings.seed + epoch);
  const lengths = Int32Array.from({ length: data.rows }, (_, i) => {
    const row = drawn?.[i] ?? i;
    return data.offsets[row + 1]! - data.offsets[row]!;
  });
  // Trainer groups by the rows of a whole optimizer step.
  const groupSize = settings.batchSize * settings.gradientAccumulationSteps;
  return groupByLength(lengths, groupSize, lengthSamplerPermutation(data.rows, settings.seed, epoch));
}

/**
 * Trainer's LengthGroupedSampler has no generator of its own: each epoch goes on in torch's global stream, after the 64-bit seed that
 * every pass over a DataLoader draws for its workers. Dropout on the CPU and evaluation between epochs draw from that stream
 * too, which is why the reference's later epochs depend on both. Here they do not: the order is that of a run without either.
 */
function lengthSamplerPermutation(rows: number, seed: number, epoch: number): Int32Array {
  const generator = torchGenerator(seed);
  for (let before = 0; before < epoch; before++) {
    generator.skipInt64();
    generator.randperm(rows);
  }
  generator.skipInt64();
  return generator.randperm(rows);
}

/**
 * `get_length_grouped_indices` of transformers: the permutation is cut into mega-batches, each sorted by falling length (equals
 * stay in order), and the longest row of all changes places with the first, so that what needs most memory comes first.
 *
 * @param lengths (rows) @param permutation (rows) @returns (rows)
 */
function groupByLength(lengths: Int32Array, groupSize: number, permutation: Int32Array): Int32Array {
  const groupsInMegaBatch = Math.max(1, Math.min(Math.floor(lengths.length / (groupSize * 4)), 50));
  const megaBatchSize = groupsInMegaBatch * groupSize;
  const order = permutation.slice();
  let longestAt = 0;
  for (let from = 0; from < order.length; from += megaBatchSize) {
    // A view: sorts its part of the order in place, and is stable.
    order.subarray(from, from + megaBatchSize).sort((a, b) => lengths[b]! - lengths[a]!);
    if (lengths[order[from]!]! > lengths[order[longestAt]!]!) longestAt = from;
  }
  if (order.length > 0) [order[0], order[longestAt]] = [order[longestAt]!, order[0]!];
  return order;
}
