import { expect, it } from 'vitest';
import { csvText } from '../../src/reporting/csv.js';

const cell = (value: string | number | null) =>
  csvText([{ head: value }])
    .replace(/^head\n/, '')
    .replace(/\n$/, '');

it.each([
  ['=cmd|"/C calc"!A0', `"'=cmd|""/C calc""!A0"`],
  ['+1+1', "'+1+1"],
  ['-2+3', "'-2+3"],
  ['-0.5', "'-0.5"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['＝1', "'＝1"],
])('marks the text %j, which a spreadsheet would run', (value, written) => expect(cell(value)).toBe(written));

it.each([
  ['\t=1', '<U+0009>=1'],
  ['\r\n=1', '<U+000D><U+000A>=1'],
  ['\u001b[2Jmodel\n', '<U+001B>[2Jmodel<U+000A>'],
])('shows what %j holds and nobody would see', (value, written) => expect(cell(value)).toBe(written));

it.each([
  [-0.5, '-0.5'],
  [-1e-7, '-1e-7'],
  [20000, '20000'],
  ['en → tr 250', 'en → tr 250'],
  ['FacebookAI/xlm-roberta-base', 'FacebookAI/xlm-roberta-base'],
  ['a=b', 'a=b'],
  ['a, "b"', '"a, ""b"""'],
  ['', ''],
  [null, ''],
])('leaves %j', (value, written) => expect(cell(value)).toBe(written));
