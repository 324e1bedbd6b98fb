import { readLabelNames } from '../data/label-names.js';
import { idsAmong, sameLabels, someLabels } from '../data/labels.js';
import { PanxError } from '../errors.js';
import type { TokenClassifier } from '../model/token-classifier.js';
import { phase } from '../system/profile.js';
import { type LossCounts, unseenIn } from '../tokenization/losses.js';
import type { EncodedRows } from '../tokenization/rows.js';
import type { Resampling } from './bootstrap.js';
import { createEntityScoring, type EntityScores, type Metrics } from './entity-scores.js';
import { type PredictOptions, predict, type RowPrediction, type Sink } from './predict.js';
import type { SchemeFit } from './scheme-fit.js';

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
  /** Words that the model did not see; absent where it saw all. They count nowhere, but for words that the unknown token stands for. */
  unseen?: LossCounts;
}

/** How the numbers above are made; every table and report says so. */
export const metricName = 'seqeval default mode, micro F1';

/** Which numbers a table holds. */
export interface MetricChoice {
  mode: 'default' | 'strict';
  average: 'micro' | 'macro';
}

/**
 * The same of the numbers that stand in a run's results, or in a table of others that were counted from predictions.
 *
 * @param limit only so many rows of each split are scored; null: all
 * @param split what serves as test
 */
export function testMetric(
  limit: number | null,
  split: 'test' | 'validation' | 'train' = 'test',
  { mode, average }: MetricChoice = { mode: 'default', average: 'micro' },
): string {
  const name =
    mode === 'default' && average === 'micro'
      ? metricName
      : `seqeval ${mode} mode${mode === 'strict' ? ' (IOB2)' : ''}, ${average} F1`;
  return `${name}, ${limit === null ? '' : `first ${limit} rows of the `}${split} split`;
}

export interface ScoreOptions extends PredictOptions {
  /** Default 'default': the strict reading of IOB2 is not counted. */
  metrics?: Metrics;
  /** Absent or null: no confidence intervals. */
  resampling?: Resampling | null;
  /** The rows have the label ids of data in another scheme. Absent or null: they have those of the model. */
  fit?: SchemeFit | null;
}

/**
 * Predict and score rows; no logits are kept.
 *
 * @param sink takes each row's predictions too, in order
 * @returns the scores that tables hold, and those of every mode and average that was asked for, with their intervals
 * @throws PanxError for strict metrics of a model whose labels are not IOB2's
 */
export async function score(
  model: TokenClassifier,
  data: EncodedRows,
  options: ScoreOptions,
  sink?: Sink<RowPrediction>,
): Promise<{ scores: Scores; entities: EntityScores }> {
  const { metrics = 'default', resampling = null, fit = null } = options;
  const { tags } = fit ?? readLabelNames(model.config.labels);
  const scoring = createEntityScoring(tags, { metrics, resampling, rows: data.rows });
  const { loss } = await predict(model, data, { ...options, modelIds: fit?.modelIds }, prediction => {
    scoring.add(prediction.labelIds, fit?.toTags(prediction.predictedIds) ?? prediction.predictedIds);
    return sink?.(prediction);
  });
  const entities = phase('metrics', () => scoring.scores());
  const { precision, recall, f1 } = entities.default.micro;
  const scores = { precision, recall, f1, accuracy: scoring.accuracy(), loss, rows: data.rows, ...unseenIn(data) };
  return { scores, entities };
}

/**
 * Check that a checkpoint and a corpus name the same tags. Their order may be another: a tag is known by its name, or by what its name means
 * (B_PER and B-PER).
 *
 * @param toTrain whether the checkpoint is one to start from
 * @returns (L) the model's id of each tag of the data; null where they are the same
 * @throws PanxError naming both lists.
 */
export function checkLabels(
  modelLabels: readonly string[],
  dataLabels: readonly string[],
  folder: string,
  toTrain = false,
): Int32Array | null {
  if (sameLabels(modelLabels, dataLabels)) return null;
  const ids =
    idsAmong(dataLabels, modelLabels) ?? idsAmong(readLabelNames(dataLabels).tags, readLabelNames(modelLabels).tags);
  if (ids !== null) return ids;
  throw new PanxError(
    `The classifier in ${folder} predicts ${someLabels(modelLabels)}; the data is tagged with ${someLabels(dataLabels)}.`,
    {
      hint: toTrain
        ? 'Let a new classifier take the place of this one (--new-head, training.newHead: true), or use another checkpoint.'
        : 'Use a checkpoint that was trained on these tags.',
    },
  );
}
