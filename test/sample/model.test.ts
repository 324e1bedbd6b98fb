import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { readModelConfig } from '../../src/checkpoint/config.js';
import { loadSplit, readExample } from '../../src/data/corpus.js';
import { samplePaths } from '../../src/hub/sample.js';
import { loadTokenizer } from '../../src/tokenization/tokenizer.js';
import { itIsAnEncoder } from './well-formed.js';

const { dataDir, modelDir } = samplePaths();
const tokenizer = await loadTokenizer(modelDir);
const config = await readModelConfig(modelDir);

it('is under 10 MB with the corpus, and holds no more than it should', () => {
  const root = dirname(modelDir);
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(f => statSync(join(root, f)).isFile());
  expect(files.reduce((sum, file) => sum + statSync(join(root, file)).size, 0)).toBeLessThan(10e6);
  expect(readdirSync(modelDir).sort()).toEqual(['config.json', 'model.safetensors', 'tokenizer.json']);
});

it('is byte for byte what every recorded number was measured on', () => {
  const files = readdirSync(dirname(modelDir), { recursive: true, encoding: 'utf8' })
    .filter(file => !file.startsWith('many') && /\.(parquet|json|safetensors)$/.test(file))
    .sort();
  const sha256 = (file: string) =>
    createHash('sha256')
      .update(readFileSync(join(dirname(modelDir), file)))
      .digest('hex');
  expect(Object.fromEntries(files.map(file => [file, sha256(file)]))).toEqual({
    'data/PAN-X.en/test-00000-of-00001.parquet': '686fc6ad269376ddd285171aab43928acd310aa4c95e6110ddb371c1748fd164',
    'data/PAN-X.en/train-00000-of-00001.parquet': '92a35f7f20db9bb941df89357cf090db2b5c13d20a91947d99a99c6de70a96c0',
    'data/PAN-X.en/validation-00000-of-00001.parquet':
      '0f95d6a9c9c7ee462488b8ccf80355dc05930d81cc3d9ed22fb1940209923854',
    'data/PAN-X.tr/test-00000-of-00001.parquet': '65b9e0a9c612270fca521df0260c2b76d6e0afc7c820e946bc394e693a35ade2',
    'data/PAN-X.tr/train-00000-of-00001.parquet': '36b8f7e60d77fd65e464db9aa2fdff3c62a060a01915edd616eefc8b8d420b7c',
    'data/PAN-X.tr/validation-00000-of-00001.parquet':
      'c8b2749e583539f730329ccd00854b6f4b74ac415e6183929cd39b9b5cb0e6a5',
    'model/config.json': 'a0dc4d055b390cfeb7083709e196b9bd4e19ddf79631c67bb4eb53c0f12d1897',
    'model/model.safetensors': '92d0956c57b57848e3392fd6cf999f17239c0f5582e2cf3ab22ba5ce802aaf76',
    'model/tokenizer.json': '5d0deffb1ad6dcd82c86530eef551dfb0d2d71f3fd77301fb6ff85c9feb46331',
    'tagger/config.json': 'b6a7faf60e3cbb9742e962ff9248ff7d938cb17b2cb5436ce60b2adba32a5eec',
    'tagger/model.safetensors': 'b8ee1069ff9d12cc9ee336db7d14a3cd4d845015a41ec5c07b6303d6ab955e1f',
    'tagger/tokenizer.json': '5d0deffb1ad6dcd82c86530eef551dfb0d2d71f3fd77301fb6ff85c9feb46331',
    'tagger/tokenizer_config.json': '73d3e8e8d3c5bb844cbc2ac45e0ce2a937c060ee2ddb33b8e433978bf49c5f7c',
  });
});

it('has a small Unigram vocabulary', () => {
  expect(tokenizer.vocabularySize).toBeLessThanOrEqual(4000);
  const file = JSON.parse(readFileSync(join(modelDir, 'tokenizer.json'), 'utf8')) as { model: { type: string } };
  expect(file.model.type).toBe('Unigram');
});

it('frames a sentence and separates a Turkish ending from its name', async () => {
  const [row] = await tokenizer.encodeWords([['Trabzon', 've', "Ankara'da", '.']], 512);
  const pieces = await tokenizer.tokens([...row!.inputIds]);
  expect(pieces).toEqual(['<s>', '▁Trabzon', '▁ve', '▁Ankara', "'da", '▁.', '</s>']);
});

it('spells every word of the sample without <unk>, within its positions', async () => {
  for (const lang of ['en', 'tr']) {
    for (const name of ['train', 'validation', 'test'] as const) {
      const split = await loadSplit(dataDir, lang, name);
      const sentences = Array.from({ length: split.rows }, (_, i) => readExample(split, i).tokens);
      const rows = await tokenizer.encodeWords(sentences, config.maxPositions - 2);
      expect(rows.filter(row => row.cutSubwords > 0 || row.inputIds.includes(tokenizer.unkId))).toEqual([]);
    }
  }
});

itIsAnEncoder({ config, tokenizer, modelDir }, 128);
