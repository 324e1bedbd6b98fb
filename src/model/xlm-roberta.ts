import tf = require('@tensorflow/tfjs-core');

import { attention } from '../backend/kernels/attention.js';
import type { WithBackward } from '../backend/kernels/backward.js';
import { biasGelu } from '../backend/kernels/bias-gelu.js';
import { type DropoutSeed, dropout } from '../backend/kernels/dropout.js';
import { embedding } from '../backend/kernels/embedding.js';
import { layerNorm } from '../backend/kernels/layer-norm.js';
import { linear, project } from '../backend/kernels/linear.js';
import { residualNorm } from '../backend/kernels/residual-norm.js';
import type { ModelConfig } from '../checkpoint/config.js';
import type { ModelInputs } from './inputs.js';
import { addGradient, currentValue, type Parameter } from './parameter.js';

/**
 * The XLM-RoBERTa (and RoBERTa) token classifier, read top-down: embeddings, a stack of post-LayerNorm Transformer layers, one
 * linear head (Conneau et al. 2020; Liu et al. 2019; XLMRobertaForTokenClassification in transformers).
 *
 * Everything works on the batch's tokens concatenated, (N, C); only attention sees rows. Each function returns its output and the
 * function for its backward, which adds the gradients of the parameters it used and returns that of its input.
 */
export interface XlmRoberta {
  wordTable: Parameter; // (V', C)
  positionTable: Parameter; // (P, C)
  typeTable: Parameter; // (token types, C)
  embeddingNorm: Affine; // (C), (C)
  layers: EncoderLayer[];
  classifier: Affine; // (L, C), (L)
}

export interface EncoderLayer {
  qkv: Affine; // (3C, C), (3C)
  attentionOutput: Affine; // (C, C), (C)
  attentionNorm: Affine; // (C), (C)
  intermediate: Affine; // (I, C), (I)
  output: Affine; // (C, I), (C)
  outputNorm: Affine; // (C), (C)
}

/** A weight and a bias: of a linear map, or of a LayerNorm. */
export interface Affine {
  weight: Parameter;
  bias: Parameter;
}

/** How one forward pass drops: the rates, and the seed of the next dropout site. Null: no dropout (evaluation). */
export interface DropoutPlan {
  rates: Pick<ModelConfig, 'hiddenDropout' | 'attentionDropout' | 'classifierDropout'>;
  nextSeed(): DropoutSeed;
}

/** @returns logits (N, L) and the backward that takes their gradient and adds every parameter's. */
export function forward(
  model: XlmRoberta,
  config: ModelConfig,
  inputs: ModelInputs,
  plan: DropoutPlan | null,
): WithBackward<tf.Tensor2D, void> {
  let [hidden, embeddingsBackward] = embeddings(model, config, inputs, plan); // (N, C)
  const layerBackwards: ((d: tf.Tensor2D) => tf.Tensor2D)[] = [];
  for (const layer of model.layers) {
    if (plan === null) {
      const input: tf.Tensor2D = hidden;
      hidden = tf.tidy(() => encoderLayer(layer, config, input, inputs, null)[0]);
    } else {
      const [output, backward]: WithBackward<tf.Tensor2D, tf.Tensor2D> = encoderLayer(
        layer,
        config,
        hidden,
        inputs,
        plan,
      );
      layerBackwards.push(backward);
      hidden = output;
    }
  }
  const [dropped, dropoutBackward] = dropout(hidden, plan?.rates.classifierDropout ?? 0, plan?.nextSeed() ?? null);
  const [logits, classifierBackward] = affine(model.classifier, dropped); // (N, L)
  return [
    logits,
    dLogits => {
      let dHidden = dropoutBackward(classifierBackward(dLogits)); // (N, C)
      for (const backward of layerBackwards.reverse()) dHidden = backward(dHidden);
      embeddingsBackward(dHidden);
    },
  ];
}

