import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type Engine, engineComputes, loadEngine } from '../../src/engine/engine.js';
import type { PanxError } from '../../src/errors.js';

// A machine on which TensorFlow is not set up: the cache is empty.
const cache = mkdtempSync(join(tmpdir(), 'panx-engine-'));
const written: string[] = [];
let engine: Engine;

beforeAll(() => {
  vi.stubEnv('PANX_CACHE', cache);
  vi.stubEnv('PANX_LIBTENSORFLOW', '');
  for (const method of ['log', 'info', 'warn', 'error'] as const) {
    vi.spyOn(console, method).mockImplementation((...args) => {
      written.push(args.join(' '));
    });
  }
});
afterAll(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(cache, { recursive: true, force: true });
});

it('refuses --backend tensorflow with the remedy', async () => {
  const error = (await loadEngine('tensorflow').catch(e => e)) as PanxError;
  expect(error.message).toBe('The tensorflow backend cannot be used: TensorFlow is not set up.');
  expect(error.hint).toBe('Run `panx setup` to bring it. Or use --backend wasm.');
});

it('names what is wrong with PANX_LIBTENSORFLOW', async () => {
  vi.stubEnv('PANX_LIBTENSORFLOW', cache);
  const error = (await loadEngine('tensorflow').catch(e => e)) as PanxError;
  expect(error.message).toMatch(
    /^The tensorflow backend cannot be used: PANX_LIBTENSORFLOW is .*, and there is no libtensorflow_cc/,
  );
  vi.stubEnv('PANX_LIBTENSORFLOW', '');
});

it('takes WebAssembly instead, with the reason in one line', async () => {
  const listeners = ['uncaughtException', 'unhandledRejection'].map(event => process.listenerCount(event));
  engine = await loadEngine('auto');
  expect(engine).toMatchObject({ name: 'wasm', why: 'TensorFlow is not set up. Run `panx setup` to bring it.' });
  expect(engine.device).toMatch(/, 1 core$/);
  expect(tf.getBackend()).toBe('wasm');
  // Emscripten's own handlers print its whole bundle when anything fails.
  expect(['uncaughtException', 'unhandledRejection'].map(event => process.listenerCount(event))).toEqual(listeners);
});

it('computes', async () => {
  expect(await engineComputes()).toBe(true);
});

it('says nothing by itself, no banner either', () => {
  expect(written).toEqual([]);
});
