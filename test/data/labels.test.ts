import { describe, expect, it } from 'vitest';
import { declaredLabels, flawOfLabel, idsAmong, orderedLabels, someLabels } from '../../src/data/labels.js';
import { PanxError } from '../../src/errors.js';

const describing = (feature: unknown) => JSON.stringify({ info: { features: { ner_tags: feature } } });

describe('declaredLabels', () => {
  it.each([
    ['a sequence of class labels', { feature: { names: ['O', 'B-X'], _type: 'ClassLabel' }, _type: 'Sequence' }],
    ['a list of class labels', { feature: { names: ['O', 'B-X'], _type: 'ClassLabel' }, _type: 'List' }],
    ['the form of dataset cards', { sequence: { class_label: { names: { 0: 'O', 1: 'B-X' } } } }],
    ['names keyed out of order', { sequence: { class_label: { names: { 1: 'B-X', 0: 'O' } } } }],
    ['class labels without a list', { names: ['O', 'B-X'], _type: 'ClassLabel' }],
  ])('reads %s', (_, feature) => {
    expect(declaredLabels(describing(feature), 'f.parquet')).toEqual(['O', 'B-X']);
  });

  it.each([
    ['no metadata', undefined],
    ['no description of ner_tags', JSON.stringify({ info: { features: { tokens: {} } } })],
    ['plain integers', describing({ feature: { dtype: 'int64', _type: 'Value' }, _type: 'Sequence' })],
    ['something that is no object', 'null'],
  ])('finds no names in %s', (_, description) => {
    expect(declaredLabels(description, 'f.parquet')).toBeNull();
  });

  it('refuses metadata that is not JSON', () => {
    expect(() => declaredLabels('{"info": ', 'f.parquet')).toThrow(
      'f.parquet: its Hugging Face metadata is not valid JSON: ',
    );
    expect(() => declaredLabels('{"info": ', 'f.parquet')).toThrow(PanxError);
  });

  it.each([[['O', 'O']], [['O', 3]], [['O', '']], [[]], ['O'], [{ 0: 'O', 2: 'B-X' }]])(
    'refuses the names %j',
    names => {
      expect(() => declaredLabels(describing({ feature: { names } }), 'f.parquet')).toThrow(
        `f.parquet: its Hugging Face metadata gives ${JSON.stringify(names)} as the names of "ner_tags"; expected a list of distinct tag names.`,
      );
    },
  );
});

describe('flawOfLabel', () => {
  it.each(['O', 'B-PER', 'B-İşlem', '人名', 'a label', 'می\u200cخواهم', 'x'.repeat(200)])(
    'has nothing against %j',
    label => {
      expect(flawOfLabel(label)).toBeNull();
    },
  );

  it.each([
    ['', 'is blank; expected a name'],
    ['\u3000 ', 'is blank; expected a name'],
    ['x'.repeat(201), 'has 201 characters; expected at most 200'],
    ['O\n  PER  0.999', 'holds <U+000A>; expected no line end and no character that is not seen'],
    ['a\u2028b', 'holds <U+2028>; '],
    ['\u001b[2J', 'holds <U+001B>; '],
    ['O\u202e', 'holds <U+202E>; '],
    ['O\u200b', 'holds <U+200B>; '],
  ])('says what is wrong with %j', (label, flaw) => expect(flawOfLabel(label)).toContain(flaw));

  it('is asked of the names in metadata', () => {
    expect(() => declaredLabels(describing({ names: ['O', 'B-X\nall fine'] }), 'f.parquet')).toThrow(
      'f.parquet: its Hugging Face metadata names a tag "B-X\\nall fine", which holds <U+000A>; expected',
    );
  });
});

describe('someLabels', () => {
  const many = Array.from({ length: 60 }, (_, id) => `T${id}`);
  it('gives all, or the first 50', () => {
    expect(someLabels(['O', 'B-X'])).toBe('O B-X');
    expect(someLabels([])).toBe('');
    expect(someLabels(many)).toMatch(/^T0 .* T49 and 10 more$/);
  });

  it('gives fewer where they are long', () => {
    expect(someLabels(many.map(name => name + 'x'.repeat(190))).length).toBeLessThan(1300);
  });
});

it('idsAmong finds names in another order, and no other set of names', () => {
  expect(idsAmong(['O', 'B-X', 'I-X'], ['I-X', 'O', 'B-X'])).toEqual(Int32Array.of(1, 2, 0));
  expect(idsAmong(['O', 'B-X'], ['O', 'B-Y'])).toBeNull();
  expect(idsAmong(['O'], ['O', 'B-X'])).toBeNull();
  expect(idsAmong(['O', 'B-X'], ['O'])).toBeNull();
});

it('orderedLabels begin as PAN-X and CoNLL do, and go on by code point', () => {
  expect(orderedLabels(['LOC', 'Z', 'ORG', 'MISC', 'é', 'PER', 'LOC', 'a'])).toEqual([
    'O',
    ...['PER', 'ORG', 'LOC', 'MISC', 'Z', 'a', 'é'].flatMap(type => [`B-${type}`, `I-${type}`]),
  ]);
  expect(orderedLabels([])).toEqual(['O']);
});
