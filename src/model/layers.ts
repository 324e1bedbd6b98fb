import tf = require('@tensorflow/tfjs-core');

import type { ModelConfig } from '../checkpoint/config.js';
import type { Precision } from '../engine/precision.js';
import { biasActivation } from '../kernels/activation.js';
import { attention } from '../kernels/attention.js';
import type { WithBackward } from '../kernels/backward.js';
import { dropout } from '../kernels/dropout.js';
import {
  type EncoderLayerOptions,
  encoderLayerKernel,
  encoderLayer as fusedEncoderLayer,
  type LayerValues,
  layOut,
} from '../kernels/encoder-layer.js';
import { linear } from '../kernels/linear.js';
import { residualNorm } from '../kernels/residual-norm.js';
import { embedding } from '../kernels/table-rows.js';
import type { DropoutPlan } from './dropout-plan.js';
import type { ModelInputs } from './inputs.js';
import { addGradient, currentPanels, currentValue, type Parameter, setGradient } from './parameter.js';
import type { AffineOf, EncoderLayerOf, LayerOf } from './parameter-group.js';

/**
 * What encoders have in common: the stack of layers that each have attention and a feed-forward network, both with dropout, the residual and
 * LayerNorm behind them (Vaswani et al. 2017; BERT, Devlin et al. 2019).
 *
 * Everything works on the batch's tokens concatenated, (N, C); only attention sees rows. Each function returns its output and the
 * function for its backward, which adds the gradients of the parameters it used and returns that of its input.
 */
export type Affine = AffineOf<Parameter>;
type EncoderLayer = EncoderLayerOf<Parameter>;

/** A layer apart from how it attends. */
type Layer = LayerOf<Parameter>;

/** Attention with its output map. @returns (M, C), before bias, dropout and residual */
export type Attend<L extends Layer> = (layer: L, x: tf.Tensor2D, labelled: tf.Tensor1D | null) => WithSummedBackward;

/**
 * All layers. What comes after the last layer's attention works on tokens alone, and there the tokens without a label are left out.
 *
 * @param embedded (N, C). Taken over.
 * @param score a whole layer where no backward will be asked for, from one operation; null where single ones must serve
 * @returns (M, C) of the M labelled tokens, and the backward, which frees the gradient that it is given
 */
export function encoderLayers<L extends Layer>(
  layers: readonly L[],
  config: ModelConfig,
  embedded: tf.Tensor2D,
  inputs: ModelInputs,
  plan: DropoutPlan | null,
  attend: Attend<L>,
  score: Score<L> = () => null,
): WithBackward<tf.Tensor2D, tf.Tensor2D> {
  let hidden: Hidden = { values: embedded };
  const layerBackwards: ((d: tf.Tensor2D) => tf.Tensor2D)[] = [];
  for (const [index, layer] of layers.entries()) {
    const input = hidden;
    const next = layers[index + 1];
    const labelled = next === undefined ? inputs.labelled : null;
    const precision = next?.qkv.weight.precision ?? 'fp32';
    if (plan === null) {
      hidden = tf.tidy(
        () => score(layer, input, labelled) ?? encoderLayer(layer, config, input, labelled, plan, precision, attend)[0],
      );
    } else {
      const [output, backward] = encoderLayer(layer, config, input, labelled, plan, precision, attend);
      layerBackwards.push(backward);
      hidden = output;
    }
  }
  return [
    hidden.values,
    dOutput => {
      let dHidden = dOutput; // (M, C), (N, C) below the last layer
      for (const backward of layerBackwards.reverse()) {
        const dAbove = dHidden;
        dHidden = backward(dAbove);
        dAbove.dispose();
      }
      return dHidden;
    },
  ];
}

/** Dropout and the linear map of a token classifier. @param hidden (M, C) @returns logits (M, L) */
export function head(
  classifier: Affine,
  hidden: tf.Tensor2D,
  plan: DropoutPlan | null,
): WithBackward<tf.Tensor2D, tf.Tensor2D> {
  const [dropped, dropoutBackward] = dropout(hidden, plan?.rates.classifierDropout ?? 0, plan?.nextSeed() ?? null);
  const [logits, backward] = linearMap(classifier.weight, classifier.bias, dropped);
  return [logits, dLogits => dropoutBackward(backward(dLogits))];
}

/** Tokens between two sublayers (N, C); `rounded` is there where the linear map that takes them next would round them so. */
type Hidden = { values: tf.Tensor2D; rounded?: tf.Tensor2D };

type Score<L extends Layer> = (layer: L, x: Hidden, labelled: tf.Tensor1D | null) => Hidden | null;

/** A layer of self-attention without dropout and backward, from one operation where there is one. */
export function fusedLayer(config: ModelConfig, { layout }: ModelInputs): Score<EncoderLayer> {
  return (layer, x, labelled) => {
    const own = layer.qkv.weight.precision;
    const [tokens, hidden] = x.values.shape;
    const fused = encoderLayerKernel(tokens, hidden, layer.intermediate.weight.shape[0]!, own);
    if (fused === null || config.activation !== 'gelu') return null;
    const options = { heads: config.heads, eps: config.layerNormEps, precision: own };
    const values = fusedEncoderLayer(fused, x.values, layout.offsets, labelled, valuesOf(layer, options), options);
    tf.dispose(x);
    return { values };
  };
}

