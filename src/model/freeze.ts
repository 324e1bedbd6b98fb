import type { Parameter } from './parameter.js';

/** What of a model is not trained: `encoder`, all but the classifier. */
export type Frozen = 'nothing' | 'encoder';

/**
 * Take parts of a model out of training: they take no gradient, do not decay and do not count for the norm that is clipped. Dropout stays as it
 * is, as where torch's `requires_grad` is false.
 */
export function freeze(parameters: readonly Parameter[], what: Frozen): void {
  if (what === 'nothing') return;
  for (const parameter of parameters)
    parameter.trainable = parameter.parts.some(({ name }) => name.startsWith('classifier.'));
}