/** Word + position + token type (always 0), LayerNorm, dropout. @returns (N, C) */
function embeddings(
  model: XlmRoberta,
  config: ModelConfig,
  inputs: ModelInputs,
  plan: DropoutPlan | null,
): WithBackward<tf.Tensor2D, void> {
  const [words, wordsBackward] = embedding(currentValue(model.wordTable), inputs.wordRows); // (N, C)
  const [positions, positionsBackward] = embedding(currentValue(model.positionTable), inputs.positions); // (N, C)
  const summed = tf.tidy(() => {
    const type0 = tf.slice2d(currentValue(model.typeTable), [0, 0], [1, config.hiddenSize]); // (1, C)
    return tf.add<tf.Tensor2D>(tf.add(words, positions), type0);
  });
  tf.dispose([words, positions]);
  const [normed, normBackward] = norm(model.embeddingNorm, config, summed);
  const [dropped, dropoutBackward] = dropout(normed, plan?.rates.hiddenDropout ?? 0, plan?.nextSeed() ?? null);
  return [
    dropped,
    dDropped => {
      const dSummed = normBackward(dropoutBackward(dDropped)); // (N, C)
      // torch's padding_idx: the pad row of the word and of the position table gets no gradient.
      const dTables = inputs.notPad === null ? dSummed : tf.mul<tf.Tensor2D>(dSummed, inputs.notPad);
      addGradient(model.wordTable, wordsBackward(dTables));
      addGradient(model.positionTable, positionsBackward(dTables));
      const types = model.typeTable.shape[0]!;
      addGradient(
        model.typeTable,
        tf.tidy(() =>
          tf.pad2d(tf.sum<tf.Tensor2D>(dSummed, 0, true), [
            [0, types - 1],
            [0, 0],
          ]),
        ),
      );
    },
  ];
}

/** Self-attention, then the feed-forward network, each followed by dropout, the residual and LayerNorm; frees x. @returns (N, C) */
function encoderLayer(
  layer: EncoderLayer,
  config: ModelConfig,
  x: tf.Tensor2D,
  inputs: ModelInputs,
  plan: DropoutPlan | null,
): WithBackward<tf.Tensor2D, tf.Tensor2D> {
  const [attended, attentionBackward] = selfAttention(layer, config, x, inputs, plan);
  const { attentionOutput, attentionNorm, output: narrowing, outputNorm } = layer;
  const [middle, middleBackward] = joinAndNorm(attended, attentionOutput.bias, x, attentionNorm, config, plan);
  x.dispose();
  const [processed, feedForwardBackward] = feedForward(layer, middle);
  const [output, outputBackward] = joinAndNorm(processed, narrowing.bias, middle, outputNorm, config, plan);
  middle.dispose();
  return [
    output,
    dOutput => {
      const [dMiddleResidual, dProcessed] = outputBackward(dOutput);
      const dMiddle = addAndFree(dMiddleResidual, feedForwardBackward(dProcessed)); // (N, C)
      const [dxResidual, dAttended] = middleBackward(dMiddle);
      const dx = addAndFree(dxResidual, attentionBackward(dAttended)); // (N, C)
      tf.dispose([dProcessed, dAttended]);
      return dx;
    },
  ];
}

/** Fused projections, attention within rows, output projection. @returns (N, C), before bias, dropout and residual */
function selfAttention(
  layer: EncoderLayer,
  config: ModelConfig,
  x: tf.Tensor2D,
  inputs: ModelInputs,
  plan: DropoutPlan | null,
): WithBackward<tf.Tensor2D, tf.Tensor2D> {
  const [qkv, qkvBackward] = affine(layer.qkv, x); // (N, 3C)
  const [heads, headsBackward] = attention(
    qkv,
    inputs.layout,
    config.heads,
    plan?.rates.attentionDropout ?? 0,
    plan?.nextSeed() ?? null,
  ); // (N, C)
  qkv.dispose();
  const [projected, projectedBackward] = product(layer.attentionOutput.weight, heads); // (N, C)
  heads.dispose();
  return [
    projected,
    dProjected => {
      const dHeads = projectedBackward(dProjected); // (N, C)
      const dQkv = headsBackward(dHeads); // (N, 3C)
      dHeads.dispose();
      const dx = qkvBackward(dQkv); // (N, C)
      dQkv.dispose();
      return dx;
    },
  ];
}

