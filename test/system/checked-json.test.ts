import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PanxError } from '../../src/errors.js';
import {
  anything,
  arrayOf,
  boolean,
  insidePath,
  integer,
  number,
  object,
  oneOf,
  orNull,
  parseJsonAs,
  readJsonAs,
  record,
  type Shape,
  sha256Text,
  shown,
  text,
} from '../../src/system/checked-json.js';

const shape = object(
  { name: text(), scores: record(object({ f1: number({ min: 0, max: 1 }) })) },
  { tags: arrayOf(text()) },
);

function sentenceFor<T>(content: unknown, of: Shape<T>): string {
  try {
    parseJsonAs(JSON.stringify(content), of, 'x.json');
  } catch (error) {
    expect(error).toBeInstanceOf(PanxError);
    return (error as PanxError).message;
  }
  return 'fits';
}

describe('a shape', () => {
  it('gives back what fits it, with its keys in its own order', () => {
    const content = { tags: ['a'], scores: { en: { f1: 0.5 } }, name: 'x' };
    const read = parseJsonAs(JSON.stringify(content), shape, 'x.json');
    expect(read).toEqual(content);
    expect(Object.keys(read)).toEqual(['name', 'scores', 'tags']);
    expect(Object.keys(parseJsonAs('{"name":"x","scores":{}}', shape, 'x.json'))).toEqual(['name', 'scores']);
  });

  it.each<[content: unknown, sentence: string]>([
    [null, 'x.json holds null, expected an object.'],
    [5, 'x.json holds 5, expected an object.'],
    [[], 'x.json holds [], expected an object.'],
    ['text', 'x.json holds "text", expected an object.'],
    [{}, 'x.json: name is missing, expected a text.'],
    [{ name: null, scores: {} }, 'x.json: name is null, expected a text.'],
    [{ name: 'x', scores: [] }, 'x.json: scores is [], expected an object.'],
    [{ name: 'x', scores: { en: {} } }, 'x.json: scores.en.f1 is missing, expected a number from 0 to 1.'],
    [{ name: 'x', scores: { 'a/b': { f1: 2 } } }, 'x.json: scores["a/b"].f1 is 2, expected a number from 0 to 1.'],
    [{ name: 'x', scores: {}, tags: ['a', 5] }, 'x.json: tags[1] is 5, expected a text.'],
    [{ name: 'x', scores: {}, tags: null }, 'x.json: tags is null, expected a list.'],
    [{ name: 'x', scores: {}, more: 1 }, 'x.json: more is there, expected no key but name, scores, tags.'],
    [{ name: 'x', scores: {}, toString: 1 }, 'x.json: toString is there, expected no key but name, scores, tags.'],
  ])('says where %j does not fit', (content, sentence) => {
    expect(sentenceFor(content, shape)).toBe(sentence);
  });

  it.each<[content: unknown, of: Shape<unknown>, sentence: string]>([
    [1.5, integer(), 'holds 1.5, expected a whole number.'],
    [0, integer({ min: 1 }), 'holds 0, expected a whole number of at least 1.'],
    [2 ** 53, integer(), 'holds 9007199254740992, expected a whole number.'],
    ['1', number(), 'holds "1", expected a number.'],
    [-1, number({ max: -2 }), 'holds -1, expected a number of at most -2.'],
    ['c', oneOf('a', 'b'), 'holds "c", expected "a" or "b".'],
    [0, boolean, 'holds 0, expected true or false.'],
    ['x', orNull(number()), 'holds "x", expected a number, or null.'],
    [null, orNull(number()), 'fits'],
    [{ a: 'x' }, orNull(object({ a: number() })), 'x.json: a is "x", expected a number.'],
    [{}, object({ a: anything }), 'a is missing, expected a value.'],
    [{ a: null }, object({ a: anything }), 'fits'],
    ['A'.repeat(64), sha256Text, 'expected a SHA-256 of 64 hexadecimal digits.'],
    ['a'.repeat(63), sha256Text, 'expected a SHA-256 of 64 hexadecimal digits.'],
    ['a/b.json', insidePath, 'fits'],
    ['a/..b/.c', insidePath, 'fits'],
  ])('%j', (content, of, sentence) => {
    expect(sentenceFor(content, of)).toContain(sentence);
  });

  it.each([
    '',
    '.',
    '..',
    '../a',
    'a/../b',
    'a/..',
    '/a',
    'a//b',
    'a/',
    './a',
    'a\\b',
    'a\nb',
    'a\u009bb',
    'a'.repeat(501),
  ])('takes %j for no path inside a folder', path => {
    expect(sentenceFor(path, insidePath)).toContain('expected the path of a file inside the folder.');
  });

  it('takes a number that JSON can hold and a double cannot for none', () => {
    expect(() => parseJsonAs('1e999', number(), 'x.json')).toThrow('expected a number.');
  });

  it('keeps a key that has a meaning of its own in JavaScript', () => {
    const read = parseJsonAs('{"__proto__": 5}', record(number()), 'x.json');
    expect(Object.entries(read)).toEqual([['__proto__', 5]]);
  });

  it('cuts what it quotes, and lets nothing through that steers a terminal', () => {
    expect(shown('a'.repeat(1000))).toHaveLength(60);
    expect(shown('\x1b[2J\u009b2J')).toBe('"\\u001b[2J<U+009B>2J"');
    expect(sentenceFor({ ['\x1b'.repeat(99)]: 1 }, shape)).not.toMatch(/\p{Cc}/u);
  });
});

