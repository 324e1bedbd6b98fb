import { describe, expect, it } from 'vitest';
import { longestYaml, parseYaml } from '../../src/config/yaml.js';
import { PanxError } from '../../src/errors.js';

function refusal(source: string): PanxError {
  let thrown: unknown;
  try {
    parseYaml(source, 'it');
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(PanxError);
  expect((thrown as PanxError).exitCode).toBe(2);
  expect((thrown as PanxError).message).toMatch(/^it .*\.$/s);
  expect((thrown as PanxError).message.length).toBeLessThan(300);
  return thrown as PanxError;
}

describe('parseYaml', () => {
  it.each([
    ['a: 1', { a: 1 }],
    ['{a: [x, 2.5, true, "y"]}', { a: ['x', 2.5, true, 'y'] }],
    ['\ufeffa: 1\r\nb: 2\r\n', { a: 1, b: 2 }],
    ['a: &x 1', { a: 1 }],
    ['a: !!str 5\nb: !!int "7"', { a: '5', b: 7 }],
    ['%YAML 1.2\n---\na: 1\n', { a: 1 }],
    ['1: a', { 1: 'a' }],
    ['constructor: 1\ntoString: 2', { constructor: 1, toString: 2 }],
    ['1_000', '1_000'],
    ['0x10', 16],
    ['1e3', 1000],
    ['1.0', 1],
    ['2024-01-01', '2024-01-01'],
    ['9007199254740991', 9007199254740991],
    ['9007199254740993', 9007199254740993n],
    ['-9007199254740993', -9007199254740993n],
    ['yes', 'yes'],
  ])('%s', (source, value) => {
    expect(parseYaml(source, 'it')).toEqual(value);
  });

  it('has one zero', () => {
    expect(Object.is(parseYaml('-0', 'it'), 0)).toBe(true);
    expect(Object.is(parseYaml('-0.0', 'it'), 0)).toBe(true);
  });

  it('tells null from nothing', () => {
    expect(parseYaml('{a: null, b: ~, c: , d: !!null ~}', 'it')).toStrictEqual({
      a: null,
      b: null,
      c: undefined,
      d: null,
    });
    expect(parseYaml('a:\nb: # 5', 'it')).toStrictEqual({ a: undefined, b: undefined });
    for (const nothing of ['', '#5', '# a\n# b\n', '---\n', '""'.slice(2)])
      expect(parseYaml(nothing, 'it')).toBeUndefined();
    expect(parseYaml('""', 'it')).toBe('');
  });

  it('keeps a key that is the name of a prototype as a key', () => {
    const value = parseYaml('__proto__: {a: 1}', 'it') as object;
    expect(Object.entries(value)).toEqual([['__proto__', { a: 1 }]]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });
});

describe('parseYaml refuses, in one sentence,', () => {
  const nested = (open: string, times: number, close = '') => open.repeat(times) + close.repeat(times);
  it.each([
    ['an alias', 'a: &x 5\nb: *x', 'it has the alias *x in line 2; expected the value itself.'],
    ['one that nothing is behind', '*a', 'it has the alias *a in line 1; expected the value itself.'],
    ['a merge', 'a: &x {b: 1}\n<<: [*x]', 'it has the alias *x in line 2;'],
    ['an alias as a key', 'a: &x b\n*x : 1', 'it has a key that is no name in line 1;'],
    ['an anchor that holds itself', 'a: &x [*x]', 'it has the alias *x in line 1;'],
    [
      'laughs',
      `a: &a [x]\n${[...'bcdefghij'].map((c, i) => `${c}: &${c} [${`*${'abcdefghij'[i]},`.repeat(99)}]`).join('\n')}`,
      'it has the alias *a in line 2;',
    ],
    ['code', 'a: !!js/function "x"', 'it is not valid YAML: Unresolved tag: tag:yaml.org,2002:js/function at line 1'],
    ['a tag of one’s own', 'a: !x 1', 'it is not valid YAML: Unresolved tag: !x at line 1, column 4.'],
    [
      'a set',
      'a: !!set {b}',
      'it has a value with the tag tag:yaml.org,2002:set in line 1; expected one without a tag.',
    ],
    ['an ordered map', 'a: !!omap [b: 1]', 'it has a value with the tag tag:yaml.org,2002:omap in line 1;'],
    ['bytes', '!!binary aGk=', 'it has a value with the tag tag:yaml.org,2002:binary in line 1;'],
    ['a date', '!!timestamp 2024-01-01', 'it has a value with the tag tag:yaml.org,2002:timestamp in line 1;'],
    ['a key twice', 'a: 1\na: 2', 'it is not valid YAML: Map keys must be unique at line 2, column 1.'],
    ['two documents', 'a: 1\n---\nb: 2', 'it is not valid YAML: Source contains multiple documents;'],
    [
      'a version to come',
      '%YAML 9.9\n---\na: 1',
      'it is not valid YAML: Unsupported YAML version 9.9 at line 1, column 7.',
    ],
    ['a list as a key', '? [a]\n: 1', 'it has a key that is no name in line 1; expected names of settings.'],
    ['a mapping as a key', '? {a: 1}\n: 1', 'it has a key that is no name in line 1;'],
    ['null as a key', 'null: 1', 'it has a key that is no name in line 1;'],
    ['no key', ': 1', 'it has a key that is no name in line 1;'],
    ['a colon alone', ':', 'it has a key that is no name in line 1;'],
    ['a question mark alone', '?', 'it has a key that is no name in line 1;'],
    ['a NUL', 'a: x\0y', 'it holds the character U+0000, which YAML does not allow; expected text.'],
    ['UTF-16 that was read as Latin letters', 'a\0:\0 \x001\0', 'it holds the character U+0000,'],
    ['brackets without end', nested('[', 30_000), 'it nests more than 32 levels deep; expected settings in sections.'],
    ['deep lists', nested('[', 100, ']'), 'it nests more than 32 levels deep;'],
    ['deep mappings', nested('{a: ', 5000, '}'), 'it nests more than 32 levels deep;'],
    ['dashes', nested('- ', 30_000), 'it nests more than 32 levels deep;'],
    ['question marks', nested('? ', 30_000), 'it nests more than 32 levels deep;'],
    [
      'indents',
      Array.from({ length: 200 }, (_, i) => `${' '.repeat(i)}a:\n`).join(''),
      'it nests more than 32 levels deep;',
    ],
    ['closing brackets', '}'.repeat(60_000), 'it is not valid YAML: Unexpected flow-map-end token'],
    ['a long tag', `a: ${'!'.repeat(60_000)} b`, 'it is not valid YAML: The !!!'],
    [
      'more than it could be',
      `a: ${'x'.repeat(longestYaml)}`,
      'it is longer than 65536 characters; expected settings,',
    ],
  ])('%s', (_, source, sentence) => {
    expect(refusal(source).message).toContain(sentence);
  });

  it('whatever mutation of a file', () => {
    const whole =
      'extends: base.yaml\ntraining: {epochs: 1, langs: [en, tr], size: ~}\nmodel: &m "x\\n"\n# end\n- ? |\n  a: !!str b';
    let outcomes = 0;
    for (const inserted of [
      '[',
      '{',
      '*a ',
      '&a ',
      '!!x ',
      '? ',
      ': ',
      '- ',
      '"',
      '\t',
      '%',
      '---\n',
      '>\n',
      '`',
      '\0',
      '#',
    ]) {
      for (let at = 0; at <= whole.length; at++) {
        const source = whole.slice(0, at) + inserted + whole.slice(at);
        try {
          parseYaml(source, 'it');
        } catch (error) {
          expect(error).toBeInstanceOf(PanxError);
        }
        outcomes++;
      }
    }
    expect(outcomes).toBe(16 * (whole.length + 1));
  });
});
