import { PanxError } from '../errors.js';
import type { Engine } from './engine.js';

/** What the matrix products of linear maps compute in: float32, or bfloat16 with sums in float32. All else is float32 in both. */
export type Precision = 'fp32' | 'bf16';

/**
 * The precision that an engine computes in. `auto` is bf16 where its device has instructions for it.
 *
 * @returns also what the user should know about it, in one line, or null
 * @throws PanxError where bf16 is asked of WebAssembly, which has none
 */
export function resolvePrecision(
  asked: 'auto' | Precision,
  { name, device, bf16 }: Pick<Engine, 'name' | 'device' | 'bf16'>,
): { precision: Precision; note: string | null } {
  if (asked === 'fp32') return { precision: 'fp32', note: null };
  if (asked === 'auto') return { precision: bf16 ? 'bf16' : 'fp32', note: null };
  if (name === 'wasm') {
    throw new PanxError('--precision bf16 needs the tensorflow backend; this process computes with wasm.', {
      hint: 'Run `panx setup` to bring TensorFlow, or use --precision auto, which is fp32 there.',
    });
  }
  const note = `${device} has no bfloat16 instructions: bf16 is slower than fp32 on it (--precision fp32)`;
  return { precision: 'bf16', note: bf16 ? null : note };
}
