import type tf = require('@tensorflow/tfjs-core');

import type { ModelConfig } from '../checkpoint/config.js';
import type { WithBackward } from '../kernels/backward.js';
import type { DropoutPlan } from './dropout-plan.js';
import type { ModelInputs } from './inputs.js';
import type { Parameter } from './parameter.js';
import type { ParameterGroup, ParameterSpec } from './parameter-group.js';
import { type XlmRoberta, forward as xlmRobertaForward } from './xlm-roberta.js';
import {
  mapPlaces as mapXlmRoberta,
  xlmRobertaParameters,
  xlmRobertaSpecs,
  wordTableName as xlmRobertaWordTable,
} from './xlm-roberta-parameters.js';

/**
 * The one switch between encoders: whatever else works on a network asks here. A new encoder is two files, its parameters by place and its
 * forward with its backward, and a case in each function below.
 */
export type Network = XlmRoberta;

/**
 * The forward of a token classifier.
 *
 * @param plan how to drop; null drops nothing (evaluation)
 * @returns logits (M, L) of the M labelled tokens, and the backward that takes their gradient and adds every parameter's
 */
export function forward(
  network: Network,
  config: ModelConfig,
  inputs: ModelInputs,
  plan: DropoutPlan | null,
): WithBackward<tf.Tensor2D, void> {
  switch (config.architecture) {
    case 'xlm-roberta':
    case 'roberta':
      return xlmRobertaForward(network, config, inputs, plan);
  }
}

/** A network whose parameters are made one after the other, in the order of their places. */
export async function makeNetwork(
  config: ModelConfig,
  make: (group: ParameterGroup) => Promise<Parameter>,
): Promise<Network> {
  switch (config.architecture) {
    case 'xlm-roberta':
    case 'roberta':
      return await mapXlmRoberta(xlmRobertaParameters(config), make);
  }
}

/** All tensors of a checkpoint in the order in which transformers writes them. */
export function parameterSpecs(config: ModelConfig): ParameterSpec[] {
  switch (config.architecture) {
    case 'xlm-roberta':
    case 'roberta':
      return xlmRobertaSpecs(config);
  }
}

/** The tensor with a row for each entry of the vocabulary. */
export function wordTableName({ architecture }: ModelConfig): string {
  switch (architecture) {
    case 'xlm-roberta':
    case 'roberta':
      return xlmRobertaWordTable;
  }
}
