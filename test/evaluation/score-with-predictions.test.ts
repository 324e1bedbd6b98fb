import { beforeAll, describe, expect, it } from 'vitest';
import { takeRows } from '../../src/batching/batches.js';
import type { WordColumns } from '../../src/data/columns.js';
import { loadEngine } from '../../src/engine/engine.js';
import { predict, type RowPrediction } from '../../src/evaluation/predict.js';
import type { PredictedRow } from '../../src/evaluation/predictions.js';
import { score } from '../../src/evaluation/score.js';
import { scoreWithPredictions, type WordRows } from '../../src/evaluation/score-with-predictions.js';
import { samplePaths } from '../../src/hub/sample.js';
import { loadTokenClassifier, type TokenClassifier } from '../../src/model/token-classifier.js';
import { type EncodedRows, type EncodeOptions, toRows } from '../../src/tokenization/rows.js';
import { loadTokenizer, type SubwordTokenizer } from '../../src/tokenization/tokenizer.js';

const labelNames = ['O', 'B-PER', 'I-PER', 'B-ORG', 'I-ORG', 'B-LOC', 'I-LOC'];
/** Rows with words that give no subword, rows of nothing else, rows without words, rows that are alike, a long one. */
const sentences = [
  ['Ayşe', "Ankara'da", 'doğdu', '.'],
  [],
  ['\u3000', 'Ada', '', 'Lovelace'],
  ['\u3000', ''],
  ['Ayşe', "Ankara'da", 'doğdu', '.'],
  ['Luxembourg', 'is', 'a', 'country', 'in', 'Europe', ',', 'as', 'is', 'Liechtenstein', '.'],
  ['x'],
  [],
];
/** Of the same words another tag in each row. */
const tagOf = (row: number, word: number) => (row + word) % labelNames.length;

let tokenizer: SubwordTokenizer;
let model: TokenClassifier;
beforeAll(async () => {
  await loadEngine('auto');
  const { modelDir } = samplePaths();
  tokenizer = await loadTokenizer(modelDir);
  model = await loadTokenClassifier(modelDir, {
    inputIds: null,
    newHead: { labels: labelNames, seed: 3 },
    precision: 'fp32',
  });
});

async function encode(options: EncodeOptions): Promise<EncodedRows> {
  return toRows(await tokenizer.encodeWords(sentences, options.maxLength, options.emptyWords), tagOf);
}

const whole = { maxLength: 128, emptyWords: 'drop' } as const;
const options = { batchSize: 3 };
const inOrder = Int32Array.from(sentences, (_, row) => row);
const rows: WordRows = { columns: columnsOf(sentences), order: inOrder, labelNames };

async function predictedRows(encoded: EncodedRows, of = rows, windowRows = 16_384): Promise<PredictedRow[]> {
  const predicted: PredictedRow[] = [];
  await scoreWithPredictions(model, encoded, of, { ...options, windowRows }, row => predicted.push(row));
  return predicted;
}

