import { expect, it } from 'vitest';
import { backendForWork } from '../../src/engine/little-work.js';

const asked = { backend: 'auto', precision: 'auto' } as const;

it('auto takes WebAssembly for little work only', () => {
  expect(backendForWork(asked, 0)).toBe('wasm');
  expect(backendForWork(asked, 100_000_000)).toBe('wasm');
  expect(backendForWork(asked, 100_000_001)).toBe('auto');
  expect(backendForWork({ ...asked, precision: 'fp32' }, 1)).toBe('wasm');
});

it('what is asked for is taken: an engine, and bf16, which WebAssembly has not', () => {
  expect(backendForWork({ ...asked, backend: 'tensorflow' }, 1)).toBe('tensorflow');
  expect(backendForWork({ ...asked, backend: 'wasm' }, 1e12)).toBe('wasm');
  expect(backendForWork({ ...asked, precision: 'bf16' }, 1)).toBe('auto');
});
