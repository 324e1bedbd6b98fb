import { expect, it } from 'vitest';
import { formatSignature, parseSignature, type Signature, signatureOf } from '../../src/reporting/signature.js';
import { exampleTable } from './example.js';

const text =
  'F1|data:PAN-X|split:test|mode:default|avg:micro|sub:first|sel:last|protocol:cumulative|n:10000|max:512|empty:drop|prec:bf16|seeds:1|dataseeds:1|panx:1.2.3';

it('says what the numbers of a table depend on', () => {
  expect(signatureOf(exampleTable())).toBe(text);
  const table = exampleTable();
  table.protocol = ['cumulative', 'from-source'];
  table.conditions = { ...table.conditions, mode: 'strict', average: 'macro', seeds: 5, dataSeeds: 3 };
  table.rows[0]!.trainings[0]!.scores.en!.rows = 500;
  expect(signatureOf(table)).toBe(
    'F1|data:PAN-X|split:test|mode:strict|avg:macro|sub:first|sel:last|protocol:cumulative+from-source|n:500,10000|max:512|empty:drop|prec:bf16|seeds:5|dataseeds:3|panx:1.2.3',
  );
  expect(signatureOf({ ...table, rows: [] })).toContain('|n:-|');
  table.conditions.longRows = ['cut', 'split'];
  expect(signatureOf(table)).toContain('|empty:drop|long:cut,split|prec:bf16|');
});

it('is read back', () => {
  const read = parseSignature(`${text}\n`);
  expect(read).toEqual({
    ...{ data: ['PAN-X'], split: 'test', mode: 'default', avg: 'micro', sub: 'first', sel: ['last'], n: [10_000] },
    ...{ protocol: ['cumulative'], max: [512], empty: ['drop'], prec: 'bf16', seeds: 1, dataseeds: 1, panx: '1.2.3' },
  });
  const odd: Signature = {
    ...read,
    data: ['a|b%7C+c,d: é', 'conll'],
    n: [],
    protocol: ['x', 'y+z'],
    sel: ['best', 'average'],
    long: ['split'],
  };
  expect(parseSignature(formatSignature(odd))).toEqual(odd);
});

it.each([
  ['BLEU|data:x', 'The signature begins with "BLEU"; expected F1.'],
  ['', 'The signature begins with ""; expected F1.'],
  [text.replace('|seeds:1', ''), 'The signature has no field seeds; expected F1|data:…|split:…|'],
  [`${text}|seeds:1`, 'The signature has the field seeds twice; expected it once.'],
  [`${text}|colour:red`, 'The signature has the field "colour"; expected data, split, mode, '],
  [text.replace('mode:default', 'mode:lenient'), 'The signature has mode "lenient"; expected default or strict.'],
  [text.replace('seeds:1', 'seeds:01'), 'The signature has seeds "01"; expected a whole number of at least 1.'],
  [text.replace('n:10000', 'n:1,x'), 'The signature has n "1,x"; expected a whole number of at least 1, or -, several'],
  [text.replace('data:PAN-X', 'data:'), 'The signature has data ""; expected a text, several with + between.'],
  [
    text.replace('|max:512', '|max'),
    'The signature has max ""; expected a whole number of at least 1, several with , between.',
  ],
])('refuses %j', (wrong, sentence) => {
  expect(() => parseSignature(wrong)).toThrow(expect.objectContaining({ message: expect.stringContaining(sentence) }));
});
