import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, messageOf } from '../errors.js';
import { keptFolder } from '../system/cache.js';
import { arrayOf, integer, object, parseJsonAs, text } from '../system/checked-json.js';
import { sha256 } from '../system/checksums.js';
import { notice } from '../system/console.js';
import { reasonOf, writeFileAtomic } from '../system/files.js';
import { removeOrphans } from '../system/temporary.js';
import type { WordColumns } from './columns.js';
import type { SplitSource } from './corpus.js';
import type { Shard } from './formats/parquet.js';
import { rowLengths } from './statistics.js';

/** What the rows of a split are, each by the SHA-256 of its words and tag names: any selection of them has a hash without their being read. */
export interface RowIndex {
  rows: number;
  /** The tag names, in the order of their ids. */
  labelNames: readonly string[];
  /** (rows × 32) one SHA-256 after the other. */
  digests: Uint8Array;
  /** (rows) words of each row. */
  lengths: Int32Array;
}

/** A split whose rows are hashed while they are read, so that nobody reads it twice for that. */
export interface IndexedSplit extends SplitSource {
  /**
   * The index of its rows: as they were read last, or as it was kept on disk, else its files are read.
   *
   * @throws PanxError as `shards` does
   */
  index(): Promise<RowIndex>;
}

/**
 * The SHA-256, in hexadecimal, of a selection of rows in their final order: the same words and tag names give the same, from whatever file,
 * in whatever language, whatever the ids of the tags.
 *
 * @param order (n) row numbers of the split
 */
export function selectionSha256({ digests }: Pick<RowIndex, 'digests'>, order: Int32Array): string {
  const hash = createHash('sha256');
  const chosen = Buffer.alloc(order.length * digestBytes);
  order.forEach((row, i) => {
    chosen.set(digests.subarray(row * digestBytes, (row + 1) * digestBytes), i * digestBytes);
  });
  return hash.update(chosen).digest('hex');
}

/** @param cacheDir where the index is kept between processes; null keeps nothing */
export function indexed(source: SplitSource, cacheDir: string | null = keptFolder('rows')): IndexedSplit {
  const path = cacheDir === null ? null : indexPath(cacheDir, source);
  let known: RowIndex | undefined;
  async function* shards(): AsyncGenerator<Shard> {
    const parts: Pick<RowIndex, 'digests' | 'lengths'>[] = [];
    let labelNames: readonly string[] = [];
    for await (const shard of source.shards()) {
      labelNames = shard.labelNames;
      if (known === undefined) {
        parts.push({ digests: digestRows(shard.columns, labelNames), lengths: rowLengths(shard.columns.offsets) });
      }
      yield shard;
    }
    if (known !== undefined) return;
    const digests = new Uint8Array(Buffer.concat(parts.map(part => part.digests)));
    const rows = digests.length / digestBytes;
    const lengths = new Int32Array(rows);
    let row = 0;
    for (const part of parts) {
      lengths.set(part.lengths, row);
      row += part.lengths.length;
    }
    known = { rows, labelNames, digests, lengths };
    if (path !== null) await writeIndex(path, known);
  }
  return {
    ...source,
    shards,
    async index() {
      if (known === undefined && path !== null) known = await readIndex(path);
      if (known === undefined) for await (const _ of shards()); // Reading it all is what makes the index.
      return known!;
    },
  };
}

const digestBytes = 32;

/**
 * The SHA-256 of each row: of the number of its words, the lengths of their texts in bytes (both 32 bits, little-endian), the texts one after
 * the other, and the names of their tags, a line each. No name holds a line end (see labels.ts).
 *
 * @returns (rows × 32)
 */
export function digestRows(columns: WordColumns, labelNames: readonly string[]): Uint8Array {
  const { rows, offsets, tagIds, textOffsets, text } = columns;
  const digests = new Uint8Array(rows * digestBytes);
  const lines = labelNames.map(name => Buffer.from(`${name}\n`));
  let bytes = Buffer.alloc(1 << 12);
  for (let row = 0; row < rows; row++) {
    const [first, end] = [offsets[row]!, offsets[row + 1]!];
    let tagBytes = 0;
    for (let word = first; word < end; word++) tagBytes += lines[tagIds[word]!]!.length;
    const words = text.subarray(textOffsets[first], textOffsets[end]);
    const size = 4 * (1 + end - first) + words.length + tagBytes;
    if (size > bytes.length) bytes = Buffer.alloc(2 * size);
    let at = bytes.writeInt32LE(end - first, 0);
    for (let word = first; word < end; word++) {
      at = bytes.writeInt32LE(textOffsets[word + 1]! - textOffsets[word]!, at);
    }
    bytes.set(words, at);
    at += words.length;
    for (let word = first; word < end; word++) at += lines[tagIds[word]!]!.copy(bytes, at);
    digests.set(createHash('sha256').update(bytes.subarray(0, at)).digest(), row * digestBytes);
  }
  return digests;
}

/** Changes whenever the same rows would have other digests, or the file another form. */
const formatVersion = 2;

function indexPath(cacheDir: string, { lang, split, files, reading }: SplitSource): string {
  const key = sha256(JSON.stringify({ formatVersion, data: files.map(file => file.sha256), reading }));
  return join(cacheDir, `${lang}-${split}-${key.slice(0, 32)}.rows`);
}

const headShape = object({ rows: integer({ min: 1 }), labelNames: arrayOf(text()) });

/** A line of JSON, the digests, the lengths (32 bits, little-endian), and the SHA-256 of all that; undefined where there is no such file, or it is damaged: then it goes. */
async function readIndex(path: string): Promise<RowIndex | undefined> {
  try {
    const bytes = await readFile(path);
    const content = bytes.subarray(0, -digestBytes);
    if (!createHash('sha256').update(content).digest().equals(bytes.subarray(-digestBytes))) {
      throw new Error('it is damaged: its checksum differs');
    }
    const end = content.indexOf('\n');
    const { rows, labelNames } = parseJsonAs(content.toString('utf8', 0, end), headShape, path);
    const body = new Uint8Array(content.subarray(end + 1));
    if (body.length !== rows * (digestBytes + 4)) throw new Error('it does not have the rows that it says');
    const view = new DataView(body.buffer, rows * digestBytes);
    const lengths = Int32Array.from({ length: rows }, (_, row) => view.getInt32(4 * row, true));
    return { rows, labelNames, digests: body.slice(0, rows * digestBytes), lengths };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    notice(`The index of rows ${path} cannot be used (${reasonOf(error)}); the data are read again.`);
    await rm(path, { force: true }).catch(() => {});
    return undefined;
  }
}

async function writeIndex(path: string, { rows, labelNames, digests, lengths }: RowIndex): Promise<void> {
  const words = Buffer.alloc(4 * rows);
  lengths.forEach((length, row) => {
    words.writeInt32LE(length, 4 * row);
  });
  const content = Buffer.concat([Buffer.from(`${JSON.stringify({ rows, labelNames })}\n`), digests, words]);
  const sum = createHash('sha256').update(content).digest();
  await removeOrphans(dirname(path));
  await writeFileAtomic(path, Buffer.concat([content, sum])).catch((error: unknown) => {
    notice(`The index of rows is not kept for the next run: ${messageOf(error)}`);
  });
}
