import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { openSplit } from '../../src/data/corpus.js';
import { tokenCachePath } from '../../src/tokenization/cache.js';
import { encodeSplit, encodingText } from '../../src/tokenization/encode.js';
import { concatRows } from '../../src/tokenization/rows.js';
import { openTokenizer } from '../../src/tokenization/tokenizer.js';
import { sharedFolder } from '../data/formats/parquet-fixture.js';
import { golden, splitOf, tokenizerFolder } from './fixtures.js';

const { sentences, cases } = golden('unigram');
const options = { maxLength: 512, emptyWords: 'drop', cacheDir: null } as const;
const load = () => openTokenizer(tokenizerFolder('unigram'));
/** All rows of a split, joined. */
const rowsOf = async (...[source, tokenizer, settings]: Parameters<typeof encodeSplit>) =>
  concatRows((await encodeSplit(source, tokenizer, settings)).parts);

describe('encodeSplit', () => {
  it.each(cases)('aligns tags as the reference does at maxLength $maxLength', async ({ maxLength, rows }) => {
    const encoded = await rowsOf(splitOf(sentences), await load(), { ...options, maxLength });
    expect(encoded.rows).toBe(sentences.length);
    expect(encoded.offsets).toHaveLength(sentences.length + 1);
    expect(encoded.inputIds).toHaveLength(encoded.offsets.at(-1)!);
    rows.forEach((row, i) => {
      const of = (values: Int32Array) => [...values.subarray(encoded.offsets[i]!, encoded.offsets[i + 1]!)];
      expect(of(encoded.inputIds)).toEqual(row.inputIds);
      expect(of(encoded.labelIds)).toEqual(row.labelIds);
      expect(of(encoded.wordIds)).toEqual(row.wordIds);
    });
  });

  it('counts what is lost, in all and for each row', async () => {
    const split = splitOf([['Oslo', '\u200e', ''], ['in'], ['Luxembourg', 'Luxembourg', 'in'], ['\u200e']]);
    const encoded = await rowsOf(split, await load(), { ...options, maxLength: 6 });
    expect(encoded).toMatchObject({ truncatedRows: 1, truncatedWords: 2, emptyWords: 3 });
    expect([...encoded.losses!.emptyWords]).toEqual([2, 0, 0, 1]);
    expect([...encoded.losses!.cutWords]).toEqual([0, 0, 2, 0]);
    expect([...encoded.losses!.cutSubwords].map(cut => cut > 0)).toEqual([false, false, true, false]);
  });

  it('gives the unknown token of an empty word its tag', async () => {
    const encoded = await rowsOf(splitOf([['\u200e', 'in']]), await load(), { ...options, emptyWords: 'unk' });
    expect([...encoded.inputIds.subarray(0, 2)]).toEqual([0, 3]);
    expect([...encoded.labelIds.subarray(0, 3)]).toEqual([-100, 1, 2]);
    expect(encoded.emptyWords).toBe(1);
  });

  it('labels the same word twice in a row twice', async () => {
    const encoded = await rowsOf(splitOf([['Oslo', 'Oslo']]), await load(), options);
    expect([...encoded.labelIds].filter(label => label !== -100)).toEqual([1, 2]);
  });

  it('goes through more rows than are encoded at once, in order, and says how far it is', async () => {
    const many = Array.from({ length: 4100 }, (_, i) => (i % 3 === 0 ? ['Oslo', `a${i}`] : ['in']));
    const seen: string[] = [];
    const tokenizer = await load();
    const encoded = await rowsOf(splitOf(many), tokenizer, {
      ...options,
      onProgress: at => seen.push(encodingText(at)),
    });
    expect(seen).toEqual([
      'tokenize en train: 2,000 of 4,100 rows',
      'tokenize en train: 4,000 of 4,100 rows',
      'tokenize en train: 4,100 of 4,100 rows',
    ]);
    for (const row of [0, 1999, 2000, 2001, 4098, 4099]) {
      const alone = await rowsOf(splitOf([many[row]!]), tokenizer, options);
      for (const name of ['inputIds', 'labelIds', 'wordIds'] as const) {
        expect(encoded[name].slice(encoded.offsets[row]!, encoded.offsets[row + 1]!)).toEqual(alone[name]);
      }
    }
  });

  it('goes through the files of a split one after the other, and says which it is at', async () => {
    const [first, second] = [['Oslo'], ['Luxembourg', 'in']].map(sentence => splitOf([sentence]));
    const files = [...first!.files, ...second!.files];
    const shards = async function* () {
      yield* first!.shards();
      yield* second!.shards();
    };
    const seen: string[] = [];
    const encoded = await rowsOf({ ...first!, files, shards }, await load(), {
      ...options,
      onProgress: at => seen.push(encodingText(at)),
    });
    expect(seen).toEqual([
      'tokenize en train: 1 of 1 rows, file 1 of 2',
      'tokenize en train: 1 of 1 rows, file 2 of 2',
    ]);
    expect(encoded).toEqual(await rowsOf(splitOf([['Oslo'], ['Luxembourg', 'in']]), await load(), options));
  });

  it('gives a large file in parts, from the cache too', async () => {
    const cacheDir = mkdtempSync(join(tmpdir(), 'panx-test-'));
    const many = Array.from({ length: 41_000 }, (_, i) => [`a${i % 50}`]);
    const tokenizer = await load();
    const { parts } = await encodeSplit(splitOf(many), tokenizer, { ...options, cacheDir });
    expect(parts.map(({ rows }) => rows)).toEqual([20_000, 20_000, 1000]);
    const cached = await encodeSplit(splitOf(many), tokenizer, { ...options, cacheDir });
    expect(cached.parts.map(({ rows }) => rows)).toEqual([20_000, 20_000, 1000]);
    const joined = concatRows(parts);
    expect(joined.labelIds.filter(label => label !== -100)).toHaveLength(41_000);
    for (const name of ['offsets', 'inputIds', 'labelIds', 'wordIds'] as const) {
      expect(Buffer.compare(bytesOf(concatRows(cached.parts)[name]), bytesOf(joined[name])), name).toBe(0);
    }
    const last = await rowsOf(splitOf([many.at(-1)!]), tokenizer, options);
    expect(joined.inputIds.subarray(joined.offsets[40_999])).toEqual(last.inputIds);
  });
});

