import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSplit } from '../../src/data/corpus.js';
import { readWordRows, type WordRows, wordRowsOf } from '../../src/data/distinct-words.js';
import { differingWords, fertilityOf } from '../../src/tokenization/fertility.js';
import type { Pieces } from '../../src/tokenization/pieces.js';
import { loadTokenizer, type SubwordTokenizer } from '../../src/tokenization/tokenizer.js';
import { words as hostile } from './converters/fixtures.js';
import { countsOf, type FertilityGolden } from './fertility-golden.js';

/** Made by scripts/make-golden/fertility.py with transformers. */
const golden = JSON.parse(
  readFileSync(fileURLToPath(new URL('../fixtures/golden/fertility.json', import.meta.url)), 'utf8'),
) as FertilityGolden;
const { maxLength } = golden;
const sample = fileURLToPath(new URL('../../sample/many/data', import.meta.url));

const tokenizers: SubwordTokenizer[] = [];
afterAll(() => {
  for (const tokenizer of tokenizers) tokenizer.close();
});

describe('fertilityOf', () => {
  const rows = new Map<string, WordRows>();
  beforeAll(async () => {
    for (const lang of ['de', 'en', 'hu', 'tr']) {
      rows.set(lang, await readWordRows(await openSplit(sample, lang, 'test')));
    }
    const tens = Array.from({ length: Math.ceil(hostile.length / 10) }, (_, i) => hostile.slice(10 * i, 10 * i + 10));
    rows.set('hostile', wordRowsOf(tens));
  });

  it.each(Object.entries(golden.tokenizers))('counts as transformers does: %s', async (name, expected) => {
    const folder = fileURLToPath(new URL(`../fixtures/converters/${name}`, import.meta.url));
    const tokenizer = await loadTokenizer(folder);
    tokenizers.push(tokenizer);
    expect(tokenizer.vocabularySize).toBe(expected.vocabularySize);
    expect([...rows.keys()]).toEqual(Object.keys(expected.counts));
    for (const [lang, wordRows] of rows) {
      expect({ lang, ...(await countsOf(wordRows, tokenizer, maxLength)) }).toEqual({ lang, ...expected.counts[lang] });
    }
  });

  it('counts a stand-in for a word without subwords as a subword of its row, and as nothing else', () => {
    const rows = wordRowsOf([['a', '', 'b'], [''], []]);
    const pieces: Pieces = { offsets: Int32Array.of(0, 2, 2, 3), ids: Int32Array.of(5, 6, 3), specials: 2 };
    const options = { unkId: 3, maxLength: 5 };
    const dropped = fertilityOf(rows, pieces, { ...options, emptyWords: 'drop' });
    expect(dropped).toEqual({
      rows: 3,
      words: 4,
      subwords: 3,
      fertility: 0.75,
      continuedWords: 1,
      unknownWords: 1,
      unknownSubwords: 1,
      emptyWords: 2,
      rowLength: { mean: 3, median: 2, p95: expect.closeTo(4.7, 10), max: 5 },
      cutRows: 0,
    });
    const standing = fertilityOf(rows, pieces, { ...options, emptyWords: 'unk' });
    expect(standing).toEqual({
      ...dropped,
      rowLength: { mean: 11 / 3, median: 3, p95: expect.closeTo(5.7, 10), max: 6 },
      cutRows: 1,
    });
  });
});

describe('differingWords', () => {
  const of = (...lengths: number[]): Pieces => {
    const offsets = Int32Array.from({ length: lengths.length + 1 }, (_, i) =>
      lengths.slice(0, i).reduce((a, b) => a + b, 0),
    );
    return { offsets, ids: new Int32Array(offsets.at(-1)!), specials: 2 };
  };

  it('sorts words by the subwords that all of their occurrences have more', () => {
    const counts = Int32Array.of(10, 3, 1, 7, 30, 10);
    const found = differingWords(counts, [of(1, 5, 2, 2, 4, 3), of(2, 1, 2, 0, 4, 3), of(1, 2, 9, 1, 4, 2)], 10);
    expect(found).toEqual([
      { word: 3, count: 7, moreSubwords: 14 },
      { word: 1, count: 3, moreSubwords: 12 },
      { word: 0, count: 10, moreSubwords: 10 },
      { word: 5, count: 10, moreSubwords: 10 },
      { word: 2, count: 1, moreSubwords: 7 },
    ]);
    expect(differingWords(counts, [of(1, 5, 2, 2, 4, 3), of(2, 1, 2, 0, 4, 3)], 1)).toHaveLength(1);
  });

  it('finds none by one tokenizer', () => {
    expect(differingWords(Int32Array.of(2, 3), [of(1, 5)], 10)).toEqual([]);
  });
});
