import { describe, expect, it } from 'vitest';
import { concatRows, type EncodedRows, encodeSentences, relabelled } from '../../src/tokenization/rows.js';
import { loadTokenizer } from '../../src/tokenization/tokenizer.js';
import { lossyRows as encoded, tokenizerFolder } from './fixtures.js';

const options = { maxLength: 512, emptyWords: 'drop' } as const;
const load = () => loadTokenizer(tokenizerFolder('unigram'));

describe('encodeSentences', () => {
  it('marks the first subword of every word with 0', async () => {
    const encoded = await encodeSentences([['Luxembourg', '\u200e', 'in'], []], await load(), options);
    const first = encoded.labelIds
      .map((label, i) => (label === 0 ? encoded.wordIds[i]! : -2))
      .filter(word => word !== -2);
    expect([...first]).toEqual([0, 2]);
    expect(encoded.labelIds.filter(label => label === 0 || label === -100)).toHaveLength(encoded.labelIds.length);
    expect(encoded).toMatchObject({ rows: 2, emptyWords: 1 });
  });
});

const last: EncodedRows = {
  rows: 1,
  offsets: Int32Array.of(0, 2),
  inputIds: Int32Array.of(40, 41),
  labelIds: Int32Array.of(-100, 3),
  wordIds: Int32Array.of(-1, 0),
  truncatedRows: 1,
  truncatedWords: 0,
  emptyWords: 5,
  losses: { cutSubwords: Int32Array.of(1), cutWords: Int32Array.of(0), emptyWords: Int32Array.of(5) },
};

describe('concatRows', () => {
  it('puts the rows of several one after the other', () => {
    expect(concatRows([last, encoded])).toEqual({
      rows: 5,
      offsets: Int32Array.of(0, 2, 5, 6, 6, 8),
      inputIds: Int32Array.of(40, 41, 10, 11, 12, 20, 40, 41),
      labelIds: Int32Array.of(-100, 3, -100, 1, -100, 2, -100, 3),
      wordIds: Int32Array.of(-1, 0, -1, 0, 0, 0, -1, 0),
      truncatedRows: 3,
      truncatedWords: 4,
      emptyWords: 12,
      losses: {
        cutSubwords: Int32Array.of(1, 5, 0, 0, 1),
        cutWords: Int32Array.of(0, 4, 0, 0, 0),
        emptyWords: Int32Array.of(5, 0, 2, 0, 5),
      },
    });
  });

  it('gives one part back, and no rows for none', () => {
    expect(concatRows([encoded])).toEqual(encoded);
    expect(concatRows([])).toMatchObject({ rows: 0, offsets: Int32Array.of(0) });
  });
});

it('relabelled gives labels other ids, and leaves what has none', () => {
  const rows: EncodedRows = {
    ...{ rows: 1, offsets: Int32Array.of(0, 4), inputIds: Int32Array.of(0, 5, 6, 2) },
    ...{ labelIds: Int32Array.of(-100, 0, 2, -100), wordIds: Int32Array.of(-1, 0, 1, -1) },
    ...{ truncatedRows: 0, truncatedWords: 0, emptyWords: 0 },
  };
  expect(relabelled(rows, Int32Array.of(2, 1, 0))).toEqual({ ...rows, labelIds: Int32Array.of(-100, 2, 0, -100) });
  expect(relabelled(rows, null)).toBe(rows);
});
