import tf = require('@tensorflow/tfjs-core');

import { type NativeEngine, nativeEngine } from '../native.js';
import type { Precision } from '../precision.js';

/** The parameters of a layer of the encoder; C hidden, I intermediate. The weights are made by `asWeight` for one precision. */
export interface LayerValues {
  qkv: AffineValues; // (3C, C), (3C)
  attentionOutput: AffineValues; // (C, C), (C)
  attentionNorm: AffineValues<tf.Tensor1D>; // (C), (C)
  intermediate: AffineValues; // (I, C), (I)
  output: AffineValues; // (C, I), (C)
  outputNorm: AffineValues<tf.Tensor1D>; // (C), (C)
}

interface AffineValues<Weight = tf.Tensor2D> {
  weight: Weight;
  bias: tf.Tensor1D;
}

export interface EncoderLayerOptions {
  heads: number;
  /** LayerNorm's epsilon. */
  eps: number;
  precision: Precision;
}

/** The operation for layers over that many tokens, or null where single operations do as well or must serve. The bytes are the same. */
export function encoderLayerEngine(
  tokens: number,
  hidden: number,
  intermediate: number,
  precision: Precision,
): NativeEngine | null {
  const native = nativeEngine();
  const takesWidths = precision === 'fp32' || (hidden % 2 === 0 && intermediate % 2 === 0);
  return tokens >= fewTokens && takesWidths && native?.ownProducts.has(precision) === true ? native : null;
}

/** Threads take whole rows, some 96 tokens at a time: of fewer tokens than this there is not enough for each. */
const fewTokens = 512;

/**
 * A whole layer of the encoder where no backward will be asked for: self-attention and the feed-forward network, each with its residual
 * and LayerNorm (model/xlm-roberta.ts). To the bit what linear, attention, biasGelu and residualNorm give.
 *
 * @param native from `encoderLayerEngine`
 * @param x (N, C). Belongs to the caller, like all of it.
 * @param offsets (B + 1) of the rows
 * @param wanted (M) the tokens whose output is wanted; null: of all, M = N
 * @returns (M, C)
 */
export function encoderLayer(
  native: NativeEngine,
  x: tf.Tensor2D,
  offsets: tf.Tensor1D,
  wanted: tf.Tensor1D | null,
  layer: LayerValues,
  { heads, eps, precision }: EncoderLayerOptions,
): tf.Tensor2D {
  const maps = [layer.qkv, layer.attentionOutput, layer.intermediate, layer.output];
  const norms = [layer.attentionNorm, layer.outputNorm];
  const weights = maps.map(({ weight }) => weight);
  const vectors = [...maps.map(({ bias }) => bias), ...norms.flatMap(({ weight, bias }) => [weight, bias])];
  const some = wanted === null ? [] : [wanted];
  const [y] = native.run(
    'PanxEncoderLayer',
    [x, offsets, ...weights, ...vectors, ...some],
    [
      native.int('maps', weights.length),
      native.int('lists', vectors.length),
      native.int('wanteds', some.length),
      native.int('heads', heads),
      native.float('eps', eps),
      native.bool('bf16', precision === 'bf16'),
    ],
    1,
  );
  return y as tf.Tensor2D;
}
