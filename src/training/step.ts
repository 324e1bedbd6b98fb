import tf = require('@tensorflow/tfjs-core');

import type { Batch } from '../batching/batches.js';
import { crossEntropy } from '../kernels/cross-entropy.js';
import type { DropoutPlan } from '../model/dropout-plan.js';
import { forward } from '../model/encoder.js';
import { labelledTokens, toDevice, wordRowsOf } from '../model/inputs.js';
import { addGradient, withValues } from '../model/parameter.js';
import type { TokenClassifier } from '../model/token-classifier.js';
import { phase } from '../system/profile.js';

/** What the micro-batches of one optimizer step make together: the mean, or the sum, of their mean losses. */
export type Accumulation = 'mean' | 'sum';

/**
 * Forward and backward over the micro-batches of one optimizer step: the parameters' gradients become those of the mean (or
 * the sum) of the micro-batches' mean losses.
 *
 * @returns that loss. A micro-batch whose labels are all ignored adds zero to loss and gradient (where the reference gives NaN).
 */
export async function computeGradients(
  model: TokenClassifier,
  microBatches: readonly Batch[],
  planOf: (microBatch: number) => DropoutPlan,
  accumulation: Accumulation = 'mean',
): Promise<{ loss: number; batchesWithoutLabels: number }> {
  const share = accumulation === 'sum' ? 1 : microBatches.length;
  let loss = 0;
  let batchesWithoutLabels = 0;
  await withValues(model.parameters, rowsOf(model, microBatches), async () => {
    for (const [index, batch] of microBatches.entries()) {
      const labelled = labelledTokens(batch);
      if (labelled.length === 0) {
        batchesWithoutLabels++;
        // Every trainable parameter still gets a gradient (zero), as it would from a batch with labels.
        for (const parameter of model.parameters) addGradient(parameter, tf.zeros(parameter.shape));
        continue;
      }
      const lossOfBatch = tf.tidy(() => {
        const inputs = phase('make batch', () => toDevice(batch, model.vocabulary, model.config, labelled));
        const [logits, backward] = phase('forward', () => forward(model.network, model.config, inputs, planOf(index)));
        const labelIds = labelled.map(token => batch.labelIds[token]!);
        const { loss, dLogits } = phase('loss', () => crossEntropy(logits, labelIds));
        phase('backward', () => backward(share === 1 ? dLogits : tf.div(dLogits, share)));
        return loss;
      });
      const [value] = await phase('read loss', () => lossOfBatch.data());
      lossOfBatch.dispose();
      loss += value! / share;
    }
  });
  return { loss, batchesWithoutLabels };
}

/** The rows of the word table that one batch uses; null for several, whose gradients add up to one of all rows. */
function rowsOf({ vocabulary }: TokenClassifier, microBatches: readonly Batch[]): Int32Array | null {
  return microBatches.length > 1 ? null : Int32Array.from(new Set(wordRowsOf(microBatches[0]!, vocabulary)));
}

/** Dropout seeds that depend only on the run's seed, the micro-batch's number in the run, and the place in the network. */
export function dropoutPlan(rates: DropoutPlan['rates'], seed: number, microBatch: number): DropoutPlan {
  let site = 0;
  return { rates, nextSeed: () => [seed, microBatch * sitesPerPass + site++] };
}

/** More dropout sites than any network here has (3 a layer and 2). */
const sitesPerPass = 256;
