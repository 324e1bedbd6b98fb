import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { takeRows } from '../../src/batching/batches.js';
import { readModelConfig } from '../../src/checkpoint/config.js';
import { defaultsOf, schema } from '../../src/config/schema.js';
import { loadEngine } from '../../src/engine/engine.js';
import { predict, type RowPrediction } from '../../src/evaluation/predict.js';
import { score } from '../../src/evaluation/score.js';
import { fittedToModel } from '../../src/model/room.js';
import { loadTokenClassifier, type TokenClassifier } from '../../src/model/token-classifier.js';
import { concatRows, type EncodedRows, segmentLengths, toRows } from '../../src/tokenization/rows.js';
import { loadTokenizer, type SubwordTokenizer } from '../../src/tokenization/tokenizer.js';

/** What scripts/make-golden/split_rows.py computed with transformers and seqeval. */
interface Golden {
  maxLength: number;
  rows: { words: string[]; tags: string[] }[];
  starts: number[][];
  predicted: (string | null)[][];
  losses: number[];
  scores: Record<'precision' | 'recall' | 'f1' | 'accuracy', number>;
  cut: Golden['scores'];
}

describe.each(['xlm-roberta', 'deberta-v2'])('rows split as XTREME splits them: %s', name => {
  const folder = fileURLToPath(new URL(`../fixtures/golden/split-rows/${name}`, import.meta.url));
  const golden = JSON.parse(readFileSync(`${folder}/expected.json`, 'utf8')) as Golden;
  const sentences = golden.rows.map(({ words }) => words);
  let tokenizer: SubwordTokenizer;
  let model: TokenClassifier;
  let split: EncodedRows;
  const load = () =>
    loadTokenClassifier(folder, { inputIds: null, newHead: { labels: [], seed: 0 }, precision: 'fp32' });
  const encode = async (longRows: 'cut' | 'split') => {
    const encoded = await tokenizer.encodeWords(sentences, golden.maxLength, 'drop', longRows);
    return toRows(encoded, (row, word) => model.config.labels.indexOf(golden.rows[row]!.tags[word]!));
  };
  beforeAll(async () => {
    await loadEngine('auto');
    tokenizer = await loadTokenizer(folder);
    model = await load();
    split = await encode('split');
  });
  afterAll(() => {
    tokenizer.close();
    model.dispose();
  });

  it('segments begin with the same words, and none is longer than a row may be', () => {
    const starts = segmentLengths(split).map((lengths, row) => {
      let position = split.offsets[row]!;
      return Array.from(lengths, length => {
        const words = split.wordIds.subarray(position, position + length);
        position += length;
        return words.find(word => word >= 0) ?? 0;
      });
    });
    // A word without a subword begins no segment: it lies in the one before, or, of the first, is not there to be seen.
    expect(starts.map(([, ...others]) => others)).toEqual(golden.starts.map(([, ...others]) => others));
    expect(Math.max(...segmentLengths(split).flatMap(lengths => [...lengths]))).toBe(golden.maxLength);
    expect(split.truncatedWords).toBe(0);
    expect(split.truncatedRows).toBeGreaterThan(0);
  });

  it('the tags of all words are joined to rows, with their losses', async () => {
    const predictions: RowPrediction[] = [];
    const done: number[] = [];
    const options = { batchSize: 4, perWord: true, withProbabilities: true, windowRows: 5 };
    await predict(model, split, { ...options, onProgress: rows => void done.push(rows) }, row => {
      predictions.push(row);
    });
    const predicted = predictions.map(({ row, predictedIds, positions }) => {
      const tags = sentences[row]!.map((): string | null => null);
      predictedIds.forEach((id, i) => {
        tags[split.wordIds[split.offsets[row]! + positions[i]!]!] = model.config.labels[id]!;
      });
      return tags;
    });
    expect(predictions.map(({ row }) => row)).toEqual([...sentences.keys()]);
    expect(predicted).toEqual(golden.predicted);
    for (const [row, { loss, perWord, probabilities, labelIds }] of predictions.entries()) {
      // Sums of some 20 losses in float32, around 30.
      expect(loss).toBeCloseTo(golden.losses[row]!, 4);
      expect(perWord!.losses.reduce((sum, own) => sum + own, 0)).toBeCloseTo(loss, 9);
      expect(perWord!.probabilities.length).toBe(labelIds.length);
      expect(probabilities!.length).toBe(labelIds.length * model.config.labels.length);
    }
    expect(done.at(-1)).toBe(sentences.length);
    expect(done).toEqual([...done].sort((a, b) => a - b));
  });

  it('scores are those of the joined rows, and of what is left of them where they are cut', async () => {
    const { scores } = await score(model, split, { batchSize: 4 });
    for (const [metric, value] of Object.entries(golden.scores)) {
      expect(scores[metric as keyof Golden['scores']], metric).toBeCloseTo(value, 12);
    }
    expect(scores.rows).toBe(sentences.length);
    const cut = await encode('cut');
    const { scores: ofCut } = await score(model, cut, { batchSize: 4 });
    for (const [metric, value] of Object.entries(golden.cut)) {
      expect(ofCut[metric as keyof Golden['scores']], metric).toBeCloseTo(value, 12);
    }
    const { truncatedRows, truncatedWords, emptyWords } = cut;
    expect(truncatedWords).toBeGreaterThan(50);
    expect(ofCut.unseen).toEqual({ truncatedRows, truncatedWords, emptyWords });
  });

  it('the loss is a mean over batches of rows', async () => {
    const { scores } = await score(model, split, { batchSize: 5 });
    const wordsOf = (row: number) => golden.predicted[row]!.filter(tag => tag !== null).length;
    let expected = 0;
    for (let from = 0; from < sentences.length; from += 5) {
      const rows = [...sentences.keys()].slice(from, from + 5);
      const sum = (of: (row: number) => number) => rows.reduce((total, row) => total + of(row), 0);
      expected += (sum(row => golden.losses[row]!) / sum(wordsOf)) * rows.length;
    }
    expect(scores.loss).toBeCloseTo(expected / sentences.length, 6);
  });

  it('some of the rows, and rows put together, are split as before', async () => {
    const order = Int32Array.of(10, 0, 3, 3);
    const taken = takeRows(split, order);
    expect(segmentLengths(taken)).toEqual(Array.from(order, row => segmentLengths(split)[row]!));
    expect(takeRows(split, Int32Array.of(0, 1)).segments).toBeUndefined();
    const joined = concatRows([takeRows(split, Int32Array.of(0, 1)), taken]);
    expect(segmentLengths(joined)).toEqual([0, 1, ...order].map(row => segmentLengths(split)[row]!));
    const ofRow = new Map<number, RowPrediction>();
    await predict(model, split, { batchSize: 4 }, row => void ofRow.set(row.row, row));
    await predict(model, joined, { batchSize: 4 }, ({ row, predictedIds, positions }) => {
      const same = ofRow.get([0, 1, ...order][row]!)!;
      expect({ predictedIds, positions }).toEqual({ predictedIds: same.predictedIds, positions: same.positions });
    });
  });

  it('an error names the row of the corpus and the word of the row', async () => {
    const broken = await load();
    const { variable } = broken.network.classifier.bias;
    variable.assign(tf.fill(variable.shape, Number.NaN));
    const rows = takeRows(split, Int32Array.of(0, 9));
    const nameOfRow = (row: number) => `sentence ${row + 1}`;
    // Shorter segments come first.
    const { offsets } = rows.segments!;
    const lengths = Array.from(offsets.subarray(1), (end, i) => end - offsets[i]!);
    const first = lengths.indexOf(Math.min(...lengths.slice(1)), 1);
    const word = rows.wordIds.subarray(offsets[first]!).find(word => word >= 0)! + 1;
    expect(first).toBeGreaterThan(1);
    expect(lengths[0]).toBe(2);
    await expect(predict(broken, rows, { batchSize: 4, nameOfRow }, () => {})).rejects.toThrow(
      `the logits of sentence 2 are not finite: that of O for its word ${word} is NaN.`,
    );
    broken.dispose();
  });

  it('the default length stands for what the model has room for', async () => {
    const config = { tokenization: defaultsOf(schema.tokenization) };
    const fitted = fittedToModel(config, await readModelConfig(folder), folder);
    expect(fitted.tokenization).toEqual({ ...config.tokenization, maxLength: name === 'xlm-roberta' ? 12 : 512 });
  });
});
