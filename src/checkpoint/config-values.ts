import { isFloat32 } from '../config/kinds.js';
import { mostLabels } from '../data/labels.js';
import { excerpt, PanxError } from '../errors.js';

/** Values of a config.json, each checked where it is read. `path` is for messages. */

/** A sound model of a kind that panx does not know: in a study of several models the others are trained all the same. */
export class NotSupported extends PanxError {}

/** The content of a config.json. */
export type RawConfig = Record<string, unknown>;

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

export function oneOf<T extends string | boolean>(path: string, raw: RawConfig, key: string, values: readonly T[]): T {
  const value = values.find(candidate => candidate === raw[key]);
  if (value !== undefined) return value;
  throw new NotSupported(needed(path, raw, key, listOf(values)).message);
}

export function listOf(values: readonly (string | boolean)[]): string {
  const written = values.map(value => JSON.stringify(value));
  return written.length > 2 ? `one of ${written.join(', ')}` : written.join(' or ');
}

export function size(path: string, raw: RawConfig, key: keyof typeof most): number {
  const value = raw[key];
  if (Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= most[key]) return value as number;
  throw needed(path, raw, key, `a whole number from 1 to ${most[key]}`);
}

export function padIdOf(path: string, raw: RawConfig): number | null {
  const value = raw.pad_token_id;
  if (value === null || (Number.isSafeInteger(value) && (value as number) >= 0)) return value as number | null;
  throw needed(path, raw, 'pad_token_id', 'a whole number of 0 or more');
}

/** All is computed in float32: 1e-60 would be 0 there. */
export function positive(path: string, raw: RawConfig, key: string, largest: number): number {
  const value = raw[key];
  if (typeof value === 'number' && value > 0 && value <= largest && isFloat32(value)) return value;
  throw needed(path, raw, key, `a float32 number above 0 and at most ${largest}`);
}

export function fraction(path: string, raw: RawConfig, key: string): number {
  const value = raw[key];
  if (typeof value === 'number' && value >= 0 && isFloat32(value) && Math.fround(value) < 1) return value;
  throw needed(path, raw, key, 'a float32 number of at least 0 and less than 1');
}

export function needed(path: string, raw: RawConfig, key: string, expected: string): PanxError {
  const found = raw[key] === undefined ? 'is missing' : `is ${excerpt(raw[key])}`;
  return new PanxError(`${path}: ${key} ${found}, expected ${expected}.`);
}
