import type { WordColumns } from './columns.js';
import { type Reading, type Split, splitColumns } from './corpus.js';
import { readLabelNames } from './label-names.js';
import { digestRows } from './row-index.js';
import type { SplitName } from './splits.js';

/** What `panx data stats` counts in one split. */
export interface SplitStatistics extends RowStatistics {
  lang: string;
  split: SplitName;
  /** Of a named corpus: how its files were read, and rows that say the same, words and tags, as one before them. */
  reading?: Reading & { duplicateRows: number };
}

/** What can be counted in any rows. */
export interface RowStatistics {
  rows: number;
  tokens: number;
  /** Distinct tokens, letter case and all. */
  uniqueTokens: number;
  /** Tokens with each tag, in the order of the tag ids. */
  tags: Record<string, number>;
  /** Entities of each type, in the order in which the tags name them. */
  entities: Record<string, number>;
  /** Tokens of a row. */
  sentenceLength: Distribution;
}

export interface Distribution {
  mean: number;
  median: number;
  /** 95th percentile. */
  p95: number;
  max: number;
}

export function splitStatistics(split: Split): SplitStatistics {
  const { rows, ...others } = rowStatistics(splitColumns(split), split.labelNames);
  return {
    ...{ lang: split.lang, split: split.split, rows, ...others },
    ...(split.reading === undefined ? {} : { reading: { ...split.reading, duplicateRows: duplicateRows(split) } }),
  };
}

/** Count everything in one pass over the flat columns. @param labelNames the tag names, in the order of their ids */
export function rowStatistics(columns: WordColumns, labelNames: readonly string[]): RowStatistics {
  const { rows, offsets, tagIds, text, textOffsets } = columns;
  const counts = new Int32Array(labelNames.length);
  for (const id of tagIds) counts[id]!++;
  const unique = new Set<string>();
  // Bytes as Latin-1 are as distinct as the words they spell, and quicker to make.
  const bytes = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  for (let w = 0; w < tagIds.length; w++) unique.add(bytes.toString('latin1', textOffsets[w]!, textOffsets[w + 1]!));
  return {
    rows,
    tokens: tagIds.length,
    uniqueTokens: unique.size,
    tags: Object.fromEntries(labelNames.map((name, id) => [name, counts[id]!])),
    entities: countEntities(labelNames, offsets, tagIds),
    sentenceLength: distribution(rowLengths(offsets)),
  };
}

function duplicateRows(split: Split): number {
  const digests = Buffer.from(digestRows(splitColumns(split), split.labelNames));
  const distinct = new Set<string>();
  for (let at = 0; at < digests.length; at += 32) distinct.add(digests.toString('latin1', at, at + 32));
  return split.rows - distinct.size;
}

/**
 * Entities of each type as conlleval, and seqeval by default, read them: one begins at every B-, and at an I- that
 * follows O, the start of the sentence, or a tag of another type.
 */
function countEntities(labelNames: readonly string[], offsets: Int32Array, tagIds: Int32Array): Record<string, number> {
  const { tags } = readLabelNames(labelNames);
  const typeOf = tags.map(tag => (tag === 'O' ? null : tag.slice(tag.indexOf('-') + 1)));
  const begins = tags.map(tag => tag.startsWith('B-'));
  const entities = new Map<string, number>(); // A type may have any name: __proto__ too.
  for (const type of typeOf) if (type !== null) entities.set(type, 0);
  for (let row = 0; row + 1 < offsets.length; row++) {
    let previous: string | null = null;
    for (let w = offsets[row]!; w < offsets[row + 1]!; w++) {
      const type: string | null = typeOf[tagIds[w]!]!;
      if (type !== null && (begins[tagIds[w]!]! || type !== previous)) entities.set(type, entities.get(type)! + 1);
      previous = type;
    }
  }
  return Object.fromEntries(entities);
}

/** (rows) how many elements each row of compressed sparse rows has. */
export function rowLengths(offsets: Int32Array): Int32Array {
  return Int32Array.from({ length: offsets.length - 1 }, (_, row) => offsets[row + 1]! - offsets[row]!);
}

/** Mean, median, 95th percentile (interpolated linearly between neighbours, as numpy does) and largest; at least one value. */
export function distribution(values: Int32Array): Distribution {
  const sorted = values.slice().sort();
  const quantile = (q: number): number => {
    const at = q * (sorted.length - 1);
    const below = sorted[Math.floor(at)]!;
    return below + (at - Math.floor(at)) * (sorted[Math.ceil(at)]! - below);
  };
  return {
    mean: sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
    median: quantile(0.5),
    p95: quantile(0.95),
    max: sorted.at(-1)!,
  };
}
