import tf = require('@tensorflow/tfjs-core');

import type { Precision } from '../engine/precision.js';
import { type EngineKernel, engineKernel, neededKernel } from './engine-kernel.js';

/** The parameters of a layer of the encoder; C hidden, I intermediate. */
export interface LayerValues {
  qkv: MapValues; // 3C outputs, C inputs
  attentionOutput: MapValues; // C, C
  attentionNorm: NormValues;
  intermediate: MapValues; // I, C
  output: MapValues; // C, I
  outputNorm: NormValues;
}

interface MapValues {
  /** From `layOut`. */
  panels: tf.Tensor3D;
  bias: tf.Tensor1D;
}

interface NormValues {
  gamma: tf.Tensor1D; // (C)
  beta: tf.Tensor1D; // (C)
}

export interface EncoderLayerOptions {
  heads: number;
  /** LayerNorm's epsilon. */
  eps: number;
  precision: Precision;
}

/** The operation for layers over that many tokens, or null where single operations do as well or must serve. The bytes are the same. */
export function encoderLayerKernel(
  tokens: number,
  hidden: number,
  intermediate: number,
  precision: Precision,
): EngineKernel | null {
  const takesWidths = precision === 'fp32' || (hidden % 2 === 0 && intermediate % 2 === 0);
  if (tokens < fewTokens || !takesWidths) return null;
  return engineKernel(precision === 'bf16' ? 'PanxEncoderLayerBfloat16' : 'PanxEncoderLayer');
}

/** Threads take whole rows, some 192 tokens at a time: of fewer tokens than this there is not enough for each. */
const fewTokens = 512;

/**
 * A weight as the operation multiplies with it: laid out once, for all batches.
 *
 * @param weight (O, I) belongs to the caller
 * @param heads that queries, keys and values are for; 0 for another map
 * @returns int32 (panels of 64 outputs, steps, 64): a step is an input or, in bf16, a pair of them
 */
export function layOut(weight: tf.Tensor2D, heads: number, precision: Precision): tf.Tensor3D {
  const panels = neededKernel(precision === 'bf16' ? 'PanxEncoderPanelsBfloat16' : 'PanxEncoderPanels');
  return panels([weight], { heads })[0] as tf.Tensor3D;
}

/**
 * A whole layer of the encoder where no backward will be asked for: self-attention and the feed-forward network, each with its residual
 * and LayerNorm (model/layers.ts). To the bit what linear, attention, biasGelu and residualNorm give.
 *
 * @param kernel from `encoderLayerKernel`
 * @param x (N, C). Belongs to the caller, like all of it.
 * @param offsets (B + 1) of the rows
 * @param labelled (M) the tokens with a label; null: of all, M = N
 * @returns (M, C)
 */
export function encoderLayer(
  kernel: EngineKernel,
  x: tf.Tensor2D,
  offsets: tf.Tensor1D,
  labelled: tf.Tensor1D | null,
  layer: LayerValues,
  { heads, eps }: EncoderLayerOptions,
): tf.Tensor2D {
  const maps = [layer.qkv, layer.attentionOutput, layer.intermediate, layer.output];
  const norms = [layer.attentionNorm, layer.outputNorm];
  const parameters = [
    ...maps.flatMap(({ panels, bias }) => [panels, bias]),
    ...norms.flatMap(({ gamma, beta }) => [gamma, beta]),
  ];
  const some = labelled === null ? [] : [labelled];
  const [y] = kernel([x, offsets, ...parameters, ...some], { wanteds: some.length, heads, eps });
  return y as tf.Tensor2D;
}