describe('scoreWithPredictions', () => {
  it('gives the scores of score, to the bit', async () => {
    const resampling = { level: 0.9, samples: 50, seed: 1 };
    for (const emptyWords of ['drop', 'unk'] as const) {
      for (const more of [options, { ...options, metrics: 'strict', resampling, windowRows: 3 } as const]) {
        const encoded = await encode({ maxLength: 8, emptyWords });
        const scored = await scoreWithPredictions(model, encoded, rows, more, () => {});
        expect(scored).toEqual(await score(model, encoded, more));
        expect(scored.scores.loss).toBeGreaterThan(0);
      }
    }
  });

  it('gives every word its tags and what softmax makes of its logits', async () => {
    const encoded = await encode({ ...whole, emptyWords: 'unk' });
    const plain: RowPrediction[] = [];
    await predict(model, encoded, { ...options, withProbabilities: true }, row => plain.push(row));
    const predicted = await predictedRows(encoded);
    expect(predicted).toHaveLength(sentences.length);
    for (const [row, { words, gold, predicted: tags, loss, probability, ...rest }] of predicted.entries()) {
      expect([rest, words]).toEqual([{ row }, sentences[row]]);
      expect(gold).toEqual(words.map((_, word) => labelNames[tagOf(row, word)]));
      const { predictedIds, probabilities, loss: sum, perWord } = plain[row]!;
      expect(perWord).toBeNull();
      expect(tags).toEqual(Array.from(predictedIds, id => labelNames[id]));
      words.forEach((_, word) => {
        const of = probabilities!.subarray(word * labelNames.length, (word + 1) * labelNames.length);
        expect(probability[word]! / Math.max(...of)).toBeCloseTo(1, 6);
        expect(loss[word]! / -Math.log(of[tagOf(row, word)]!)).toBeCloseTo(1, 6);
        for (const value of [loss[word]!, probability[word]!]) expect(Number(value.toPrecision(7))).toBe(value);
      });
      expect(loss.reduce<number>((total, value) => total + value!, 0)).toBeCloseTo(sum, 5);
    }
    // Rows that are alike are computed once, with losses of their own.
    expect(predicted[4]!.probability).toEqual(predicted[0]!.probability);
    expect(predicted[4]!.loss).not.toEqual(predicted[0]!.loss);
  });

  it('has null for words without a subword, where these are dropped', async () => {
    const predicted = await predictedRows(await encode(whole));
    const known = predicted.map(({ predicted, loss, probability }) => {
      const of = (values: readonly unknown[]) => values.map(value => value !== null);
      expect([of(loss), of(probability)]).toEqual([of(predicted), of(predicted)]);
      return of(predicted);
    });
    expect(known).toEqual(sentences.map(words => words.map(word => word.trim() !== '')));
    expect(predicted.map(({ words }) => words)).toEqual(sentences);
    expect(predicted.map(({ gold }) => gold.length)).toEqual(sentences.map(words => words.length));
  });

  it('has null for words that were cut off, and a prediction for one that lost its end alone', async () => {
    const all = await predictedRows(await encode(whole));
    for (const maxLength of [3, 5, 8]) {
      const encoded = await encode({ ...whole, maxLength });
      const cut = await predictedRows(encoded);
      expect(encoded.truncatedWords).toBeGreaterThan(0);
      const nulls = (of: PredictedRow[]) => of.flatMap(({ loss }) => loss).filter(value => value === null).length;
      expect(nulls(cut) - nulls(all)).toBe(encoded.truncatedWords);
      const { words, gold, predicted } = cut[5]!;
      expect([words, gold]).toEqual([all[5]!.words, all[5]!.gold]);
      expect(predicted[0]).not.toBeNull();
      expect(predicted.at(-1)).toBeNull();
    }
  });

  it('takes rows in another order, some of them twice, in windows of any size', async () => {
    const order = Int32Array.of(5, 0, 7, 2, 2);
    const encoded = takeRows(await encode(whole), order);
    const predicted = await predictedRows(encoded, { ...rows, order }, 2);
    expect(predicted.map(({ row }) => row)).toEqual([0, 1, 2, 3, 4]);
    expect(predicted.map(({ words }) => words)).toEqual(Array.from(order, row => sentences[row]));
    expect({ ...predicted[4], row: 3 }).toEqual(predicted[3]);
  });

  it('waits for its sink, and fails as it does', async () => {
    const encoded = await encode(whole);
    const log: string[] = [];
    await scoreWithPredictions(model, encoded, rows, options, async ({ row }) => {
      log.push(`${row} begins`);
      await new Promise(resolve => setImmediate(resolve));
      log.push(`${row} ends`);
    });
    expect(log).toEqual(sentences.flatMap((_, row) => [`${row} begins`, `${row} ends`]));
    const full = async () => {
      throw new Error('full');
    };
    await expect(scoreWithPredictions(model, encoded, rows, options, full)).rejects.toThrow('full');
  });

  it('refuses sentences that are not those of the rows', async () => {
    const encoded = await encode(whole);
    const reversed = { ...rows, order: inOrder.slice().reverse() };
    await expect(predictedRows(encoded, reversed)).rejects.toThrow('encoded row 0 is not row 7 of the sentences');
    await expect(predictedRows(encoded, { ...rows, order: Int32Array.of(0) })).rejects.toThrow('must be those');
  });
});

function columnsOf(sentences: readonly (readonly string[])[]): WordColumns {
  const words = sentences.flat();
  const ends = (lengths: number[]) => {
    let end = 0;
    return Int32Array.from([0, ...lengths.map(length => (end += length))]);
  };
  return {
    rows: sentences.length,
    offsets: ends(sentences.map(({ length }) => length)),
    tagIds: Int32Array.from(sentences.flatMap((of, row) => of.map((_, word) => tagOf(row, word)))),
    textOffsets: ends(words.map(word => Buffer.byteLength(word))),
    text: Buffer.from(words.join('')),
  };
}
