import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { takeRows } from '../../src/batching/batches.js';
import { splitWords } from '../../src/data/words.js';
import { loadEngine } from '../../src/engine/engine.js';
import { alikeRows, batchesByLength, predict, type RowPrediction } from '../../src/evaluation/predict.js';
import { checkLabels, score } from '../../src/evaluation/score.js';
import { f1Score } from '../../src/evaluation/seqeval/seqeval.js';
import { encodeForTagging, tagSentences } from '../../src/evaluation/tag.js';
import { samplePaths } from '../../src/hub/sample.js';
import { loadTokenClassifier, type TokenClassifier } from '../../src/model/token-classifier.js';
import { concatRows, type EncodedRows } from '../../src/tokenization/rows.js';
import { loadTokenizer } from '../../src/tokenization/tokenizer.js';
import { batchOf, type GoldenRows, goldenFolder, readGolden } from '../model/golden.js';

let model: TokenClassifier;
let data: EncodedRows;

beforeAll(async () => {
  await loadEngine('auto');
  model = await loadTokenClassifier(goldenFolder('model'), {
    inputIds: null,
    newHead: { labels: [], seed: 0 },
    precision: 'fp32',
  });
  const { offsets, inputIds, labelIds, rows } = batchOf(readGolden<GoldenRows>('model', 'batch.json'));
  const wordIds = Int32Array.from(labelIds, label => (label === -100 ? -1 : 0));
  data = {
    rows: rows.length,
    offsets,
    inputIds,
    labelIds,
    wordIds,
    truncatedRows: 0,
    truncatedWords: 0,
    emptyWords: 0,
  };
});

