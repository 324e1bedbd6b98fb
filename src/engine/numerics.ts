import type { Engine } from './engine.js';

export type EngineKind = 'tensorflow-fused' | 'tensorflow-plain' | 'wasm';

export const numericsRevision: Record<EngineKind, number> = { 'tensorflow-fused': 1, 'tensorflow-plain': 1, wasm: 1 };

export function engineKind({ name, operations }: Pick<Engine, 'name' | 'operations'>): EngineKind {
  if (name === 'wasm') return 'wasm';
  return operations.startsWith('fused') ? 'tensorflow-fused' : 'tensorflow-plain';
}