describe('the token cache', () => {
  const folder = () => mkdtempSync(join(tmpdir(), 'panx-test-'));
  it('gives back what was encoded, without encoding', async () => {
    const cacheDir = join(folder(), 'tokens');
    const tokenizer = await load();
    const split = splitOf([...sentences, ['Luxembourg', 'Luxembourg', 'Luxembourg']]);
    const encoded = await rowsOf(split, tokenizer, { ...options, maxLength: 9, cacheDir });
    expect(readdirSync(cacheDir)).toEqual([expect.stringMatching(/^en-train-[0-9a-f]{32}\.arrow$/)]);
    const again = await rowsOf(split, { ...tokenizer, load: never }, { ...options, maxLength: 9, cacheDir });
    expect(again).toEqual(encoded);
    expect(again.truncatedRows).toBeGreaterThan(0);
    expect(again.emptyWords).toBeGreaterThan(0);
  });

  it('gives back rows that were split, beside rows that were not, and those of older versions where none is', async () => {
    const cacheDir = folder();
    const tokenizer = await load();
    const many = Array.from({ length: 20_001 }, (_, row) => sentences[row % sentences.length]!);
    const settings = { ...options, maxLength: 9, longRows: 'split', cacheDir } as const;
    const { parts } = await encodeSplit(splitOf(many), tokenizer, settings);
    const again = await encodeSplit(splitOf(many), { ...tokenizer, load: never }, settings);
    expect(again.parts).toEqual(parts);
    expect(parts.map(({ segments }) => segments === undefined)).toEqual([false, true]);
    expect(concatRows(again.parts).segments!.ofRow.at(-1)).toBeGreaterThan(20_001);
    const keyOf = (more: { longRows?: 'cut' | 'split' }) =>
      tokenCachePath(cacheDir, splitOf(many), tokenizer, { ...options, ...more });
    const keys = [keyOf({}), keyOf({ longRows: 'cut' }), keyOf({ longRows: 'split' })];
    expect(keys[0]).toBe(keys[1]);
    expect(keys[2]).not.toBe(keys[0]);
  });

  it.each([
    ['maxLength', { maxLength: 8 }, 'aa', {}],
    ['emptyWords', { emptyWords: 'unk' }, 'aa', {}],
    ['longRows', { longRows: 'split' }, 'aa', {}],
    ['the data file', {}, 'bb', {}],
    ['the tokenizer', {}, 'aa', { sha256: 'other' }],
  ] as const)('knows another %s', async (_, otherOptions, sha256, otherTokenizer) => {
    const cacheDir = folder();
    const tokenizer = await load();
    await rowsOf(splitOf(sentences), tokenizer, { ...options, maxLength: 9, cacheDir });
    const other = rowsOf(
      splitOf(sentences, sha256),
      { ...tokenizer, load: never, ...otherTokenizer },
      { ...options, maxLength: 9, cacheDir, ...otherOptions },
    );
    await expect(other).rejects.toThrow('encoded again');
  });

  it('sees any damage, says so, and encodes again', async () => {
    const cacheDir = folder();
    const tokenizer = await load();
    const split = splitOf(sentences);
    const encoded = await rowsOf(split, tokenizer, { ...options, cacheDir });
    const path = join(cacheDir, readdirSync(cacheDir)[0]!);
    const good = readFileSync(path);
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      const flipped = (at: number) => {
        const bytes = Buffer.from(good);
        bytes[at]! ^= 0x10;
        return bytes;
      };
      const inputIdsAt = good.indexOf(Buffer.from(encoded.inputIds.buffer, encoded.inputIds.byteOffset, 40));
      expect(inputIdsAt).toBeGreaterThan(0);
      const damaged = [
        good.subarray(0, good.length >> 1),
        good.subarray(0, 100),
        Buffer.alloc(0),
        Buffer.from('x'),
        flipped(inputIdsAt + 4),
      ];
      for (const bytes of damaged) {
        writeFileSync(path, bytes);
        said.mockClear();
        expect(await rowsOf(split, tokenizer, { ...options, cacheDir })).toEqual(encoded);
        expect(said.mock.calls.join('')).toContain(
          `The token cache ${path} cannot be used (it is damaged: its checksum differs); encoding again.`,
        );
        // Written anew, and whole again.
        expect(readFileSync(path).equals(good)).toBe(true);
      }
    } finally {
      said.mockRestore();
    }
  });

  it('sees damage at any place of the file', async () => {
    const cacheDir = folder();
    const tokenizer = await load();
    const split = splitOf([['Oslo', '\u200e']]);
    const encoded = await rowsOf(split, tokenizer, { ...options, cacheDir });
    const path = join(cacheDir, readdirSync(cacheDir)[0]!);
    const good = readFileSync(path);
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      // Its head byte by byte, then here and there.
      for (let at = 0; at < good.length; at += at < 64 ? 1 : 37) {
        const bytes = Buffer.from(good);
        bytes[at]! ^= 0xff;
        writeFileSync(path, bytes);
        expect(await rowsOf(split, tokenizer, { ...options, cacheDir })).toEqual(encoded);
      }
    } finally {
      said.mockRestore();
    }
  });

  it('goes on without a cache where it cannot be written, and says so', async () => {
    const file = join(folder(), 'file');
    writeFileSync(file, '');
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const encoded = await rowsOf(splitOf([['in']]), await load(), { ...options, cacheDir: file });
    const lines = said.mock.calls.join('');
    said.mockRestore();
    expect(encoded.rows).toBe(1);
    expect(lines).toContain('The tokens are not kept for the next run: ');
    expect(lines).toContain('a part of the path is a file, not a folder');
  });

  it('leaves nothing but the file behind', async () => {
    const cacheDir = folder();
    const tokenizer = await load();
    await Promise.all([1, 2, 3].map(() => rowsOf(splitOf(sentences), tokenizer, { ...options, cacheDir })));
    expect(readdirSync(cacheDir)).toHaveLength(1);
    expect(statSync(join(cacheDir, readdirSync(cacheDir)[0]!)).size).toBeGreaterThan(1000);
  });
});

