import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tableFromColumns } from '../../src/data/columns.js';
import { loadSplit, type Split } from '../../src/data/corpus.js';
import { panxLabels } from '../../src/data/formats/panx.js';
import type { SplitName } from '../../src/data/splits.js';
import { distribution, rowLengths, splitStatistics } from '../../src/data/statistics.js';
import { sharedFolder } from './formats/parquet-fixture.js';

function splitOf(rows: [string, string][][], labelNames: readonly string[] = panxLabels): Split {
  const flat = rows.flat();
  const text = Buffer.from(flat.map(([token]) => token).join(''));
  const textOffsets = new Int32Array(flat.length + 1);
  flat.forEach(([token], w) => {
    textOffsets[w + 1] = textOffsets[w]! + Buffer.byteLength(token);
  });
  const offsets = new Int32Array(rows.length + 1);
  rows.forEach((row, i) => {
    offsets[i + 1] = offsets[i]! + row.length;
  });
  const tagIds = Int32Array.from(flat, ([, tag]) => labelNames.indexOf(tag));
  const table = tableFromColumns({ rows: rows.length, offsets, tagIds, textOffsets, text });
  return { lang: 'en', split: 'train', labelNames, rows: rows.length, files: [], table };
}

const tagged = (text: string): [string, string][] =>
  text === '' ? [] : text.split(' ').map(tag => [`w${tag}`, tag] as [string, string]);

describe('splitStatistics', () => {
  it('counts rows, tokens, distinct tokens, tags and lengths', () => {
    const split = splitOf([
      [
        ['Bir', 'B-PER'],
        ['bir', 'O'],
        ['Bir', 'I-LOC'],
      ],
      [['é', 'O']],
      [['Ã©', 'O']],
      [],
    ]);
    expect(splitStatistics(split)).toEqual({
      lang: 'en',
      split: 'train',
      rows: 4,
      tokens: 5,
      // "é" and "Ã©" differ although the bytes of one read as the letters of the other.
      uniqueTokens: 4,
      tags: { O: 3, 'B-PER': 1, 'I-PER': 0, 'B-ORG': 0, 'I-ORG': 0, 'B-LOC': 0, 'I-LOC': 1 },
      entities: { PER: 1, ORG: 0, LOC: 1 },
      sentenceLength: { mean: 1.25, median: 1, p95: expect.closeTo(2.7, 10), max: 3 },
    });
  });

  it.each([
    ['B-PER I-PER O B-PER', { PER: 2 }],
    ['B-PER B-PER', { PER: 2 }],
    ['O I-PER I-PER', { PER: 1 }],
    ['I-PER O I-PER', { PER: 2 }],
    ['B-PER I-LOC I-PER', { PER: 2, LOC: 1 }],
    ['O O', {}],
  ])('reads entities as conlleval does: %s', (tags, expected) => {
    expect(splitStatistics(splitOf([tagged(tags)])).entities).toEqual({ ...{ PER: 0, ORG: 0, LOC: 0 }, ...expected });
  });

  it('ends an entity with its sentence', () => {
    expect(splitStatistics(splitOf([tagged('B-PER'), tagged('I-PER'), tagged('')])).entities.PER).toBe(2);
  });

  it('keeps hyphens in the name of a type', () => {
    const split = splitOf([tagged('B-WORK-OF-ART I-WORK-OF-ART')], ['O', 'B-WORK-OF-ART', 'I-WORK-OF-ART']);
    expect(splitStatistics(split).entities).toEqual({ 'WORK-OF-ART': 1 });
  });
});

describe('distribution', () => {
  it('gives mean, median, 95th percentile and maximum as numpy does', () => {
    expect(distribution(Int32Array.of(3))).toEqual({ mean: 3, median: 3, p95: 3, max: 3 });
    expect(distribution(Int32Array.of(10, 1))).toEqual({
      mean: 5.5,
      median: 5.5,
      p95: expect.closeTo(9.55, 10),
      max: 10,
    });
    expect(distribution(Int32Array.of(100, 2, 30))).toEqual({
      mean: 44,
      median: 30,
      p95: expect.closeTo(93, 10),
      max: 100,
    });
  });

  it('leaves its argument as it is', () => {
    const values = Int32Array.of(2, 1);
    distribution(values);
    expect([...values]).toEqual([2, 1]);
  });
});

it('rowLengths gives the length of each row', () => {
  expect([...rowLengths(Int32Array.of(0, 2, 2, 5))]).toEqual([2, 0, 3]);
});

const panxFolder = join(sharedFolder, 'panx');

describe.skipIf(!existsSync(panxFolder))('splitStatistics of the real PAN-X', () => {
  const tokens: [string, Record<SplitName, number>][] = [
    ['en', { train: 160_394, validation: 80_536, test: 80_326 }],
    ['tr', { train: 149_786, validation: 75_930, test: 75_731 }],
    ['de', { train: 195_387, validation: 97_805, test: 97_646 }],
    ['fr', { train: 136_788, validation: 68_220, test: 68_754 }],
  ];

  it.each(tokens)('counts the published tokens of %s', async (lang, expected) => {
    for (const split of ['train', 'validation', 'test'] as const) {
      const statistics = splitStatistics(await loadSplit(panxFolder, lang, split));
      expect(statistics.rows).toBe(split === 'train' ? 20_000 : 10_000);
      expect(statistics.tokens).toBe(expected[split]);
      expect(Object.values(statistics.tags).reduce((sum, count) => sum + count, 0)).toBe(expected[split]);
    }
  });

  it('counts the published tags of English', async () => {
    expect(splitStatistics(await loadSplit(panxFolder, 'en', 'train')).tags).toEqual({
      O: 81_362,
      'B-PER': 9_164,
      'I-PER': 14_698,
      'B-ORG': 9_422,
      'I-ORG': 23_226,
      'B-LOC': 9_345,
      'I-LOC': 13_177,
    });
    expect(splitStatistics(await loadSplit(panxFolder, 'en', 'validation')).tags).toEqual({
      O: 40_875,
      'B-PER': 4_635,
      'I-PER': 7_520,
      'B-ORG': 4_677,
      'I-ORG': 11_638,
      'B-LOC': 4_834,
      'I-LOC': 6_357,
    });
  });
});
