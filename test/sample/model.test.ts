import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { readModelConfig } from '../../src/checkpoint/config.js';
import { openTensors } from '../../src/checkpoint/safetensors.js';
import { loadSplit, readExample } from '../../src/data/corpus.js';
import { panxLabels } from '../../src/data/formats/panx.js';
import { samplePaths } from '../../src/hub/sample.js';
import { checkTensors } from '../../src/model/parameter-specs.js';
import { loadTokenizer } from '../../src/tokenization/tokenizer.js';

const { dataDir, modelDir } = samplePaths();
const tokenizer = await loadTokenizer(modelDir);
const config = await readModelConfig(modelDir);

it('is under 10 MB with the corpus, and holds no more than it should', () => {
  const root = dirname(modelDir);
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(f => statSync(join(root, f)).isFile());
  expect(files.reduce((sum, file) => sum + statSync(join(root, file)).size, 0)).toBeLessThan(10e6);
  expect(readdirSync(modelDir).sort()).toEqual(['config.json', 'model.safetensors', 'tokenizer.json']);
});

it('has XLM-R’s special tokens: <s> 0, <pad> 1, </s> 2, <unk> 3, <mask> last', async () => {
  const last = tokenizer.vocabularySize - 1;
  expect(await tokenizer.tokens([0, 1, 2, 3, last])).toEqual(['<s>', '<pad>', '</s>', '<unk>', '<mask>']);
  expect(tokenizer).toMatchObject({ padId: 1, unkId: 3 });
  expect(last).toBeLessThan(4000);
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
      expect(rows.filter(row => row.truncated || row.inputIds.includes(tokenizer.unkId))).toEqual([]);
    }
  }
});

it('is a whole encoder with dropout, of the tokenizer’s vocabulary, and no classifier', async () => {
  expect(config).toMatchObject({
    architecture: 'xlm-roberta',
    vocabularySize: tokenizer.vocabularySize,
    hiddenSize: 128,
    layers: 2,
    hiddenDropout: 0.1,
    attentionDropout: 0.1,
    padId: 1,
    labels: panxLabels,
  });
  const source = await openTensors(modelDir);
  try {
    expect(checkTensors(config, source, modelDir)).toMatchObject({ headMissing: true });
  } finally {
    await source.close();
  }
});
