import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { WordColumns } from '../../src/data/columns.js';
import { loadSplit, openSplit, splitColumns } from '../../src/data/corpus.js';
import { digestRows, indexed } from '../../src/data/row-index.js';
import { rowLengths } from '../../src/data/statistics.js';
import { samplePaths } from '../../src/hub/sample.js';

const { dataDir } = samplePaths();
const cache = mkdtempSync(join(tmpdir(), 'panx-rows-'));
afterAll(() => rmSync(cache, { recursive: true }));

/** Columns of rows of [word, tag id]. */
function columnsOf(rows: [string, number][][]): WordColumns {
  const words = rows.flat().map(([word]) => Buffer.from(word));
  const offsets = Int32Array.of(0, ...rows.map((_, i) => rows.slice(0, i + 1).flat().length));
  const textOffsets = Int32Array.of(0, ...words.map((_, i) => Buffer.concat(words.slice(0, i + 1)).length));
  const tagIds = Int32Array.from(rows.flat().map(([, tag]) => tag));
  return { rows: rows.length, offsets, tagIds, textOffsets, text: Buffer.concat(words) };
}

const digestsOf = (rows: [string, number][][], labels: string[]) => {
  const digests = Buffer.from(digestRows(columnsOf(rows), labels));
  return rows.map((_, row) => digests.subarray(32 * row, 32 * row + 32).toString('hex'));
};

describe('the digest of a row', () => {
  const labels = ['O', 'B-PER', 'I-PER'];

  it('is the SHA-256 of word count, lengths, texts and tag names', () => {
    const expected = createHash('sha256')
      .update(Buffer.from(Int32Array.of(2, 4, 1).buffer))
      .update('Çok!B-PER\nO\n'.replace('Çok!', 'Çok!'))
      .digest('hex');
    expect(digestsOf([[['Çok', 1], ['!', 0]]], labels)).toEqual([expected]); // biome-ignore format: a row
  });

  it('is of the names of the tags, not of their ids', () => {
    const row = (tag: number): [string, number][][] => [[['a', tag]]];
    expect(digestsOf(row(1), ['O', 'B-PER'])).toEqual(digestsOf(row(0), ['B-PER', 'O']));
    expect(digestsOf(row(1), ['O', 'B-PER'])).not.toEqual(digestsOf(row(1), ['O', 'B-LOC']));
  });

  it('tells where one word ends and the next begins, and rows of long and of no words', () => {
    const long = 'x'.repeat(10_000);
    const rows: [string, number][][] = [
      ...[[['ab', 0], ['c', 0]], [['a', 0], ['bc', 0]], [['abc', 0]], [], [['', 0]], [[long, 0]]], // biome-ignore format: rows
    ] as [string, number][][];
    expect(new Set(digestsOf(rows, labels)).size).toBe(rows.length);
    expect(digestsOf(rows.slice(5), labels)).toEqual(digestsOf(rows, labels).slice(5));
  });
});

describe('the index of a split', () => {
  const open = async (cacheDir: string | null = cache) => indexed(await openSplit(dataDir, 'tr', 'test'), cacheDir);

  it('is made while the rows are read, or by reading them, and is the same from disk', async () => {
    const split = await open();
    let rows = 0;
    for await (const { columns } of split.shards()) rows += columns.rows;
    const index = await split.index();
    expect(index.rows).toBe(rows);
    expect(index.labelNames).toContain('B-PER');
    expect(index.digests).toHaveLength(32 * rows);
    const whole = await loadSplit(dataDir, 'tr', 'test');
    expect(index.lengths).toEqual(rowLengths(splitColumns(whole).offsets));
    const kept = await open();
    const unread = { ...kept, shards: () => expect.unreachable('the files were read') };
    expect(await unread.index()).toEqual(index);
    expect(await (await open(null)).index()).toEqual(index);
  });

  it('is made again, and said to be, where the file that keeps it is damaged', async () => {
    const index = await (await open()).index();
    const path = join(cache, readdirSync(cache)[0]!);
    const whole = readFileSync(path);
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      for (const damaged of [whole.subarray(0, 100), Buffer.concat([whole, Buffer.of(1)]), Buffer.alloc(0)]) {
        writeFileSync(path, damaged);
        expect(await (await open()).index()).toEqual(index);
        expect(readFileSync(path)).toEqual(whole);
      }
      expect(said.mock.calls.join('').match(/cannot be used/g)).toHaveLength(3);
    } finally {
      said.mockRestore();
    }
  });
});
