import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { inline } from '../../src/config/describe.js';

it.each([
  [null, 'null'],
  [true, 'true'],
  [0, '0'],
  [0.01, '0.01'],
  [2e-5, '2e-5'],
  ['auto', 'auto'],
  ['FacebookAI/xlm-roberta-base', 'FacebookAI/xlm-roberta-base'],
  ['null', '"null"'],
  ['True', '"True"'],
  ['42', '"42"'],
  ['a: b', '"a: b"'],
  ['with space', 'with space'],
  ['', '""'],
  [[], '[]'],
  [['en', 'tr'], '[en, tr]'],
  [[250, 500], '[250, 500]'],
  [['a, b'], '["a, b"]'],
  ['---', '"---"'],
  ['...x', '"...x"'],
  ['a\nb', '"a\\nb"'],
  ['\ufeff', '"\\ufeff"'],
  [['---', '...'], '[---, ...]'],
])('%j on one line of YAML is %s, and is read back', (value, line) => {
  expect(inline(value)).toBe(line);
  expect(parse(line)).toEqual(value);
  expect(parse(`a:\n  # c\n  b: ${line}  # from x\n`)).toEqual({ a: { b: value } });
});
