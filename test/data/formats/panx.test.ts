import { expect, it } from 'vitest';
import { folderOf, isOfSplit, langOf, panxLabels } from '../../../src/data/formats/panx.js';

it('names a language by its folder, and a folder by its language', () => {
  expect(folderOf('zh-min-nan')).toBe('PAN-X.zh-min-nan');
  expect(langOf('PAN-X.zh-min-nan')).toBe('zh-min-nan');
  for (const other of ['pan-x.en', 'XNLI.en', 'PAN-X', '']) expect(langOf(other)).toBeNull();
});

it('knows the files of a split', () => {
  expect(isOfSplit('train-00000-of-00001.parquet', 'train')).toBe(true);
  for (const other of ['test-00000-of-00001.parquet', 'train.parquet', 'train-00000-of-00001.json']) {
    expect(isOfSplit(other, 'train')).toBe(false);
  }
});

it('has seven tags, in the order of the published data', () => {
  expect(panxLabels).toEqual(['O', 'B-PER', 'I-PER', 'B-ORG', 'I-ORG', 'B-LOC', 'I-LOC']);
});
