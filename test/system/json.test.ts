import { describe, expect, it } from 'vitest';
import { deepestJson, formatJson, isObject, parseJson } from '../../src/system/json.js';

describe('parseJson', () => {
  it('parses what is JSON', () => {
    expect(parseJson('{"a": [1, "[[[{", null]}', 'x.json')).toEqual({ a: [1, '[[[{', null] });
  });

  it('says in one sentence what is not', () => {
    expect(() => parseJson('{"a": \n nul}', 'x.json')).toThrow(/^x\.json is not valid JSON: [^\n]+\.$/);
  });

  const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

  it('takes what is nested as deep as it may be, and refuses what is deeper', () => {
    expect(() => parseJson(nested(deepestJson), 'x.json')).not.toThrow();
    expect(() => parseJson(nested(deepestJson + 1), 'x.json')).toThrow(
      'x.json nests arrays or objects more than 100 levels deep; expected at most 100.',
    );
    expect(() => parseJson('{"a":'.repeat(200_000), 'x.json')).toThrow('x.json nests');
  });

  it('does not count brackets in strings, whatever is escaped in them', () => {
    const text = JSON.stringify(['['.repeat(500), '\\', '"[['.repeat(200), '\\"[']);
    expect(parseJson(text, 'x.json')).toEqual(JSON.parse(text));
  });
});

describe('formatJson', () => {
  it('writes what JSON.stringify writes', () => {
    const value = { a: [1, -0.5, 1e300, null, 'NaN', undefined], b: undefined, c: { d: true } };
    expect(formatJson(value)).toBe(JSON.stringify(value));
    expect(formatJson(value, 2)).toBe(JSON.stringify(value, null, 2));
  });

  it('escapes what would act on a terminal, and stays the same text', () => {
    const text = '\u001b\u007f\u009b\u2028\u202e\u2066\u{e0041}🏴󠁧󠁢󠁥󠁮󠁧󠁿\ufeff 東京 👩‍🔬';
    expect(formatJson([text])).toMatch(/^\["[^\p{Cc}\p{Zl}\u202e\u2066\u{e0000}-\u{e007f}\ufeff]* 東京 👩‍🔬"\]$/u);
    expect(JSON.parse(formatJson([text], 1))).toEqual([text]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('refuses %s, by its key', value => {
    expect(() => formatJson({ test: { en: { loss: value } } })).toThrow(`"loss" is ${value}, and is to be written`);
    expect(() => formatJson([0, value])).toThrow(`"1" is ${value}`);
  });
});

it('isObject tells objects from the other values', () => {
  expect([{}, [], null, 5, 'text', undefined].map(isObject)).toEqual([true, false, false, false, false, false]);
});
