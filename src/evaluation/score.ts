import { PanxError } from '../errors.js';
import type { TokenClassifier } from '../model/token-classifier.js';
import type { EncodedRows } from '../tokenization/encode.js';
import { type PredictOptions, predict } from './predict.js';
import { createSpanCounter, type SpanCounter } from './seqeval/counter.js';

/** The scores of one split: entity-level precision, recall and F1 (seqeval's default mode, micro average). */
export interface Scores {
  precision: number;
  recall: number;
  f1: number;
  /** Share of words (first subwords) with the right tag. */
  accuracy: number;
  /** As Hugging Face Trainer reports it: batch means weighted with rows. */
  loss: number;
  rows: number;
}

/** How the numbers above are made; every table and report says so. */
export const metricName = 'seqeval default mode, micro F1';

/** Predict and score rows, a batch at a time; no logits are kept. */
export async function score(
  model: TokenClassifier,
  data: EncodedRows,
  options: PredictOptions,
): Promise<{ scores: Scores; counter: SpanCounter }> {
  const counter = createSpanCounter(model.config.labels);
  const { loss } = await predict(model, data, options, ({ labelIds, predictedIds }) => {
    counter.add(labelIds, predictedIds);
  });
  const { micro, accuracy } = counter.scores();
  const { precision, recall, f1 } = micro;
  return { scores: { precision, recall, f1, accuracy, loss, rows: data.rows }, counter };
}

/**
 * Check that a checkpoint and a corpus name the same tags in the same order.
 *
 * @throws PanxError naming both lists.
 */
export function checkLabels(modelLabels: readonly string[], dataLabels: readonly string[], folder: string): void {
  if (modelLabels.length === dataLabels.length && modelLabels.every((label, id) => label === dataLabels[id])) return;
  throw new PanxError(
    `The classifier in ${folder} predicts ${modelLabels.join(' ')}; the data is tagged with ${dataLabels.join(' ')}.`,
    { hint: 'Use a checkpoint that was trained on these tags, or one without a classifier.' },
  );
}
