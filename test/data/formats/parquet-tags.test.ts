import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Float64, Int64 } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { readWords } from '../../../src/data/corpus.js';
import { decodeParquet, readShard } from '../../../src/data/formats/parquet.js';
import { readTaggedParquet } from '../../../src/data/formats/parquet-tags.js';
import { parquetBytes } from '../../../src/data/formats/write-parquet.js';
import { listOf, tags, temporaryFolder, words, writeParquet } from './parquet-fixture.js';

const folder = temporaryFolder();
/** Files of pyarrow: scripts/make-golden/corpora.py. */
const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/corpora/${name}.parquet`, import.meta.url));

async function rowsOf(path: string, labels: string[] | null = null) {
  const file = await readTaggedParquet(path, { tags: 'labels' }, labels);
  const rows = readWords(file.columns, 0, file.columns.rows).map((row, i) => {
    const first = file.columns.offsets[i]!;
    return row.map((word, w) => `${word}/${file.tags[file.columns.tagIds[first + w]!]!.name}`).join(' ');
  });
  return { rows, declared: file.declared, tags: file.tags };
}

const rows = ['Ada/B-PER Lovelace/I-PER ./O', 'In/O Köln/B-LOC 𝔸/O', ''];
const declared = ['I-LOC', 'O', 'B-PER', 'I-PER', 'B-LOC'];

describe('any parquet file of words and tags', () => {
  it.each([
    ...['int8', 'int16', 'int32', 'int64', 'uint8'].map(width => `ids-${width}`),
    ...['array', 'class-label', 'list', 'long-sequence', 'sequence'].map(form => `described-${form}`),
    'large-list-view-of-ids',
  ])('is read with ids whose names the file declares, in any order: %s', async name => {
    const file = await rowsOf(fixture(name));
    expect(file.rows).toEqual(rows);
    expect(file.declared).toBe(true);
    expect(file.tags.map(tag => tag.name)).toEqual(declared);
    expect(file.tags[0]).toEqual({ name: 'I-LOC', place: null });
    expect(file.tags[4]).toEqual({ name: 'B-LOC', place: 'row 1, word 1' });
  });

  it.each([
    ...['zstd', 'brotli', 'lz4', 'gzip', 'none'].map(codec => `strings-${codec}`),
    ...['page-v2', 'large', 'list-view', 'string-view', 'dictionary', 'without-arrow-schema', 'old-lists'],
  ])('is read with tags that are strings: %s', async name => {
    const file = await rowsOf(fixture(name));
    expect(file.rows).toEqual(rows);
    expect(file.declared).toBe(false);
    expect(file.tags[1]).toEqual({ name: 'I-PER', place: 'row 0, word 1' });
  });

  it('takes the names of ids from the setting labels where the file has none', async () => {
    const path = fixture('unnamed-ids');
    expect(await rowsOf(path, declared)).toMatchObject({ rows, declared: false });
    await expect(rowsOf(path)).rejects.toThrow(
      `${path} has numbers in "labels" and does not name them; expected names of tags.`,
    );
    await expect(rowsOf(path, ['O', 'B-PER'])).rejects.toThrow(
      `${path}, row 0: word 0 has tag id 2; expected 0 to 1 (O B-PER).`,
    );
  });

  it('is refused by what its columns are', async () => {
    const floats = fixture('floats');
    await expect(rowsOf(floats)).rejects.toThrow(
      `${floats}: column "labels" is List<Float64>; expected a list of strings or a list of integers.`,
    );
    const path = fixture('strings-none');
    await expect(readTaggedParquet(path, {}, null)).rejects.toThrow(
      `${path} has no column of tags: found "words", "labels", "n"; expected "ner_tags" or "tags".`,
    );
    await expect(readTaggedParquet(path, { words: 'tokens', tags: 'labels' }, null)).rejects.toThrow(
      `${path} has no column of words: found "words", "labels", "n"; expected "tokens".`,
    );
    const other = writeParquet(join(folder, 'numbers.parquet'), {
      tokens: { type: listOf(new Float64()), rows: [[1]] },
      ner_tags: tags([[0n]]),
    });
    await expect(readTaggedParquet(other, {}, ['O', 'B-X'])).rejects.toThrow(
      `${other}: column "tokens" is List<Float64>; expected a list of strings.`,
    );
  });

  it.each([
    ['a tag that is none', [['a', 'b']], [['O', 'PER']], 'row 0: the tag of word 1, "PER", has no place in IOB1'],
    ['more words than tags', [['a', 'b']], [['O']], 'row 0: found 2 tokens and 1 tags; expected one tag a token.'],
    ['a null row', [['a'], ['b']], [['O'], null], 'row 1: "tags" is null; expected a list of strings.'],
    ['a null tag', [['a'], ['b']], [['O'], [null]], 'row 1: word 0 of "tags" is null; expected a string.'],
    ['a null word', [['a'], [null]], [['O'], ['O']], 'row 1: word 0 of "words" is null; expected a string.'],
  ] as [string, unknown[], unknown[], string][])(
    'is refused with %s, by file and row',
    async (_, text, tagRows, sentence) => {
      const path = writeParquet(join(folder, 'odd.parquet'), { words: words(text), tags: words(tagRows) });
      await expect(readTaggedParquet(path, {}, null)).rejects.toThrow(`${path}, ${sentence}`);
    },
  );

  it('is refused with declared names that are no tags', async () => {
    const huggingface = JSON.stringify({ info: { features: { ner_tags: { feature: { names: ['O', 'PER'] } } } } });
    const path = writeParquet(
      join(folder, 'names.parquet'),
      { tokens: words([['a']]), ner_tags: tags([[0n]], new Int64()) },
      { huggingface },
    );
    await expect(readTaggedParquet(path, {}, null)).rejects.toThrow(
      `${path} names a tag "PER", which has no place in IOB1`,
    );
  });

  it('is refused where text in it is not UTF-8, of words and of tags', async () => {
    const path = fileURLToPath(new URL('../../fixtures/parquet/not-utf8.parquet', import.meta.url));
    await expect(readTaggedParquet(path, { tags: 'ner_tags' }, [...declared, 'I-ORG'])).rejects.toThrow(
      `${path}, row 3: byte 6 of word 1 of "tokens", 0xE7, is not UTF-8; expected text in UTF-8.`,
    );
    await expect(readTaggedParquet(path, { tags: 'names' }, null)).rejects.toThrow(
      `${path}, row 3: byte 1 of word 2 of "names", 0xE9, is not UTF-8; expected text in UTF-8.`,
    );
  });

  it('is refused where it is damaged, or no parquet file', async () => {
    const whole = readFileSync(fixture('strings-zstd'));
    const cut = join(folder, 'cut.parquet');
    writeFileSync(cut, whole.subarray(0, -20));
    await expect(rowsOf(cut)).rejects.toThrow(`${cut} is not a whole parquet file (1274 bytes)`);
    writeFileSync(cut, 'version https://git-lfs.github.com/spec/v1');
    await expect(rowsOf(cut)).rejects.toThrow(`${cut} is a Git LFS pointer`);
    const deep = fileURLToPath(new URL('../../fixtures/parquet/30-million-words.parquet', import.meta.url));
    await expect(readTaggedParquet(deep, {}, ['O', 'B-X'])).rejects.toThrow('expected at most 2,097,152');
  });
});

it('what is written as parquet reads back the same, as PAN-X and as any parquet', async () => {
  const file = await readTaggedParquet(fixture('ids-int8'), { tags: 'labels' }, null);
  const path = join(folder, 'written.parquet');
  writeFileSync(path, await parquetBytes(file.columns, declared));
  // Hugging Face's datasets library (5.2.0) takes the names of the tags only for columns that may hold nulls.
  const fields = await decodeParquet(path, readFileSync(path), [], schema => schema.fields.map(String));
  expect(fields).toEqual(['tokens: List<Utf8>', 'ner_tags: List<Int64>']);
  const nullable = await decodeParquet(path, readFileSync(path), [], schema =>
    schema.fields.map(field => field.nullable),
  );
  expect(nullable).toEqual([true, true]);
  const shard = await readShard(path);
  expect(shard.labelNames).toEqual(declared);
  expect(shard.columns).toEqual(file.columns);
  const again = await readTaggedParquet(path, {}, null);
  expect(again.declared).toBe(true);
  expect(again.columns).toEqual(file.columns);
});
