import type { Engine } from './engine.js';

/** What computes. Each kind has arithmetic, and streams of dropout, of its own. */
export type EngineKind = 'tensorflow-fused' | 'tensorflow-plain' | 'wasm';

/** The kind of an engine. */
export function engineKind({ name, operations }: Pick<Engine, 'name' | 'operations'>): EngineKind {
  // Without a default: a new engine does not compile until it has a kind.
  switch (name) {
    case 'wasm':
      return 'wasm';
    case 'tensorflow':
      return operations === 'plain' ? 'tensorflow-plain' : 'tensorflow-fused';
  }
}

/**
 * The revision of each kind's arithmetic. It is part of the key of a training stage, so that a stage that other
 * arithmetic trained is never taken for one's own.
 *
 * Each is an integer that is raised by the commit that changes a byte of what its kind computes from the same input:
 * the weights after a training, or scores. That may be a kernel or its plain twin, the optimizer, the loop, the streams
 * of dropout, or the version of TensorFlow or TensorFlow.js. test/engine/numerics.test.ts fails where bytes have
 * changed and the revision has not.
 *
 * The same revision does not promise the same bytes on another machine: the level of the operations, their compiler
 * and, where TensorFlow multiplies, the processor show in them too.
 */
export const numericsRevision: Readonly<Record<EngineKind, number>> = {
  'tensorflow-fused': 1,
  'tensorflow-plain': 1,
  wasm: 1,
};
