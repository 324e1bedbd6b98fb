import * as tf from '@tensorflow/tfjs-core';
import type { Batch } from '../../src/batching/batches.js';
import { forward } from '../../src/model/encoder.js';
import { toDevice } from '../../src/model/inputs.js';
import { withValues } from '../../src/model/parameter.js';
import type { TokenClassifier } from '../../src/model/token-classifier.js';

/** (N * L) The logits of a batch, without dropout; or (M * L) of some of its tokens, as if they alone had a label. */
export async function logitsOf(
  model: TokenClassifier,
  batch: Batch,
  labelled: Int32Array | null = null,
): Promise<Float32Array> {
  return await withValues(model.parameters, null, () =>
    tf.tidy(() =>
      forward(
        model.network,
        model.config,
        toDevice(batch, model.vocabulary, model.config, labelled),
        null,
      )[0].dataSync<'float32'>(),
    ),
  );
}
