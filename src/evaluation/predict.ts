import * as tf from '@tensorflow/tfjs-core';
import { crossEntropy, ignoredLabel } from '../backend/kernels/cross-entropy.js';
import { makeBatch } from '../batching/batches.js';
import { toDevice } from '../model/inputs.js';
import { withValues } from '../model/parameter.js';
import type { TokenClassifier } from '../model/token-classifier.js';
import { forward } from '../model/xlm-roberta.js';
import type { EncodedRows } from '../tokenization/encode.js';

/** One row's predictions, at its labelled positions (the first subword of each word) only. */
export interface RowPrediction {
  row: number;
  /** (W) true label ids, (W) the label ids of the highest logit (ties: the lowest id), (W) where each stands in the row. */
  labelIds: Int32Array;
  predictedIds: Int32Array;
  positions: Int32Array;
  /** (W, L) softmax probabilities, row-major; only where they were asked for. */
  probabilities: Float32Array | null;
}

export interface PredictOptions {
  batchSize: number;
  withProbabilities?: boolean;
  /** Called after every batch with the rows done; may throw to stop. */
  onProgress?: (rows: number) => void | Promise<void>;
}

/**
 * Predict every row, in order, a batch at a time; nothing is kept beyond the batch.
 *
 * @param sink takes each row's predictions as they come
 * @returns the loss as Hugging Face Trainer reports it: the batches' mean losses averaged with their numbers of rows as weights.
 */
export async function predict(
  model: TokenClassifier,
  data: EncodedRows,
  options: PredictOptions,
  sink: (prediction: RowPrediction) => void,
): Promise<{ loss: number }> {
  let weightedLoss = 0;
  await withValues(model.parameters, async () => {
    for (let start = 0; start < data.rows; start += options.batchSize) {
      const size = Math.min(options.batchSize, data.rows - start);
      const batch = makeBatch(
        data,
        Int32Array.from({ length: size }, (_, index) => start + index),
      );
      const logits = tf.tidy(
        () => forward(model.network, model.config, toDevice(batch, model.vocabulary, model.config), null)[0],
      ); // (N, L)
      const best = tf.tidy(() => tf.argMax(logits, 1).dataSync<'int32'>()); // (N)
      const probabilities = options.withProbabilities ? tf.tidy(() => tf.softmax(logits).dataSync<'float32'>()) : null;
      weightedLoss += tf.tidy(() => crossEntropy(logits, batch.labelIds).loss.dataSync()[0]!) * size;
      logits.dispose();
      for (let index = 0; index < size; index++) {
        const [from, to] = [batch.offsets[index]!, batch.offsets[index + 1]!];
        sink(rowPrediction(start + index, from, to, batch.labelIds, best, probabilities, model.config.labels.length));
      }
      await options.onProgress?.(start + size);
      // Lets signals and timers through: everything above is synchronous.
      await new Promise(resolve => setImmediate(resolve));
    }
  });
  return { loss: data.rows === 0 ? 0 : weightedLoss / data.rows };
}

function rowPrediction(
  row: number,
  from: number,
  to: number,
  labelIds: Int32Array,
  best: Int32Array,
  probabilities: Float32Array | null,
  labels: number,
): RowPrediction {
  const tokens: number[] = [];
  for (let token = from; token < to; token++) if (labelIds[token] !== ignoredLabel) tokens.push(token);
  return {
    row,
    labelIds: Int32Array.from(tokens, token => labelIds[token]!),
    predictedIds: Int32Array.from(tokens, token => best[token]!),
    positions: Int32Array.from(tokens, token => token - from),
    probabilities:
      probabilities === null
        ? null
        : Float32Array.from(tokens.flatMap(token => [...probabilities.subarray(token * labels, (token + 1) * labels)])),
  };
}
