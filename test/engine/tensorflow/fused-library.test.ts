import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Libraries } from '../../../src/engine/tensorflow/addon.js';
import {
  compileFused,
  fusedCompilerArgs,
  fusedFile,
  fusedFolder,
  levelOf,
  productsOf,
  wasCompiled,
  whyNotFused,
} from '../../../src/engine/tensorflow/fused-library.js';
import { findEngine } from '../../../src/engine/tensorflow/installed-engine.js';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'panx-fused-'));
});
afterEach(() => rmSync(home, { recursive: true }));

const libraries = (): Libraries => ({
  include: '/tf/include',
  libraries: ['/tf/libtensorflow_cc.so.2', '/tf/libtensorflow_framework.so.2'],
  relocatable: true,
  addonHome: home,
  cudaFolders: [],
  identity: 'tf',
});

describe('levelOf', () => {
  it.each([
    [['avx2', 'fma', 'avx512f', 'avx512_vnni'], 'x64', 'x86-64-v4'],
    [['avx2', 'fma', 'avx512f'], 'x64', 'x86-64-v3'],
    [['avx2', 'fma'], 'x64', 'x86-64-v3'],
    [['avx2'], 'x64', null],
    [[], 'x64', null],
    [['asimd', 'sve'], 'arm64', null],
  ])('%j on %s is %s', (features, arch, level) => {
    expect(levelOf(features, arch)).toBe(level);
  });
});

it('products of its own: float32 with AVX-512, bfloat16 where AVX-512 has it and AMX has not', () => {
  expect(productsOf('x86-64-v3', ['avx2', 'fma', 'avx512_bf16'])).toEqual([]);
  expect(productsOf('x86-64-v4', ['avx512f'])).toEqual(['fp32']);
  expect(productsOf('x86-64-v4', ['avx512f', 'avx512_bf16'])).toEqual(['fp32', 'bf16']);
  expect(productsOf('x86-64-v4', ['avx512f', 'avx512_bf16', 'amx_bf16'])).toEqual(['fp32']);
});

it('compiles for a level against the engine’s framework, never with -ffast-math', () => {
  const args = fusedCompilerArgs(libraries(), 'x86-64-v3', '/work/all.cc', '/work/out.node');
  expect(args).toEqual(
    expect.arrayContaining(['-march=x86-64-v3', '-I/tf/include', '/tf/libtensorflow_framework.so.2']),
  );
  expect(args).not.toContain('/tf/libtensorflow_cc.so.2');
  expect(args).not.toContain('-ffast-math');
  expect(args).not.toContain('-mprefer-vector-width=512');
});

it('another TensorFlow is another folder', () => {
  expect(fusedFolder({ ...libraries(), identity: 'other' })).not.toBe(fusedFolder(libraries()));
});

it('a failure is noted with the compiler’s first error, leaves nothing half-made, and counts as tried', async () => {
  process.env.CXX = join(home, 'compiler');
  try {
    const script = '#!/bin/sh\n[ "$1" = --version ] && exit 0\necho "all.cc:1: fatal error: no such header"\nexit 1\n';
    writeFileSync(process.env.CXX, script, { mode: 0o755 });
    const failure = await compileFused(libraries());
    expect(failure).toMatch(
      /could not compile panx's operations for x86-64-v\d: all\.cc:1: fatal error: no such header/,
    );
    const folder = fusedFolder(libraries());
    expect(wasCompiled(folder)).toBe(true);
    expect(await whyNotFused(folder)).toBe(failure);
    expect(readdirSync(folder)).toEqual(['failure.txt']);
  } finally {
    delete process.env.CXX;
  }
});

const engine = await findEngine();

it.skipIf(!('engine' in engine) || process.arch !== 'x64')('was compiled by the set-up for both levels', async () => {
  if (!('engine' in engine)) return;
  const folder = fusedFolder(engine.engine.libraries);
  expect(await whyNotFused(folder)).toBeNull();
  expect(readdirSync(folder).sort()).toEqual(['x86-64-v3.node', 'x86-64-v4.node']);
  expect(fusedFile(folder, 'x86-64-v3')).toBe(join(folder, 'x86-64-v3.node'));
});