describe('readJsonAs', () => {
  let folder: string;
  let path: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'panx-json-'));
    path = join(folder, 'x.json');
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.each([
    ['null', 'holds null, expected an object.'],
    ['{}', ': name is missing, expected a text.'],
    ['5', 'holds 5, expected an object.'],
    ['', 'is empty: it has no byte.'],
    ['\0\0\x1b[2J', 'expected text in UTF-8.'],
    ['\x1b[2J', 'is not valid JSON: '],
    ['{"a":'.repeat(200_000), 'nests arrays or objects more than 100 levels deep; expected at most 100.'],
    ['['.repeat(200_000), 'nests arrays or objects more than 100 levels deep; expected at most 100.'],
  ])('gives one sentence for %.20j', async (content, sentence) => {
    await writeFile(path, content);
    const error = await readJsonAs(path, shape, 'Do this.').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PanxError);
    const { message, hint, exitCode } = error as PanxError;
    expect(message).toMatch(new RegExp(`^${path}`));
    expect(message).toContain(sentence);
    expect(message).not.toMatch(/\p{Cc}/u);
    expect([hint, exitCode]).toEqual(['Do this.', 1]);
  });

  it('reads no file that is too large, and none that is no text', async () => {
    await writeFile(path, '');
    await truncate(path, 50_000_000_000);
    await expect(readJsonAs(path, shape)).rejects.toThrow(`${path} cannot be read: it is larger than 4,000,000 bytes.`);
    await writeFile(path, Buffer.from([0x22, 0xc3, 0x22]));
    await expect(readJsonAs(path, shape)).rejects.toThrow(`${path}, line 1: byte 2 of the line, 0xC3, is not UTF-8`);
  });

  it('says what is there instead of a file', async () => {
    await expect(readJsonAs(join(folder, 'none'), shape)).rejects.toThrow(
      'none cannot be read: no such file or folder.',
    );
    await expect(readJsonAs(folder, shape)).rejects.toThrow(`${folder} cannot be read: it is a folder, not a file.`);
    await expect(readJsonAs('/dev/zero', shape)).rejects.toThrow(
      '/dev/zero cannot be read: it is larger than 4,000,000 bytes.',
    );
    await expect(readJsonAs(join(path, 'x'), shape)).rejects.toThrow('a part of the path is a file, not a folder.');
  });
});
