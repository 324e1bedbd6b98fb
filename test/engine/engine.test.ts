import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Engine, engineComputes, loadEngine, restoreRemovedUtilities } from '../../src/engine/engine.js';
import { findEngine } from '../../src/engine/tensorflow/installed-engine.js';
import { buildCli, root } from '../built-cli.js';

const found = await findEngine();

// Set up by `npm test`; a machine that cannot have TensorFlow runs engine.wasm.test.ts alone.
describe.skipIf(!('engine' in found))('loadEngine, TensorFlow set up', () => {
  let engine: Engine;
  const written: string[] = [];
  beforeAll(async () => {
    for (const method of ['log', 'info', 'warn', 'error'] as const) {
      vi.spyOn(console, method).mockImplementation((...args) => {
        written.push(args.join(' '));
      });
    }
    engine = await loadEngine('auto');
  });
  afterAll(() => vi.restoreAllMocks());

  it('takes TensorFlow, and says its version and device', () => {
    expect(engine.name).toBe('tensorflow');
    expect(engine.version).toMatch(/^\d+\.\d+\.\d+/);
    expect(engine.device).not.toBe('');
    expect(engine.why).toBeNull();
    expect(tf.getBackend()).toBe('tensorflow');
  });

  it('computes', async () => {
    expect(await engineComputes()).toBe(true);
  });

  it('says nothing by itself', () => {
    expect(written).toEqual([]);
  });

  it('uses all cores, and no more of a GPU than is needed, unless told otherwise', () => {
    expect(Number(process.env.TF_NUM_INTRAOP_THREADS)).toBeGreaterThanOrEqual(1);
    expect(process.env.TF_FORCE_GPU_ALLOW_GROWTH).toBe('true');
  });

  it('runs the operations that need functions which Node.js has removed', () => {
    expect(Array.from(tf.topk(tf.tensor1d([3, 1, 2]), 2).values.dataSync())).toEqual([3, 2]);
  });

  it('keeps the engine it has, and refuses another', async () => {
    expect(await loadEngine('tensorflow')).toBe(engine);
    await expect(loadEngine('wasm')).rejects.toThrow(
      'This process computes with tensorflow already and cannot change to wasm.',
    );
  });
});

it('puts back what newer Node.js has removed from util, as it was', () => {
  const util = createRequire(import.meta.url)('node:util') as Record<string, (value: unknown) => boolean>;
  const before = { isNullOrUndefined: util.isNullOrUndefined, isArray: util.isArray };
  try {
    util.isNullOrUndefined = undefined as never;
    util.isArray = undefined as never;
    restoreRemovedUtilities();
    expect([null, undefined, 0, ''].map(value => util.isNullOrUndefined!(value))).toEqual([true, true, false, false]);
    expect([[], {}].map(value => util.isArray!(value))).toEqual([true, false]);
  } finally {
    Object.assign(util, before);
  }
});

/** In a mount namespace of its own, where the system lets a process have one. */
const withoutProc = (command: string) =>
  spawnSync('unshare', ['-rm', 'sh', '-c', `mount -t tmpfs none /proc && exec ${command}`], {
    cwd: root,
    encoding: 'utf8',
  });
const canHideProc = withoutProc('true').status === 0;

describe.skipIf(!('engine' in found) || !canHideProc)('without /proc, where TensorFlow would abort the process', () => {
  beforeAll(buildCli);

  it('it is told, and WebAssembly computes', () => {
    const typed = 'node dist/cli.js predict --sample --text Berlin';
    expect(withoutProc(`${typed} --backend tensorflow`)).toMatchObject({
      status: 1,
      stderr:
        'panx: The tensorflow backend cannot be used: TensorFlow does not load (it needs /proc, which is not mounted here).\n  Mount it (mount -t proc proc /proc). Or use --backend wasm.\n',
    });
    expect(withoutProc(typed)).toMatchObject({ status: 0, stdout: expect.stringContaining('B-LOC') });
    expect(withoutProc('node dist/cli.js doctor').stdout).toContain('it needs /proc, which is not mounted here');
  });
});
