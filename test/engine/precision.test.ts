import { describe, expect, it } from 'vitest';
import { resolvePrecision } from '../../src/engine/precision.js';

const engine = { name: 'tensorflow', device: 'Abacus, 2 cores', bf16: true } as const;
const older = { ...engine, bf16: false };
const wasm = { ...older, name: 'wasm' } as const;

describe('resolvePrecision', () => {
  it('auto is bf16 where the device has instructions for it, else fp32', () => {
    expect(resolvePrecision('auto', engine)).toEqual({ precision: 'bf16', note: null });
    expect(resolvePrecision('auto', older)).toEqual({ precision: 'fp32', note: null });
    expect(resolvePrecision('auto', wasm)).toEqual({ precision: 'fp32', note: null });
  });

  it('what is asked for is taken', () => {
    expect(resolvePrecision('fp32', engine)).toEqual({ precision: 'fp32', note: null });
    expect(resolvePrecision('bf16', engine)).toEqual({ precision: 'bf16', note: null });
  });

  it('bf16 without instructions for it works, and says that it is slow', () => {
    expect(resolvePrecision('bf16', older)).toEqual({
      precision: 'bf16',
      note: 'Abacus, 2 cores has no bfloat16 instructions: bf16 is slower than fp32 on it (--precision fp32)',
    });
  });

  it('bf16 on WebAssembly is refused, with what to do', () => {
    expect(() => resolvePrecision('bf16', wasm)).toThrow(
      expect.objectContaining({
        message: '--precision bf16 needs the tensorflow backend; this process computes with wasm.',
        hint: 'Run `panx setup` to bring TensorFlow, or use --precision auto, which is fp32 there.',
      }),
    );
  });
});
