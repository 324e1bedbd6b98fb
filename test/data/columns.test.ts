import { describe, expect, it } from 'vitest';
import { arrow } from '../../src/data/arrow.js';
import {
  columnsOfTable,
  concatColumns,
  tableFromColumns,
  takeColumns,
  type WordColumns,
} from '../../src/data/columns.js';

const columns: WordColumns = {
  rows: 2,
  offsets: Int32Array.of(0, 1, 3),
  tagIds: Int32Array.of(6, 0, 300),
  textOffsets: Int32Array.of(0, 1, 1, 3),
  text: Uint8Array.of(97, 98, 99),
};

describe('columnsOfTable', () => {
  it('gives back what tableFromColumns was made from', () => {
    expect(columnsOfTable(tableFromColumns(columns))).toEqual(columns);
  });

  it('refuses a table of another form', () => {
    const message = 'columnsOfTable takes a table of one record batch: tokens List<Utf8>, ner_tags List<Int64>';
    expect(() => columnsOfTable(arrow.tableFromArrays({ tokens: ['a'] }))).toThrow(message);
    const table = tableFromColumns(columns);
    expect(() => columnsOfTable(new arrow.Table(table.schema, [...table.batches, ...table.batches]))).toThrow(message);
  });
});

describe('concatColumns', () => {
  it('puts rows, words and text one after the other', () => {
    const whole = concatColumns([columns, { ...columns, text: Uint8Array.of(120, 121, 122) }]);
    expect(whole).toEqual({
      rows: 4,
      offsets: Int32Array.of(0, 1, 3, 4, 6),
      tagIds: Int32Array.of(6, 0, 300, 6, 0, 300),
      textOffsets: Int32Array.of(0, 1, 1, 3, 4, 4, 6),
      text: Uint8Array.of(97, 98, 99, 120, 121, 122),
    });
  });

  it('takes a single part as it is', () => {
    expect(concatColumns([columns])).toBe(columns);
  });
});

describe('takeColumns', () => {
  it('takes rows in the order given, also twice', () => {
    expect(takeColumns(columns, Int32Array.of(1, 0, 1))).toEqual({
      rows: 3,
      offsets: Int32Array.of(0, 2, 3, 5),
      tagIds: Int32Array.of(0, 300, 6, 0, 300),
      textOffsets: Int32Array.of(0, 0, 2, 3, 3, 5),
      text: Uint8Array.of(98, 99, 97, 98, 99),
    });
  });

  it('takes none, and all', () => {
    expect(takeColumns(columns, Int32Array.of()).offsets).toEqual(Int32Array.of(0));
    expect(takeColumns(columns, Int32Array.of(0, 1))).toEqual(columns);
  });
});
