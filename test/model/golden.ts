import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Batch } from '../../src/batching/batches.js';
import { openSafetensors } from '../../src/checkpoint/safetensors.js';
import { wordTableName } from '../../src/model/encoder.js';
import type { Parameter } from '../../src/model/parameter.js';
import { toInterleaved } from '../../src/model/row-order.js';
import type { TokenClassifier } from '../../src/model/token-classifier.js';

/** Values computed by transformers and torch in training mode: see scripts/make-golden/README.md, also for the tolerance. */
export const goldenFolder = (name: string) => fileURLToPath(new URL(`../fixtures/golden/${name}`, import.meta.url));

/** Float32 keeps about 1e-6 of logits of size 3; a mistake in an equation shows from 1e-4 on. */
export const tolerance = 1e-5;

export interface GoldenRows {
  rows: { inputIds: number[]; labelIds: number[] }[];
}

export function readGolden<T>(name: string, file: string): T {
  return JSON.parse(readFileSync(join(goldenFolder(name), file), 'utf8')) as T;
}

/** Concatenate rows into a batch, as makeBatch does. */
export function batchOf({ rows }: GoldenRows): Batch {
  const lengths = rows.map(({ inputIds }) => inputIds.length);
  const offsets = [0];
  for (const length of lengths) offsets.push(offsets.at(-1)! + length);
  return {
    rows: Int32Array.from(rows.keys()),
    offsets: Int32Array.from(offsets),
    inputIds: Int32Array.from(rows.flatMap(({ inputIds }) => inputIds)),
    labelIds: Int32Array.from(rows.flatMap(({ labelIds }) => labelIds)),
    longest: Math.max(...lengths),
  };
}

/** Tensors of a golden file by name. */
export async function goldenTensors(name: string, file: string): Promise<(tensor: string) => Float32Array> {
  const source = await openSafetensors(join(goldenFolder(name), file));
  const tensors = new Map<string, Float32Array>();
  for (const tensor of source.tensors.keys()) tensors.set(tensor, await source.read(tensor));
  await source.close();
  return tensor => tensors.get(tensor)!;
}

/** Each checkpoint tensor that a parameter holds, cut out of its stacked values, its rows in the order of the file. */
export function partsOf(parameter: Parameter, values: ArrayLike<number>): { name: string; values: number[] }[] {
  const { interleavedHeads } = parameter;
  const inFileOrder = interleavedHeads === null ? values : toInterleaved(Float32Array.from(values), interleavedHeads);
  const all = Array.from(inFileOrder);
  const size = all.length / parameter.parts.length;
  return parameter.parts.map(({ name }, part) => ({ name, values: all.slice(part * size, (part + 1) * size) }));
}

/** The rows of a whole word table that a model holds; other tensors as they are. */
export function heldRows(model: TokenClassifier, name: string, values: Float32Array): number[] {
  if (name !== wordTableName(model.config)) return Array.from(values);
  const width = model.config.embeddingSize;
  return Array.from(model.vocabulary.ids).flatMap(id => Array.from(values.subarray(id * width, (id + 1) * width)));
}

export function worstDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < actual.length; i++) worst = Math.max(worst, Math.abs(actual[i]! - expected[i]!));
  return Number.isNaN(worst) ? Number.POSITIVE_INFINITY : worst;
}