describe('predict', () => {
  it('scores subwords that the model was not trained on as those of its checkpoint', async () => {
    const lossOf = async (scored: TokenClassifier) => {
      const rows: unknown[] = [];
      const { loss } = await predict(scored, data, { batchSize: 2, withProbabilities: true }, row => rows.push(row));
      return { loss, rows };
    };
    const expected = await lossOf(model);
    const before = tf.memory().numTensors;
    for (const trainedOn of [data.inputIds.subarray(0, 3), data.inputIds.subarray(0, 40), Int32Array.of()]) {
      const options = { inputIds: [trainedOn], newHead: { labels: [], seed: 0 }, precision: 'fp32' } as const;
      const part = await loadTokenClassifier(goldenFolder('model'), options);
      expect(part.vocabulary.ids.length).toBeLessThan(new Set(data.inputIds).size);
      expect(await lossOf(part)).toEqual(expected);
      // A decay of everything else shows, and is undone.
      part.unusedRowScale = 0.5;
      expect((await lossOf(part)).loss).not.toBe(expected.loss);
      part.dispose();
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses a subword that no row of the checkpoint is for', async () => {
    const options = { inputIds: [data.inputIds.subarray(0, 3)], newHead: { labels: [], seed: 0 }, precision: 'fp32' };
    const part = await loadTokenClassifier(goldenFolder('model'), options as never);
    const strange = { ...data, inputIds: data.inputIds.map((id, i) => (i === 5 ? 10_000 : id)) };
    await expect(predict(part, strange, { batchSize: 2 }, () => {})).rejects.toThrow(
      "Subword id 10000 is not in the model's word table, which has",
    );
    part.dispose();
  });

  it('gives each row, in order, the true and predicted labels of its labelled positions', async () => {
    const seen: number[] = [];
    await predict(model, data, { batchSize: 2 }, ({ row, labelIds, predictedIds, positions }) => {
      seen.push(row);
      const own = data.labelIds.subarray(data.offsets[row]!, data.offsets[row + 1]!);
      expect([...labelIds]).toEqual([...own].filter(label => label !== -100));
      expect([...positions].map(position => own[position])).toEqual([...labelIds]);
      expect(predictedIds.length).toBe(labelIds.length);
    });
    expect(seen).toEqual(Array.from({ length: data.rows }, (_, row) => row));
  });

  it('predicts the same however the rows are batched, and probabilities that agree with the predictions', async () => {
    const all = async (batchSize: number) => {
      const predicted: number[][] = [];
      await predict(model, data, { batchSize, withProbabilities: true }, ({ predictedIds, probabilities }) => {
        predicted.push([...predictedIds]);
        const labels = model.config.labels.length;
        predictedIds.forEach((label, word) => {
          const row = probabilities!.subarray(word * labels, (word + 1) * labels);
          expect(row[label]).toBe(Math.max(...row));
          expect(row.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
        });
      });
      return predicted;
    };
    expect(await all(1)).toEqual(await all(data.rows));
  });

  it("the loss weights each batch's mean with its rows, as Hugging Face Trainer does", async () => {
    const lossOf = async (rows: EncodedRows, batchSize: number) =>
      (await predict(model, rows, { batchSize }, () => {})).loss;
    const single = [];
    for (let row = 0; row < data.rows; row++) single.push(await lossOf(rowOf(row), 1));
    const mean = single.reduce((sum, loss) => sum + loss, 0) / single.length;
    expect(await lossOf(data, 1)).toBeCloseTo(mean, 5);
    expect(await lossOf(data, data.rows)).not.toBeCloseTo(mean, 3);
  });
});

describe('logits that are not finite', () => {
  /** A model of finite weights, but for what the bias of one label is made. */
  async function broken(bias: number): Promise<TokenClassifier> {
    const options = { inputIds: null, newHead: { labels: [], seed: 0 }, precision: 'fp32' } as const;
    const other = await loadTokenClassifier(goldenFolder('model'), options);
    const { variable } = other.network.classifier.bias;
    variable.assign(tf.tensor1d(Array.from({ length: variable.shape[0]! }, (_, label) => (label === 2 ? bias : 0))));
    return other;
  }

  it.each([
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
  ])('%s is refused, with the row and the weights', async (value, text) => {
    const other = await broken(value);
    const label = other.config.labels[2];
    const logit = `are not finite: that of ${label} for its word 1 is ${text}.`;
    await expect(score(other, data, { batchSize: 4 })).rejects.toThrow(
      new RegExp(`^${goldenFolder('model')}: the logits of row \\d+ \\(from 0\\) ${logit}$`),
    );
    await expect(score(other, data, { batchSize: 4, weights: 'a run after step 3' })).rejects.toThrow(
      'a run after step 3: the logits of row',
    );
    other.dispose();
  });

  it('names the sentence in a text', async () => {
    const other = await broken(Number.NaN);
    const text = 'Ada Lovelace lived in London, and her notes were translated there.';
    const sentences = [{ text, words: splitWords(text) }];
    const encoded = { ...rowOf(0), wordIds: rowOf(0).wordIds };
    await expect(tagSentences(other, sentences, encoded, { before: 0 }, () => {})).rejects.toThrow(
      'the logits of sentence 1, "Ada Lovelace lived in London, and her notes were translated…", are not finite',
    );
    other.dispose();
  });

  it('the largest finite ones are taken', async () => {
    const other = await broken(3e38);
    const { scores } = await score(other, data, { batchSize: 4 });
    expect(Number.isFinite(scores.loss)).toBe(true);
    other.dispose();
  });
});

describe('rows that are alike', () => {
  /** The golden rows, then some of them again: as they are, with other tags, and with a word less to predict. */
  function withCopies(): EncodedRows {
    const copies = [0, 2, 2, 1].map(rowOf);
    copies[1]!.labelIds = copies[1]!.labelIds.map(label => (label === -100 ? label : (label + 1) % 7));
    const last = copies[3]!.labelIds.findLastIndex(label => label !== -100);
    copies[3]!.labelIds[last] = -100;
    return concatRows([data, ...copies]);
  }

  it('are those of the same subwords and labelled positions, whatever their tags', () => {
    const n = data.rows;
    const alike = alikeRows(withCopies(), 0, n + 4);
    expect(alike.size).toBe(n + 1);
    expect([alike.get(0), alike.get(1), alike.get(2)]).toEqual([[0, n], [1], [2, n + 1, n + 2]]);
    expect(alike.get(n + 3)).toEqual([n + 3]);
    expect([...alikeRows(withCopies(), n, 4).keys()]).toEqual([n, n + 1, n + 3]);
  });

  it('are predicted as each would be by itself, with losses of their own', async () => {
    const rows = withCopies();
    const together: RowPrediction[] = [];
    const options = { batchSize: 4, withProbabilities: true };
    await predict(model, rows, options, prediction => together.push(prediction));
    expect(together.map(({ row }) => row)).toEqual(Array.from({ length: rows.rows }, (_, row) => row));
    for (let row = 0; row < rows.rows; row++) {
      const alone: RowPrediction[] = [];
      const one = takeRows(rows, Int32Array.of(row));
      await predict(model, one, options, prediction => alone.push(prediction));
      const { loss, ...exact } = together[row]!;
      expect(loss).toBeCloseTo(alone[0]!.loss, 5);
      expect({ ...exact, row: 0, probabilities: [] }).toEqual({ ...alone[0]!, loss: undefined, probabilities: [] });
      for (const [i, p] of exact.probabilities!.entries()) expect(p).toBeCloseTo(alone[0]!.probabilities![i]!, 6);
    }
    const inWindows: RowPrediction[] = [];
    await predict(model, rows, { ...options, windowRows: data.rows - 1 }, prediction => inWindows.push(prediction));
    expect(inWindows.map(({ row, predictedIds }) => [row, ...predictedIds])).toEqual(
      together.map(({ row, predictedIds }) => [row, ...predictedIds]),
    );
    expect(together[data.rows + 1]!.loss).not.toBeCloseTo(together[2]!.loss, 3);
  });
});

describe('batchesByLength', () => {
  it('puts every row into one batch, with rows of its length, and no batch above 4,096 subwords but of one row', () => {
    const lengths = Array.from({ length: 900 }, (_, row) => 3 + ((row * 37) % 61)).concat(5000, 4096);
    const offsets = new Int32Array(lengths.length + 1);
    for (const [row, length] of lengths.entries()) offsets[row + 1] = offsets[row]! + length;
    const batches = batchesByLength(offsets, Array.from({ length: 802 }, (_, i) => 100 + i).reverse());
    const rows = batches.flatMap(batch => [...batch]);
    expect([...rows].sort((a, b) => a - b)).toEqual(Array.from({ length: 802 }, (_, i) => 100 + i));
    expect(rows.map(row => lengths[row]!)).toEqual(rows.map(row => lengths[row]!).sort((a, b) => a - b));
    for (const batch of batches) {
      const subwords = batch.reduce((sum, row) => sum + lengths[row]!, 0);
      if (batch.length > 1) expect(subwords).toBeLessThanOrEqual(4096);
    }
    expect(batches.length).toBeLessThan(15);
  });
});

describe('score', () => {
  it("is seqeval's micro F1 of the predictions", async () => {
    const names = (ids: Int32Array) => Array.from(ids, id => model.config.labels[id]!);
    const [truth, predicted]: [string[][], string[][]] = [[], []];
    await predict(model, data, { batchSize: 3 }, ({ labelIds, predictedIds }) => {
      truth.push(names(labelIds));
      predicted.push(names(predictedIds));
    });
    const { scores } = await score(model, data, { batchSize: 3 });
    expect(scores.f1).toBe(f1Score(truth, predicted));
    expect(scores.rows).toBe(data.rows);
    const right = truth.flat().filter((tag, i) => tag === predicted.flat()[i]).length;
    expect(scores.accuracy).toBe(right / truth.flat().length);
  });

  it('gives strict scores and intervals where they are asked for, and the same scores beside them', async () => {
    const { scores, entities } = await score(model, data, { batchSize: 3 });
    expect(Object.keys(entities)).toEqual(['default']);
    const resampling = { level: 0.9, samples: 100, seed: 1 };
    const all = await score(model, data, { batchSize: 3, metrics: 'strict', resampling });
    expect(all.scores).toEqual(scores);
    expect(Object.keys(all.entities)).toEqual(['default', 'strictIob2']);
    // The random true tags of the golden rows hold I- without B-, which strict mode leaves out.
    const { f1, support, intervals } = all.entities.strictIob2!.macro;
    expect(support).toBeLessThan(entities.default.micro.support);
    expect(intervals!.f1[0]).toBeLessThanOrEqual(f1);
    expect(intervals!.f1[1]).toBeGreaterThanOrEqual(f1);
  });
});

describe('checkLabels', () => {
  it('accepts the same tags, in another order by their ids', () => {
    expect(checkLabels(['O', 'B-PER'], ['O', 'B-PER'], 'folder')).toBeNull();
    expect(checkLabels(['B-PER', 'I-PER', 'O'], ['O', 'B-PER', 'I-PER'], 'folder')).toEqual(Int32Array.of(2, 0, 1));
    expect(() => checkLabels(['O', 'B-LOC'], ['O', 'B-PER'], 'folder')).toThrow(
      'The classifier in folder predicts O B-LOC; the data is tagged with O B-PER.',
    );
    expect(() => checkLabels(['O'], ['O', 'B-PER'], 'folder')).toThrow(/predicts O;/);
  });
});

describe('tagSentences', () => {
  it('gives every word a tag and a score, and entities their place in the text', async () => {
    const { modelDir } = samplePaths();
    const texts = ["Ayşe Ankara'da doğdu.", 'x'];
    const sentences = texts.map(text => ({ text, words: splitWords(text) }));
    const tokenization = { maxLength: 130, emptyWords: 'drop' as const };
    const encoded = await encodeForTagging(sentences, await loadTokenizer(modelDir), tokenization);
    const labels = ['O', 'B-PER', 'I-PER', 'B-ORG', 'I-ORG', 'B-LOC', 'I-LOC'];
    const tagger = await loadTokenClassifier(modelDir, {
      inputIds: [encoded.inputIds],
      newHead: { labels, seed: 3 },
      precision: 'fp32',
    });
    const tagged: string[] = [];
    await tagSentences(tagger, sentences, encoded, { before: 0 }, ({ text, words, entities }) => {
      tagged.push(text);
      expect(words.map(word => word.text)).toEqual(splitWords(text).map(word => word.text));
      for (const { tag, score } of words) {
        expect(labels).toContain(tag);
        expect(score).toBeGreaterThan(1 / 7 - 1e-6);
      }
      const covered = words.filter(({ tag }) => tag !== 'O').map(word => word.start);
      expect(
        entities.flatMap(({ start, end }) => words.filter(word => word.start >= start && word.end <= end)),
      ).toHaveLength(covered.length);
      for (const { text: name, start, end, score } of entities) {
        expect(text.slice(start, end)).toBe(name);
        expect(score).toBeLessThanOrEqual(1);
      }
    });
    expect(tagged).toEqual(texts);
  });
});

function rowOf(row: number): EncodedRows {
  const [from, to] = [data.offsets[row]!, data.offsets[row + 1]!];
  return {
    ...data,
    rows: 1,
    offsets: Int32Array.of(0, to - from),
    inputIds: data.inputIds.slice(from, to),
    labelIds: data.labelIds.slice(from, to),
    wordIds: data.wordIds.slice(from, to),
  };
}
