import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readShard } from '../../../src/data/formats/parquet.js';
import { readFooter } from '../../../src/data/formats/parquet-footer.js';
import { slicesOf } from '../../../src/data/formats/parquet-limits.js';
import { PanxError } from '../../../src/errors.js';
import { formatCount } from '../../../src/system/console.js';
import { panx, tags, temporaryFolder, words, writeParquet } from './parquet-fixture.js';

/** Made by scripts/make-golden/parquet.py. */
const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/parquet/${name}.parquet`, import.meta.url));

/** The same file with bytes before its footer that nothing reads: what it may hold goes by its size. */
function padded(name: string, bytes: number): string {
  const whole = readFileSync(fixture(name));
  const footer = whole.length - 8 - whole.readUInt32LE(whole.length - 8);
  const path = join(temporaryFolder(), `${name}.parquet`);
  writeFileSync(path, Buffer.concat([whole.subarray(0, footer), Buffer.alloc(bytes), whole.subarray(footer)]));
  return path;
}

describe('a small file that decodes to much', () => {
  it.each([
    [
      '30-million-words',
      'bytes and says that it holds 30,000,000 words (or rows without any); expected at most 2,097,152.',
    ],
    ['row-of-10-million-words', 'says that it holds 10,000,000 words in 1 rows; expected at most 100,000 a row.'],
    [
      'few-that-say-a-trillion-rows',
      'bytes and says that it holds 1,000,000,000,000 rows; expected at most 2,097,152.',
    ],
    ['2-gigabytes-of-text', 'decodes to more than fits into 192 MB of memory.'],
    ['10-million-that-say-5', ''],
    ['3-million-empty-rows', 'bytes and says that it holds 3,000,000 rows; expected at most 2,097,152.'],
    ['3-million-words', 'says that it holds 3,000,000 words (or rows without any); expected at most 2,097,152.'],
    ['80-megabytes-of-words', 'bytes of columns; expected at most 67,108,864.'],
    ['word-of-60-megabytes', 'decodes to more than fits into 192 MB of memory.'],
    ['300-levels', 'has a column of 303 levels; expected at most 50.'],
    ['word-of-70-kilobytes', ', row 0: word 0 takes 70,000 bytes; expected at most 65,536.'],
    ['few-that-say-7-rows', 'is not a whole parquet file (1080 bytes): it holds 100 rows, and its footer says 7.'],
    ['few-that-say-200-rows', 'is not a whole parquet file (1082 bytes): it holds 100 rows, and its footer says 200.'],
  ])('%s is refused', async (name, sentence) => {
    const before = process.memoryUsage().rss;
    const error: unknown = await readShard(fixture(name)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PanxError);
    expect((error as PanxError).message).toContain(fixture(name));
    expect((error as PanxError).message).toContain(sentence);
    expect(process.memoryUsage().rss - before).toBeLessThan(300e6);
  });

  it('is followed by others that are read', async () => {
    await expect(readShard(fixture('2-gigabytes-of-text'))).rejects.toThrow('more than fits into');
    expect((await readShard(fixture('few'))).columns.rows).toBe(100);
    await expect(readShard(fixture('10-million-that-say-5'))).rejects.toThrow(PanxError);
    expect((await readShard(fixture('few'))).columns.rows).toBe(100);
  });
});

const bytesOf = ({ buffer, byteOffset, byteLength }: Int32Array) => Buffer.from(buffer, byteOffset, byteLength);

describe('a large file', () => {
  it.each(['3-million-words', '3-million-words-in-row-groups'])('is decoded in parts: %s', async name => {
    const { columns } = await readShard(padded(name, 4e6));
    expect(columns.rows).toBe(1500);
    expect(columns.tagIds).toHaveLength(3_000_000);
    // Not by toEqual, which takes a minute for that many.
    const same = (found: Int32Array, expected: Int32Array) => Buffer.compare(bytesOf(found), bytesOf(expected)) === 0;
    expect(
      same(
        columns.offsets,
        Int32Array.from({ length: 1501 }, (_, row) => row * 2000),
      ),
    ).toBe(true);
    const tagIds = Int32Array.from({ length: 3_000_000 }, (_, i) => Math.floor(i / 2000) % 7);
    expect(same(columns.tagIds, tagIds)).toBe(true);
    expect(
      same(
        columns.textOffsets,
        Int32Array.from({ length: 3_000_001 }, (_, i) => 2 * i),
      ),
    ).toBe(true);
    expect(
      same(
        tagIds.map((_, i) => columns.text[2 * i + 1]! - 48),
        tagIds,
      ),
    ).toBe(true);
  });

  it('may hold a word for each of its bytes, and a row for four', async () => {
    const path = padded('3-million-empty-rows', 11e6);
    const most = formatCount(Math.floor(statSync(path).size / 4));
    await expect(readShard(path)).rejects.toThrow(`holds 3,000,000 rows; expected at most ${most}.`);
    expect((await readShard(padded('3-million-empty-rows', 12e6))).columns.rows).toBe(3_000_000);
  });

  it('is refused with the row of the file, whatever part it is in', async () => {
    const path = padded('3-million-words-one-tag-wrong', 4e6);
    await expect(readShard(path)).rejects.toThrow(
      `${path}, row 1400: word 1999 has tag id 9; expected 0 to 6 (O B-PER`,
    );
  });

  it('has its row groups counted', () => {
    const path = fixture('3-million-words-in-row-groups');
    const bytes = readFileSync(path);
    const { rowGroups } = readFooter(bytes, ['tokens', 'ner_tags']);
    expect(rowGroups.map(({ rows, values, columns }) => [rows, values, columns])).toEqual(
      Array.from({ length: 5 }, () => [300, 600_000, 2]),
    );
    expect(slicesOf({ rows: 1500, rowGroups })).toEqual([0, 1, 2, 3, 4].map(group => ({ rowGroups: [group] })));
  });

  it('is cut where its row groups end, and inside a large one', () => {
    const group = (rows: number, values: number) => ({ rows, values, columns: 3, levels: 3, uncompressedBytes: 1 });
    const slices = (...rowGroups: ReturnType<typeof group>[]) => slicesOf({ rows: 0, rowGroups });
    expect(slices()).toEqual([{}]);
    expect(slices(group(20_000, 160_000), group(20_000, 160_000))).toEqual([{}]);
    expect(slices(group(1000, 450_000), group(10, 50_000), group(1000, 950_000), group(1, 1))).toEqual([
      { rowGroups: [0, 1] },
      { rowGroups: [2] },
      { rowGroups: [3] },
    ]);
    const parts = slices(group(10, 5), group(1_000_000, 8_000_000));
    expect(parts[0]).toEqual({ rowGroups: [0] });
    expect(parts[1]).toEqual({ rowGroups: [1], offset: 0, limit: 65_536 });
    expect(parts.at(-1)).toEqual({ rowGroups: [1], offset: 983_040, limit: 65_536 });
    expect(parts).toHaveLength(17);
  });
});

describe('readFooter', () => {
  const folder = temporaryFolder();

  it('counts rows and words as they were written, empty rows with them', () => {
    const rows = [
      [['a', 0]],
      [],
      [
        ['b', 1],
        ['c', 2],
      ],
    ] as [string, number][][];
    const path = writeParquet(join(folder, 'a.parquet'), {
      ...panx(rows),
      langs: words(rows.map(() => ['en', 'x', 'y'])),
    });
    const { rows: count, rowGroups } = readFooter(readFileSync(path), ['tokens', 'ner_tags']);
    expect(count).toBe(3);
    expect(rowGroups).toEqual([
      { rows: 3, values: 4, columns: 3, levels: 3, uncompressedBytes: expect.any(Number) as number },
    ]);
  });

  it('bears any byte of it changed, cut or doubled', () => {
    const whole = readFileSync(writeParquet(join(folder, 'b.parquet'), panx([[['a', 0]]])));
    let refused = 0;
    const attempt = (bytes: Buffer) => {
      try {
        readFooter(bytes, ['tokens']);
      } catch (error) {
        expect((error as Error).constructor).toBe(Error);
        refused++;
      }
    };
    for (let at = 0; at < whole.length; at++) {
      for (const mask of [0x01, 0x80, 0xff]) {
        const bytes = Buffer.from(whole);
        bytes[at]! ^= mask;
        attempt(bytes);
      }
      attempt(whole.subarray(0, at));
      attempt(Buffer.concat([whole.subarray(0, at), whole.subarray(at === 0 ? 0 : at - 1)]));
    }
    expect(refused).toBeGreaterThan(whole.length);
  });
});

describe('columns and metadata', () => {
  const folder = temporaryFolder();
  const failure = async (path: string) => await readShard(path).catch((error: unknown) => (error as Error).message);

  it('of one name are refused', async () => {
    const path = fixture('tokens-twice');
    expect(await failure(path)).toBe(`${path} has 2 columns named "tokens"; expected one.`);
  });

  it('of which there are too many are refused', async () => {
    const many = Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`c${i}`, tags([[0n]])]));
    const path = writeParquet(join(folder, 'many.parquet'), { ...many, ...panx([[['a', 0]]]) });
    expect(await failure(path)).toBe(`${path} has 1,003 columns in 1 row groups; expected at most 1,000 in 20,000.`);
  });

  it('that are too large are refused, and are not believed to be small', async () => {
    const huggingface = JSON.stringify({
      info: { features: { ner_tags: { feature: { names: Array.from({ length: 10_001 }, (_, i) => `B-${i}`) } } } },
    });
    const path = writeParquet(join(folder, 'tags.parquet'), panx([[['a', 0]]]), { huggingface });
    expect(await failure(path)).toBe(`${path}: its Hugging Face metadata names 10001 tags; expected at most 10000.`);
    const deep = writeParquet(join(folder, 'deep.parquet'), panx([[['a', 0]]]), { huggingface: '['.repeat(100_000) });
    expect(await failure(deep)).toContain(
      'its Hugging Face metadata nests arrays or objects more than 100 levels deep',
    );
    const long = writeParquet(join(folder, 'long.parquet'), panx([[['a', 0]]]), { huggingface: 'x'.repeat(9e6) });
    expect(await failure(long)).toMatch(
      /has a footer of 2?\d,\d{3},\d{3} bytes; expected at most 16,777,216|metadata takes 9000000 characters/,
    );
    const footer = readFileSync(path);
    footer.writeUInt32LE(0xffffffff, footer.length - 8);
    writeFileSync(path, footer);
    expect(await failure(path)).toContain('has a footer of 4,294,967,295 bytes; expected at most 16,777,216.');
  });
});
