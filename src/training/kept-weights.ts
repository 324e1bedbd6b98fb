import tf = require('@tensorflow/tfjs-core');

import { createVariable, type Variable } from '../kernels/variable.js';
import type { Parameter } from '../model/parameter.js';
import type { TokenClassifier } from '../model/token-classifier.js';

/**
 * Weights that are kept beside those in training: those of the best epoch so far, or the mean of all epochs'. Nothing is held before the first
 * epoch has ended, and of frozen parameters nothing at all.
 */
export interface KeptWeights {
  /** By trainable parameter, in its shape; empty before anything was kept. */
  readonly variables: ReadonlyMap<Parameter, Variable>;
  /** What weight decay had made of the word rows outside the vocabulary: see `TokenClassifier.unusedRowScale`. */
  readonly unusedRowScale: number;
  /** Keep the weights as they are now, in place of what was kept. */
  replace(): void;
  /** Take the weights as they are now into the mean: mean += (weights - mean) / n, for the n-th that is taken. */
  average(n: number): void;
  /** Go on from what was kept before. @param read the values of a parameter, in its shape */
  restore(unusedRowScale: number, read: (parameter: Parameter) => Promise<Float32Array>): Promise<void>;
  /** Give the model the kept weights, where any were kept. Its optimizer must make no further update. */
  putBack(): void;
  dispose(): void;
}

/** Kept weights of a model, none yet. */
export function keepWeights(model: TokenClassifier): KeptWeights {
  const trainable = model.parameters.filter(parameter => parameter.trainable);
  const variables = new Map<Parameter, Variable>();
  let unusedRowScale = 1;
  const variableOf = (parameter: Parameter): Variable => {
    const there = variables.get(parameter);
    if (there !== undefined) return there;
    const made = createVariable(null, parameter.shape);
    variables.set(parameter, made);
    return made;
  };
  return {
    variables,
    get unusedRowScale() {
      return unusedRowScale;
    },
    replace() {
      for (const parameter of trainable) variableOf(parameter).assign(parameter.variable.read());
      unusedRowScale = model.unusedRowScale;
    },
    average(n) {
      if (n === 1) return this.replace();
      for (const parameter of trainable) {
        const mean = variableOf(parameter);
        mean.assign(
          tf.tidy(() => {
            const before = mean.read();
            return tf.add(before, tf.div(tf.sub(parameter.variable.read(), before), n));
          }),
        );
      }
      unusedRowScale += (model.unusedRowScale - unusedRowScale) / n;
    },
    async restore(scale, read) {
      for (const parameter of trainable) {
        variableOf(parameter).assign(tf.tensor(await read(parameter), parameter.shape, 'float32'));
      }
      unusedRowScale = scale;
    },
    putBack() {
      if (variables.size === 0) return;
      for (const [parameter, kept] of variables) {
        // What row updates have still to make up for belongs to the weights that are replaced.
        parameter.variable.read().dispose();
        parameter.variable.assign(kept.read());
      }
      model.unusedRowScale = unusedRowScale;
    },
    dispose() {
      for (const variable of variables.values()) variable.dispose();
      variables.clear();
    },
  };
}