const realTokenizer = join(sharedFolder, 'tokenizers/xlm-roberta-base');
const realData = join(sharedFolder, 'panx');

describe.skipIf(!existsSync(realTokenizer))('encodeSplit of the real PAN-X with the XLM-R tokenizer', () => {
  // SHA-256 (first 16 digits) of the arrays that Python's tokenizers 0.23.2 gives: offsets, inputIds, labelIds, wordIds.
  const expected = [
    ['en', 512, 280_507, '6e4a35e5c49b54a6', 'ce2cbec2c076cd72', '256702a298bea9e3', 'c50047216b4b28a6'],
    ['en', 24, 263_022, '09803fb8d054eb64', 'c12511047b113629', 'cf64fb3daeddf554', 'd9f0a8565be6102f'],
    ['tr', 512, 301_784, '1965d020cb8d4f83', 'dbf528de3a328ab5', '6527d1c631bafd6e', '802c5916f74a84f3'],
    ['tr', 24, 285_313, '94dbbc23be14f4e8', '62d8d07622290f29', 'd4e82798665b88d8', 'ae12a4028496a00a'],
    ['de', 512, 355_511, '367fee130045b3d9', 'a2a814f9efee385b', 'fe2c4f9e6aea335e', 'c69f790c5bf4951c'],
    ['de', 24, 316_144, '5be4e4f6fc67dde4', 'a09901d5919cb034', 'a1a5857a83727676', '5b7b6f8b4ba24621'],
    ['fr', 512, 266_536, '8769f67753711cbc', '45ba77ea025e1315', '647152734f091856', 'c3dd6957f1a847c0'],
    ['fr', 24, 253_218, '0af3a39acdc0ff74', '6b8a26c4fc827e1f', 'a5aca3c7fd7f65f8', 'ee83ca1e353b2010'],
  ] as const;

  it('equals Python on all 20,000 training rows of four languages, whole and truncated', async () => {
    const hash = (values: Int32Array) => createHash('sha256').update(values).digest('hex').slice(0, 16);
    const tokenizer = await openTokenizer(realTokenizer);
    expect(tokenizer.load()).toMatchObject({ vocabularySize: 250_002, unkId: 3, padId: 1 });
    for (const [lang, maxLength, length, ...hashes] of expected) {
      const split = await openSplit(realData, lang, 'train');
      const { offsets, inputIds, labelIds, wordIds } = await rowsOf(split, tokenizer, { ...options, maxLength });
      expect(inputIds).toHaveLength(length);
      expect([offsets, inputIds, labelIds, wordIds].map(hash), `${lang} at ${maxLength}`).toEqual(hashes);
    }
  });

  it('has the tokens of 20,000 rows from the cache, without the tokenizer', async () => {
    const cacheDir = mkdtempSync(join(tmpdir(), 'panx-test-'));
    const split = await openSplit(realData, 'tr', 'train');
    const tokenizer = await openTokenizer(realTokenizer);
    const encoded = await rowsOf(split, tokenizer, { ...options, cacheDir });
    expect(await rowsOf(split, { ...tokenizer, load: never }, { ...options, cacheDir })).toEqual(encoded);
  });
});

/** In place of a tokenizer's engine: what is in the cache needs none. */
function never(): never {
  throw new Error('encoded again');
}

function bytesOf({ buffer, byteOffset, byteLength }: Int32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
