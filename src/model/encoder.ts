import type tf = require('@tensorflow/tfjs-core');

import type { ModelConfig } from '../checkpoint/config.js';
import type { WithBackward } from '../kernels/backward.js';
import { bert, wordTableName as bertWordTable } from './bert.js';
import { debertaV1 } from './deberta.js';
import { type Deberta, type DebertaOf, forward as debertaForward } from './deberta-v2.js';
import {
  debertaV2,
  wordTableName as debertaWordTable,
  mapPlaces as mapDeberta,
  specsOf as specsOfDeberta,
} from './deberta-v2-parameters.js';
import { distilBert, wordTableName as distilBertWordTable } from './distilbert.js';
import type { DropoutPlan } from './dropout-plan.js';
import { electra, wordTableName as electraWordTable } from './electra.js';
import type { ModelInputs } from './inputs.js';
import type { Parameter } from './parameter.js';
import type { ParameterGroup, ParameterSpec } from './parameter-group.js';
import {
  mapPlaces as mapPostNorm,
  type PostNorm,
  type PostNormOf,
  forward as postNormForward,
  specsOf as specsOfPostNorm,
} from './post-norm.js';
import { xlmRoberta, wordTableName as xlmRobertaWordTable } from './xlm-roberta.js';

/**
 * The one switch between encoders: whatever else works on a network asks here. An encoder that is built like BERT (post-norm.ts)
 * or like DeBERTa (deberta-v2.ts) is one file, its parameters by place, and a case in the functions below.
 */
export type Network = PostNorm | Deberta;

type NetworkOf<T> = PostNormOf<T> | DebertaOf<T>;

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
  switch (network.kind) {
    case 'post-norm':
      return postNormForward(network, config, inputs, plan);
    case 'deberta':
      return debertaForward(network, config, inputs, plan);
  }
}

/** A network whose parameters are made one after the other, in the order of their places. */
export async function makeNetwork(
  config: ModelConfig,
  make: (group: ParameterGroup) => Promise<Parameter>,
): Promise<Network> {
  const places = parametersOf(config);
  switch (places.kind) {
    case 'post-norm':
      return await mapPostNorm(places, make);
    case 'deberta':
      return await mapDeberta(places, make);
  }
}

/** All tensors of a checkpoint in the order in which transformers writes them. */
export function parameterSpecs(config: ModelConfig): ParameterSpec[] {
  const places = parametersOf(config);
  switch (places.kind) {
    case 'post-norm':
      return specsOfPostNorm(places);
    case 'deberta':
      return specsOfDeberta(places);
  }
}

/** The tensor with a row for each entry of the vocabulary. */
export function wordTableName({ architecture }: Pick<ModelConfig, 'architecture'>): string {
  switch (architecture) {
    case 'xlm-roberta':
    case 'roberta':
    case 'camembert':
      return xlmRobertaWordTable;
    case 'bert':
      return bertWordTable;
    case 'electra':
      return electraWordTable;
    case 'distilbert':
      return distilBertWordTable;
    case 'deberta':
    case 'deberta-v2':
      return debertaWordTable;
  }
}

/** The parameters of an encoder, place by place. */
export function parametersOf(config: ModelConfig): NetworkOf<ParameterGroup> {
  switch (config.architecture) {
    case 'xlm-roberta':
    case 'roberta':
    case 'camembert':
      return xlmRoberta(config);
    case 'bert':
      return bert(config);
    case 'electra':
      return electra(config);
    case 'distilbert':
      return distilBert(config);
    case 'deberta':
      return debertaV1(config);
    case 'deberta-v2':
      return debertaV2(config);
  }
}