function valuesOf(layer: EncoderLayer, options: EncoderLayerOptions): LayerValues {
  const map = ({ weight, bias }: Affine, heads = 0) => ({
    panels: currentPanels(weight, value => layOut(value, heads, options.precision)),
    bias: currentValue<tf.Tensor1D>(bias),
  });
  const norm = ({ weight, bias }: Affine) => ({
    gamma: currentValue<tf.Tensor1D>(weight),
    beta: currentValue<tf.Tensor1D>(bias),
  });
  return {
    qkv: map(layer.qkv, options.heads),
    attentionOutput: map(layer.attentionOutput),
    attentionNorm: norm(layer.attentionNorm),
    intermediate: map(layer.intermediate),
    output: map(layer.output),
    outputNorm: norm(layer.outputNorm),
  };
}

/**
 * Self-attention, then the feed-forward network, each followed by dropout, the residual and LayerNorm; frees x.
 *
 * @param labelled (M) the tokens with a label; null: of all, M = N
 * @param precision of the linear map that takes the output
 * @returns (M, C)
 */
function encoderLayer<L extends Layer>(
  layer: L,
  config: ModelConfig,
  x: Hidden,
  labelled: tf.Tensor1D | null,
  plan: DropoutPlan | null,
  precision: Precision,
  attend: Attend<L>,
): [output: Hidden, backward: (dOutput: tf.Tensor2D) => tf.Tensor2D] {
  const { attentionOutput, attentionNorm, intermediate, output: narrowing, outputNorm } = layer;
  const join = (
    branch: tf.Tensor2D,
    bias: Parameter,
    residual: tf.Tensor2D,
    norm: Affine,
    next: Precision,
    drops = true,
  ) => joinAndNorm(branch, bias, residual, norm, config, plan, next, drops);
  const [attended, attentionBackward] = attend(layer, x.rounded ?? x.values, labelled); // (M, C)
  const [residual, residualBackward] = tokensOf(x.values, labelled); // (M, C)
  tf.dispose(x);
  const [middle, middleBackward] = join(
    attended,
    attentionOutput.bias,
    residual,
    attentionNorm,
    intermediate.weight.precision,
    config.dropsAttentionOutput,
  );
  residual.dispose();
  const [processed, feedForwardBackward] = feedForward(layer, config, middle.rounded ?? middle.values);
  const [output, outputBackward] = join(processed, narrowing.bias, middle.values, outputNorm, precision);
  tf.dispose(middle);
  return [
    output,
    dOutput => {
      const [dMiddleResidual, dProcessed] = outputBackward(dOutput);
      const dMiddle = feedForwardBackward(dProcessed, dMiddleResidual); // (M, C)
      const [dResidual, dAttended] = middleBackward(dMiddle);
      const dxResidual = residualBackward(dResidual); // (N, C)
      const dx = attentionBackward(dAttended, dxResidual); // (N, C)
      tf.dispose([dMiddleResidual, dProcessed, dMiddle, dResidual, dxResidual, dAttended]);
      return dx;
    },
  ];
}

/** Fused projections, attention within rows, output projection. */
export function selfAttention(
  config: ModelConfig,
  inputs: ModelInputs,
  plan: DropoutPlan | null,
): Attend<EncoderLayer> {
  return (layer, x, labelled) => {
    const [qkv, qkvBackward] = linearMap(layer.qkv.weight, layer.qkv.bias, x); // (N, 3C)
    const [heads, headsBackward] = attention(
      qkv,
      inputs.layout,
      config.heads,
      plan?.rates.attentionDropout ?? 0,
      plan?.nextSeed() ?? null,
      labelled === null ? layer.attentionOutput.weight.precision : 'fp32', // Some of its rows are taken as float32.
    ); // (N, C)
    qkv.dispose();
    const [projected, projectedBackward] = attentionOutput(layer, heads, labelled); // (M, C)
    return [
      projected,
      (dProjected, dxBefore = null) => {
        const dHeads = projectedBackward(dProjected); // (N, C)
        const dQkv = headsBackward(dHeads); // (N, 3C)
        dHeads.dispose();
        const dx = qkvBackward(dQkv, dxBefore); // (N, C)
        dQkv.dispose();
        return dx;
      },
    ];
  };
}

/** The output map of attention, of the labelled tokens; frees the heads' outputs. @returns (M, C), before its bias */
export function attentionOutput(
  layer: Layer,
  heads: tf.Tensor2D,
  labelled: tf.Tensor1D | null,
): WithBackward<tf.Tensor2D, tf.Tensor2D> {
  const [labelledHeads, labelledBackward] = tokensOf(heads, labelled); // (M, C)
  heads.dispose();
  const [projected, projectedBackward] = linearMap(layer.attentionOutput.weight, null, labelledHeads); // (M, C)
  labelledHeads.dispose();
  return [
    projected,
    dProjected => {
      const dLabelledHeads = projectedBackward(dProjected); // (M, C)
      const dHeads = labelledBackward(dLabelledHeads); // (N, C)
      dLabelledHeads.dispose();
      return dHeads;
    },
  ];
}

