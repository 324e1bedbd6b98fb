import { expect, it } from 'vitest';
import { renderCsv } from '../../../src/reporting/render/csv.js';
import { type Cell, column, plainTable } from '../../../src/reporting/table.js';
import { everyKind } from './every-kind.js';

const cell = (value: Cell) =>
  renderCsv(plainTable([column('head')], [[value]]))
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

it('has every digit, and columns of their own for deviations, n and the ends of intervals', () => {
  expect(renderCsv(everyKind())).toBe(
    [
      'system,rows,f1,f1_sd,f1_n,change,epochs,share,time,size,f1_of_all,f1_of_all_low,f1_of_all_high,signature',
      'one | a_b,20000,0.83,0.012345678,3,0.01234567,2.5,0.1234567,75.25,1536,0.8,0.7,0.9,F1|seeds:3',
      "'=two,2 of 3,0.5,,1,-0.5,3,1,failed,10,,,,F1|seeds:3",
      '三,,,,0,-0.00001,,,,,0.25,,,F1|seeds:3',
      '',
    ].join('\n'),
  );
});

it('is a line of keys where there are no rows', () => {
  expect(renderCsv(plainTable([column('a head'), column('n', 'count')], []))).toBe('a_head,n\n');
});
