import { describe, expect, it } from 'vitest';
import { makeBatch, slices, takeRows } from '../../src/batching/batches.js';
import { lossyRows as encoded } from '../tokenization/fixtures.js';

describe('makeBatch', () => {
  it('puts rows one after the other, without padding, in the given order', () => {
    const rows = Int32Array.of(3, 0, 2);
    expect(makeBatch(encoded, rows)).toEqual({
      rows,
      offsets: Int32Array.of(0, 2, 5, 5),
      inputIds: Int32Array.of(40, 41, 10, 11, 12),
      labelIds: Int32Array.of(-100, 3, -100, 1, -100),
      longest: 3,
    });
  });

  it('takes a row twice, one row, and none', () => {
    expect(makeBatch(encoded, Int32Array.of(1, 1)).inputIds).toEqual(Int32Array.of(20, 20));
    expect(makeBatch(encoded, Int32Array.of(1))).toMatchObject({ offsets: Int32Array.of(0, 1), longest: 1 });
    expect(makeBatch(encoded, new Int32Array(0))).toMatchObject({ offsets: Int32Array.of(0), longest: 0 });
  });

  it('copies, so that a change to the batch leaves the rows as they are', () => {
    makeBatch(encoded, Int32Array.of(0)).inputIds[0] = 99;
    expect(encoded.inputIds[0]).toBe(10);
  });

  it.each([4, -1])('refuses row %i', row => {
    expect(() => makeBatch(encoded, Int32Array.of(0, row))).toThrow(new RangeError(`row ${row} of 4 encoded rows`));
  });
});

describe('slices', () => {
  const of = (length: number, size: number) =>
    [
      ...slices(
        Int32Array.from({ length }, (_, i) => i),
        size,
      ),
    ].map(part => [...part]);

  it('cuts consecutive slices and keeps the short last one', () => {
    expect(of(5, 2)).toEqual([[0, 1], [2, 3], [4]]);
    expect(of(4, 2)).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(of(1, 32)).toEqual([[0]]);
    expect(of(0, 2)).toEqual([]);
  });

  it.each([0, -1, 1.5])('refuses a batch size of %s', size => {
    expect(() => of(5, size)).toThrow(new RangeError(`batchSize is ${size}; expected 1 or more`));
  });
});

describe('takeRows', () => {
  it('takes rows in the given order, and counts what these lost', () => {
    expect(takeRows(encoded, Int32Array.of(3, 1))).toEqual({
      rows: 2,
      offsets: Int32Array.of(0, 2, 3),
      inputIds: Int32Array.of(40, 41, 20),
      labelIds: Int32Array.of(-100, 3, 2),
      wordIds: Int32Array.of(-1, 0, 0),
      truncatedRows: 1,
      truncatedWords: 0,
      emptyWords: 7,
      losses: { cutSubwords: Int32Array.of(1, 0), cutWords: Int32Array.of(0, 0), emptyWords: Int32Array.of(5, 2) },
    });
    expect(takeRows(encoded, Int32Array.of(0))).toMatchObject({ truncatedRows: 1, truncatedWords: 4, emptyWords: 0 });
  });

  it('gives all rows back', () => {
    expect(takeRows(encoded, Int32Array.of(0, 1, 2, 3))).toEqual(encoded);
  });

  it('refuses a row that is not there', () => {
    expect(() => takeRows(encoded, Int32Array.of(4))).toThrow(new RangeError('row 4 of 4 encoded rows'));
  });

  const { losses: _, ...unsaid } = encoded;

  it('counts nothing where nothing was lost', () => {
    const whole = { ...unsaid, truncatedRows: 0, truncatedWords: 0, emptyWords: 0 };
    expect(takeRows(whole, Int32Array.of(1))).toMatchObject({ truncatedRows: 0, truncatedWords: 0, emptyWords: 0 });
  });

  it.each(['truncatedRows', 'truncatedWords', 'emptyWords'] as const)('refuses %s that no row owns to', count => {
    const lossy = { ...unsaid, truncatedRows: 0, truncatedWords: 0, emptyWords: 0, [count]: 1 };
    expect(() => takeRows(lossy, Int32Array.of(1))).toThrow(
      'encoded rows that lost words must say which rows did (losses)',
    );
  });
});
