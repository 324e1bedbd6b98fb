import { describe, expect, it } from 'vitest';
import { declaredLabels, panxLabels } from '../../src/data/labels.js';
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
  ])('takes the seven IOB2 tags for %s', (_, description) => {
    expect(declaredLabels(description, 'f.parquet')).toBe(panxLabels);
    expect(panxLabels).toEqual(['O', 'B-PER', 'I-PER', 'B-ORG', 'I-ORG', 'B-LOC', 'I-LOC']);
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