/** Linear, GELU, linear. @returns (N, C), before bias, dropout and residual */
function feedForward(layer: EncoderLayer, x: tf.Tensor2D): WithBackward<tf.Tensor2D, tf.Tensor2D> {
  const { weight, bias } = layer.intermediate;
  const [wide, wideBackward] = product(weight, x); // (N, I)
  const [activated, activationBackward] = biasGelu(wide, currentValue(bias)); // (N, I)
  const [narrow, narrowBackward] = product(layer.output.weight, activated); // (N, C)
  activated.dispose();
  return [
    narrow,
    dNarrow => {
      const dActivated = narrowBackward(dNarrow); // (N, I)
      const { dx: dWide, dBias } = activationBackward(dActivated); // (N, I), (I)
      addGradient(bias, dBias);
      dActivated.dispose();
      const dx = wideBackward(dWide); // (N, C)
      dWide.dispose();
      return dx;
    },
  ];
}

/**
 * LayerNorm(residual + dropout(branch + bias)); frees the branch. The backward gives the gradients of residual and branch, which
 * may be one tensor.
 */
function joinAndNorm(
  branch: tf.Tensor2D,
  bias: Parameter,
  residual: tf.Tensor2D,
  parameters: Affine,
  config: ModelConfig,
  plan: DropoutPlan | null,
): [tf.Tensor2D, (d: tf.Tensor2D) => [dResidual: tf.Tensor2D, dBranch: tf.Tensor2D]] {
  const [normed, backward] = residualNorm(
    branch,
    currentValue(bias),
    residual,
    currentValue(parameters.weight),
    currentValue(parameters.bias),
    { eps: config.layerNormEps, rate: plan?.rates.hiddenDropout ?? 0, seed: plan?.nextSeed() ?? null },
  );
  branch.dispose();
  return [
    normed,
    dNormed => {
      const { dBranch, dBias, dResidual, dGamma, dBeta } = backward(dNormed);
      addGradient(bias, dBias);
      addGradient(parameters.weight, dGamma);
      addGradient(parameters.bias, dBeta);
      return [dResidual, dBranch];
    },
  ];
}

/** x W^T + b, with the gradients of W and b added to theirs. Neither x nor the gradient that the backward is given is freed. */
function affine(parameters: Affine, x: tf.Tensor2D): WithBackward<tf.Tensor2D, tf.Tensor2D> {
  const [y, backward] = linear(x, currentValue(parameters.weight), currentValue(parameters.bias));
  return [
    y,
    dy => {
      const { dx, dWeight, dBias } = backward(dy);
      addGradient(parameters.weight, dWeight);
      addGradient(parameters.bias, dBias);
      return dx;
    },
  ];
}

/** x W^T, with the gradient of W added to its own. Neither x nor the gradient that the backward is given is freed. */
function product(weight: Parameter, x: tf.Tensor2D): WithBackward<tf.Tensor2D, tf.Tensor2D> {
  const [y, backward] = project(x, currentValue(weight));
  return [
    y,
    dy => {
      const { dx, dWeight } = backward(dy);
      addGradient(weight, dWeight);
      return dx;
    },
  ];
}

function norm(parameters: Affine, config: ModelConfig, x: tf.Tensor2D): WithBackward<tf.Tensor2D, tf.Tensor2D> {
  const [y, backward] = layerNorm(
    x,
    currentValue(parameters.weight),
    currentValue(parameters.bias),
    config.layerNormEps,
  );
  return [
    y,
    dy => {
      const { dx, dGamma, dBeta } = backward(dy);
      addGradient(parameters.weight, dGamma);
      addGradient(parameters.bias, dBeta);
      return dx;
    },
  ];
}

function addAndFree(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  const sum = tf.add<tf.Tensor2D>(a, b);
  tf.dispose([a, b]);
  return sum;
}
