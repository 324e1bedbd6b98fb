import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Float64, Int8, Int32, Int64, LargeUtf8, Uint64, Utf8 } from 'apache-arrow';
import { describe, expect, it, vi } from 'vitest';
import { readWords } from '../../../src/data/corpus.js';
import { panxLabels } from '../../../src/data/formats/panx.js';
import { readShard } from '../../../src/data/formats/parquet.js';
import { PanxError } from '../../../src/errors.js';
import { formatCount } from '../../../src/system/console.js';
import { panx, tags, temporaryFolder, words, writeParquet } from './parquet-fixture.js';

const folder = temporaryFolder();
let files = 0;
const file = () => join(folder, `${files++}.parquet`);
const failure = async (path: string): Promise<PanxError> => {
  const error: unknown = await readShard(path).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(PanxError);
  return error as PanxError;
};

const rows: [string, number][][] = [
  [
    ['Karl', 1],
    ['Ove', 2],
  ],
  [],
  [
    ['', 0],
    ['İstanbul', 5],
    ['東京', 6],
    ['🎉', 0],
  ],
];

/** Files of pyarrow: scripts/make-golden/parquet.py. */
const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/parquet/${name}.parquet`, import.meta.url));

describe('readShard', () => {
  it.each([
    ...['list-view', 'large-list-view', 'fixed-size-list', 'string-view', 'dictionary', 'dictionary-of-ids'],
    ...['binary', 'large-binary'],
  ])('reads what Arrow calls %s', async name => {
    const { sha256, columns } = await readShard(fixture(name));
    expect(sha256).toBe(
      createHash('sha256')
        .update(readFileSync(fixture(name)))
        .digest('hex'),
    );
    expect(readWords(columns, 0, 2)).toEqual([
      ['Ada', 'Köln'],
      ['in', '.'],
    ]);
    expect([...columns.tagIds]).toEqual([1, 5, 0, 0]);
  });

  it('reads tokens and tags into flat arrays, with names, and hashes the file', async () => {
    const path = writeParquet(file(), panx(rows));
    const shard = await readShard(path);
    expect(shard.path).toBe(path);
    expect(shard.sha256).toBe(createHash('sha256').update(readFileSync(path)).digest('hex'));
    expect(shard.labelNames).toEqual(panxLabels);
    expect(shard.columns.rows).toBe(3);
    expect([...shard.columns.offsets]).toEqual([0, 2, 2, 6]);
    expect([...shard.columns.tagIds]).toEqual([1, 2, 0, 5, 6, 0]);
    expect([...shard.columns.textOffsets]).toEqual([0, 4, 7, 7, 16, 22, 26]);
    expect(readWords(shard.columns, 0, 3)).toEqual(rows.map(row => row.map(([token]) => token)));
  });

  it.each([
    ['Int8', new Int8(), [[6, 0], [3]]],
    ['Int32', new Int32(), [[6, 0], [3]]],
    ['Int64', new Int64(), [[6n, 0n], [3n]]],
    ['Uint64', new Uint64(), [[6n, 0n], [3n]]],
  ])('reads tags of type %s', async (_, type, rows) => {
    const path = writeParquet(file(), { tokens: words([['a', 'b'], ['c']]), ner_tags: tags(rows, type) });
    expect([...(await readShard(path)).columns.tagIds]).toEqual([6, 0, 3]);
  });

  it('reads rows without a single word', async () => {
    const { columns } = await readShard(writeParquet(file(), panx([[], []])));
    expect(columns).toMatchObject({ rows: 2, offsets: Int32Array.of(0, 0, 0), tagIds: new Int32Array(0) });
  });

  it('reads long strings', async () => {
    const path = writeParquet(file(), { tokens: words([['a', 'bc']], new LargeUtf8()), ner_tags: tags([[0n, 1n]]) });
    expect(readWords((await readShard(path)).columns, 0, 1)).toEqual([['a', 'bc']]);
  });

  it('joins the record batches of a large file', async () => {
    const many = Array.from({ length: 2500 }, (_, i) => [
      [`w${i}`, i % 7] as const,
      ...(i % 3 === 0 ? [['é', 0] as const] : []),
    ]);
    const shard = await readShard(writeParquet(file(), panx(many), { batchRows: 700 }));
    expect(shard.columns.rows).toBe(2500);
    expect(readWords(shard.columns, 0, 2500)).toEqual(many.map(row => row.map(([token]) => token)));
    expect([...shard.columns.tagIds]).toEqual(many.flat().map(([, tag]) => tag));
  });

  it('takes the names of the tags from the metadata, and checks the ids against them', async () => {
    const huggingface = JSON.stringify({ info: { features: { ner_tags: { feature: { names: ['O', 'B-X'] } } } } });
    const shard = await readShard(writeParquet(file(), panx([[['a', 1]]]), { huggingface }));
    expect(shard.labelNames).toEqual(['O', 'B-X']);
    const path = writeParquet(file(), panx([[['a', 1]], [['b', 2]]]), { huggingface });
    expect((await failure(path)).message).toBe(`${path}, row 1: word 0 has tag id 2; expected 0 to 1 (O B-X).`);
  });
});

describe('readShard refuses', () => {
  it('a file that cannot be read', async () => {
    const path = file();
    expect((await failure(path)).message).toBe(`${path} cannot be read: no such file or folder.`);
    mkdirSync(path);
    expect((await failure(path)).message).toBe(`${path} cannot be read: it is a folder, not a file.`);
  });

  it('a missing column, listing those that are there', async () => {
    const path = writeParquet(file(), { tokens: words([['a']]), labels: tags([[0n]]) });
    const error = await failure(path);
    expect(error.message).toBe(
      `${path} has no column "ner_tags": found "tokens", "labels"; expected "tokens" (a list of strings) and "ner_tags" (a list of integers).`,
    );
    expect(error.hint).toBe('Is it a PAN-X file? Its columns are tokens, ner_tags and langs.');
    const other = writeParquet(file(), { words: words([['a']]), ner_tags: tags([[0n]]) });
    expect((await failure(other)).message).toContain('has no column "tokens": found "words", "ner_tags";');
  });

  it.each([
    ['tokens', 'Utf8', { tokens: { type: new Utf8(), rows: ['a'] }, ner_tags: tags([[0n]]) }, 'a list of strings'],
    [
      'ner_tags',
      'List<Float64>',
      { tokens: words([['a']]), ner_tags: tags([[0]], new Float64()) },
      'a list of integers',
    ],
    ['ner_tags', 'List<Utf8>', { tokens: words([['a']]), ner_tags: words([['O']]) }, 'a list of integers'],
    [
      'ner_tags',
      'Int64',
      { tokens: words([['a']]), ner_tags: { type: new Int64(), rows: [0n] } },
      'a list of integers',
    ],
  ])('column %s of type %s', async (name, type, columns, expected) => {
    const path = writeParquet(file(), columns);
    const error = await failure(path);
    expect(error.message).toBe(`${path}: column "${name}" is ${type}; expected ${expected}.`);
    expect(error.hint).toBe('Write it as tokens: list<string>, ner_tags: list<int64>.');
  });

  it('a column of nothing', async () => {
    const path = fixture('null');
    expect((await failure(path)).message).toBe(`${path}: column "tokens" is List<Null>; expected a list of strings.`);
  });

  it.each(['not-utf8', 'not-utf8-binary'])('text that is not UTF-8, by row, word and byte: %s', async name => {
    const path = fixture(name);
    expect(await failure(path)).toMatchObject({
      message: `${path}, row 3: byte 6 of word 1 of "tokens", 0xE7, is not UTF-8; expected text in UTF-8.`,
      hint: 'Write the file again with its text in UTF-8 (decode Latin-1 as that first), or fetch it again, where it is damaged.',
    });
    // What is read after it is decoded as ever.
    expect((await readShard(fixture('list-view'))).columns.rows).toBe(2);
  });

  it.each([
    ['A\0d\0a\0', 2],
    ['\0A', 1],
  ])('text with zero bytes, as UTF-16 in a column of bytes has them: %j', async (word, byte) => {
    const path = writeParquet(
      file(),
      panx([
        [['a', 0]],
        [
          ['b', 0],
          [word, 0],
        ],
      ]),
    );
    expect((await failure(path)).message).toBe(
      `${path}, row 1: byte ${byte} of word 1 of "tokens" is 0; expected text in UTF-8.`,
    );
  });

  it('tokens and tags of different length, naming the first such row', async () => {
    const path = writeParquet(file(), {
      tokens: words([['a'], ['a', 'b', 'c'], ['a']]),
      ner_tags: tags([[0n], [0n, 0n], []]),
    });
    const error = await failure(path);
    expect(error.message).toBe(`${path}, row 1: found 3 tokens and 2 tags; expected one tag a token.`);
    expect(error.hint).toBe('Repair that row, or fetch the file again.');
  });

  it('lengths that differ only in where the words lie', async () => {
    const path = writeParquet(file(), { tokens: words([['a', 'b'], ['c']]), ner_tags: tags([[0n], [0n, 0n]]) });
    expect((await failure(path)).message).toContain('row 0: found 2 tokens and 1 tags');
  });

  it.each([
    [7n, 7n],
    [-1n, -1n],
    [2n ** 32n, 2n ** 32n],
    [-(2n ** 32n), -(2n ** 32n)],
  ])('tag id %s', async (id, found) => {
    // In a later record batch, and after an empty row.
    const many = Array.from({ length: 1500 }, () => [0n, 0n]);
    many[1200] = [];
    many[1201] = [6n, id];
    const path = writeParquet(file(), { tokens: words(many.map(row => row.map(() => 'x'))), ner_tags: tags(many) });
    const error = await failure(path);
    expect(error.message).toBe(
      `${path}, row 1201: word 1 has tag id ${found}; expected 0 to 6 (O B-PER I-PER B-ORG I-ORG B-LOC I-LOC).`,
    );
    expect(error.hint).toBe('Repair that row, or fetch the file again.');
  });

  it.each([
    [
      'tokens',
      { tokens: words([['a'], null]), ner_tags: tags([[0n], [0n]]) },
      'row 1: "tokens" is null; expected a list of strings.',
    ],
    [
      'ner_tags',
      { tokens: words([['a'], ['b']]), ner_tags: tags([null, [0n]]) },
      'row 0: "ner_tags" is null; expected a list of integers.',
    ],
    [
      'a token',
      { tokens: words([['a'], [], ['b', null]]), ner_tags: tags([[0n], [], [0n, 0n]]) },
      'row 2: word 1 of "tokens" is null; expected a string.',
    ],
    [
      'a tag',
      { tokens: words([['a'], ['b', 'c']]), ner_tags: tags([[0n], [null, 0n]]) },
      'row 1: word 0 of "ner_tags" is null; expected an integer.',
    ],
  ])('null as %s', async (_, columns, sentence) => {
    const path = writeParquet(file(), columns);
    expect((await failure(path)).message).toBe(`${path}, ${sentence}`);
  });

  it('a null in a later record batch', async () => {
    const many: (string[] | null)[] = Array.from({ length: 2100 }, () => ['x']);
    many[2050] = null;
    const path = writeParquet(file(), { tokens: words(many), ner_tags: tags(many.map(() => [0n])) });
    expect((await failure(path)).message).toBe(`${path}, row 2050: "tokens" is null; expected a list of strings.`);
  });

  it('a file that is cut short, damaged or no parquet at all', async () => {
    const whole = readFileSync(
      writeParquet(file(), panx(Array.from({ length: 500 }, (_, i) => [[`word ${i * 7919}`, i % 7] as const]))),
    );
    const damagedData = Buffer.from(whole);
    damagedData.fill(0xa5, 10, 200);
    const damagedFooter = Buffer.from(whole);
    damagedFooter.fill(0xff, whole.length - 300, whole.length - 20);
    const contents = [
      whole.subarray(0, whole.length >> 1),
      whole.subarray(0, whole.length - 1),
      Buffer.from('hello'),
      damagedData,
      damagedFooter,
    ];
    for (const content of contents) {
      const path = file();
      writeFileSync(path, content);
      const error = await failure(path);
      expect(error.message).toMatch(/[^.]\.$/);
      if (error.message.includes(' is damaged, or decodes to more than')) continue;
      expect(error.message).toContain(`${path} is not a whole parquet file (${content.length} bytes): `);
      expect(error.hint).toBe('It is damaged or cut short: fetch it again.');
    }
  });

  it('damage anywhere, with a sentence of panx, and reads the next file all the same', async () => {
    const whole = readFileSync(writeParquet(file(), panx([[['Karl', 1]], [['Ove', 2]]])));
    const path = file();
    const reasons = new Set<string>();
    for (let at = 0; at < whole.length; at++) {
      const bytes = Buffer.from(whole);
      bytes[at]! ^= 0x01;
      writeFileSync(path, bytes);
      const error: unknown = await readShard(path).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (error !== undefined) reasons.add((error as Error).message);
      expect(error === undefined || error instanceof PanxError).toBe(true);
    }
    expect(reasons).toContain(
      `${path} (${formatCount(whole.length)} bytes) is damaged, or decodes to more than fits into 192 MB of memory.`,
    );
    expect([...reasons].filter(reason => /unreachable|not enough memory/.test(reason))).toEqual([]);
    writeFileSync(path, whole);
    expect((await readShard(path)).columns.rows).toBe(2);
  });

  it('no file for memory that the system has no room for', async () => {
    const path = writeParquet(file(), panx(rows));
    const decoder = '../../../src/data/formats/parquet-decoder.js';
    vi.doMock(decoder, () => ({
      DecodingEnded: class extends Error {},
      withParquetDecoder: () =>
        Promise.reject(new RangeError('WebAssembly.Instance(): Out of memory: Cannot allocate')),
    }));
    vi.resetModules();
    const { readShard: readAnew } = await import('../../../src/data/formats/parquet.js');
    vi.doUnmock(decoder);
    await expect(readAnew(path)).rejects.toMatchObject({
      name: 'PanxError',
      message: 'There is not enough memory: WebAssembly.Instance(): Out of memory: Cannot allocate.',
      hint: expect.stringContaining('ulimit -a'),
    });
  });

  it('the pointer of Git LFS, saying what it is', async () => {
    const path = file();
    writeFileSync(path, 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n');
    expect(await failure(path)).toMatchObject({
      message: `${path} is a Git LFS pointer, and not the file of 1 B that it stands for.`,
      hint: expect.stringContaining('git lfs pull'),
    });
  });

  it('what a server said in place of the file', async () => {
    const path = file();
    writeFileSync(path, 'Entry not found');
    expect((await failure(path)).message).toBe(
      `${path} is not a whole parquet file (15 bytes): it begins with the text "Entry not found".`,
    );
  });
});