/** Linear, activation, linear. @returns (N, C), before bias, dropout and residual */
function feedForward(layer: Layer, config: ModelConfig, x: tf.Tensor2D): WithSummedBackward {
  const [activated, activatedBackward] = widened(layer.intermediate, config, x); // (N, I)
  const [narrow, narrowBackward] = linearMap(layer.output.weight, null, activated); // (N, C)
  activated.dispose();
  return [
    narrow,
    (dNarrow, dxBefore) => {
      const dActivated = narrowBackward(dNarrow); // (N, I)
      const dx = activatedBackward(dActivated, dxBefore); // (N, C)
      dActivated.dispose();
      return dx;
    },
  ];
}

/** activation(x W^T + b). @returns (N, I) */
function widened({ weight, bias }: Affine, { activation }: ModelConfig, x: tf.Tensor2D): WithSummedBackward {
  const [wide, wideBackward] = linearMap(weight, null, x); // (N, I)
  const [activated, activationBackward] = biasActivation(wide, currentValue(bias), activation, weight.precision); // (N, I)
  return [
    activated,
    (dActivated, dxBefore) => {
      const { dx: dWide, dBias } = activationBackward(dActivated); // (N, I), (I)
      addGradient(bias, dBias);
      const dx = wideBackward(dWide, dxBefore); // (N, C)
      dWide.dispose();
      return dx;
    },
  ];
}

/**
 * LayerNorm(residual + dropout(branch + bias)); frees the branch. The backward gives the gradients of residual and branch, which
 * may be one tensor.
 *
 * @param precision of the linear map that takes the output
 * @param drops false: without dropout
 */
function joinAndNorm(
  branch: tf.Tensor2D,
  bias: Parameter,
  residual: tf.Tensor2D,
  parameters: Affine,
  config: ModelConfig,
  plan: DropoutPlan | null,
  precision: Precision,
  drops: boolean,
): [Hidden, (d: tf.Tensor2D) => [dResidual: tf.Tensor2D, dBranch: tf.Tensor2D]] {
  const [values, backward, rounded] = residualNorm(
    branch,
    currentValue(bias),
    residual,
    currentValue(parameters.weight),
    currentValue(parameters.bias),
    {
      eps: config.layerNormEps,
      rate: drops ? (plan?.rates.hiddenDropout ?? 0) : 0,
      seed: drops ? (plan?.nextSeed() ?? null) : null,
      keep: plan !== null,
      precision,
    },
  );
  branch.dispose();
  return [
    rounded === undefined ? { values } : { values, rounded },
    dNormed => {
      const { dBranch, dBias, dResidual, dGamma, dBeta } = backward(dNormed);
      addGradient(bias, dBias);
      addNormGradients(parameters, { dGamma, dBeta });
      return [dResidual, dBranch];
    },
  ];
}

/** Add what the backward of a LayerNorm gives of its weight and bias. */
export function addNormGradients(
  { weight, bias }: AffineOf<Parameter>,
  { dGamma, dBeta }: { dGamma: tf.Tensor1D; dBeta: tf.Tensor1D },
): void {
  addGradient(weight, dGamma);
  addGradient(bias, dBeta);
}

/** Some tokens' rows, or a copy of all; the gradient of those left out is 0. A clone shares its values. */
function tokensOf(x: tf.Tensor2D, tokens: tf.Tensor1D | null): WithBackward<tf.Tensor2D, tf.Tensor2D> {
  return tokens === null ? [tf.clone(x), dx => tf.clone(dx)] : embedding(x, tokens);
}

/** An output, and a backward that gives the gradient of the input added to another part of it, which the caller keeps. */
export type WithSummedBackward = [
  output: tf.Tensor2D,
  backward: (d: tf.Tensor2D, dxBefore?: tf.Tensor2D | null) => tf.Tensor2D,
];

/** x W^T + b (b may be null), with their gradients added to theirs. Neither x nor the gradient that the backward is given is freed. */
export function linearMap(weight: Parameter, bias: Parameter | null, x: tf.Tensor2D): WithSummedBackward {
  const biasValue = bias === null ? null : currentValue<tf.Tensor1D>(bias);
  const [y, backward] = linear(x, currentValue(weight), biasValue, weight.precision);
  return [
    y,
    (dy, dxBefore = null) => {
      const addTo = { dx: dxBefore, dWeight: weight.gradient as tf.Tensor2D | null };
      const { dx, dWeight, dBias, dWeightSquares } = backward(dy, addTo);
      setGradient(weight, dWeight, dWeightSquares);
      if (bias !== null && dBias !== null) addGradient(bias, dBias);
      return dx;
    },
  ];
}
