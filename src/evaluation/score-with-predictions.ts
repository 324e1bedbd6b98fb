import type { WordColumns } from '../data/columns.js';
import { readWords } from '../data/corpus.js';
import { readLabelNames } from '../data/label-names.js';
import type { TokenClassifier } from '../model/token-classifier.js';
import type { EncodedRows } from '../tokenization/rows.js';
import type { RowPrediction, Sink } from './predict.js';
import { type PredictedRow, rounded } from './predictions.js';
import { type ScoreOptions, score } from './score.js';

/** The words and tags behind encoded rows. */
export interface WordRows {
  columns: WordColumns;
  /** (rows) the row of `columns` that each encoded row was made of. */
  order: Int32Array;
  /** (L) the tag behind each id of `columns`. */
  labelNames: readonly string[];
}

/**
 * Predict and score rows as `score` does, to the same numbers, and say of every word what was predicted. Words are
 * decoded row by row, so that no more texts are in memory than the sink keeps.
 *
 * @param sentences the same rows as words
 * @param sink takes each row, in order
 * @throws PanxError as `score` does
 */
export async function scoreWithPredictions(
  model: TokenClassifier,
  encoded: EncodedRows,
  sentences: WordRows,
  options: ScoreOptions,
  sink: Sink<PredictedRow>,
): ReturnType<typeof score> {
  if (sentences.order.length !== encoded.rows) throw new Error('sentences must be those of the encoded rows');
  const { tags } = readLabelNames(model.config.labels);
  const rows = { ...sentences, labelNames: readLabelNames(sentences.labelNames).tags };
  return await score(model, encoded, { ...options, perWord: true }, prediction =>
    sink(predictedRow(prediction, encoded, rows, tags)),
  );
}

function predictedRow(
  { row, labelIds, predictedIds, positions, perWord }: RowPrediction,
  encoded: EncodedRows,
  { columns, order, labelNames }: WordRows,
  labels: readonly string[],
): PredictedRow {
  const source = order[row]!;
  const words = readWords(columns, source, source + 1)[0]!;
  const firstWord = columns.offsets[source]!;
  const tagIds = columns.tagIds.subarray(firstWord, firstWord + words.length);
  const unknown = () => new Array<null>(words.length).fill(null);
  const predicted: PredictedRow = {
    row,
    words,
    gold: Array.from(tagIds, id => labelNames[id]!),
    predicted: unknown(),
    loss: unknown(),
    probability: unknown(),
  };
  for (const [i, position] of positions.entries()) {
    const word = encoded.wordIds[encoded.offsets[row]! + position]!;
    if (tagIds[word] !== labelIds[i]) throw new Error(`encoded row ${row} is not row ${source} of the sentences`);
    predicted.predicted[word] = labels[predictedIds[i]!]!;
    predicted.loss[word] = rounded(perWord!.losses[i]!);
    predicted.probability[word] = rounded(perWord!.probabilities[i]!);
  }
  return predicted;
}
