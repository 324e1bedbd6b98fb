import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { makeFolder, readIfPresent, replaceFolder } from '../../system/files.js';
import { packageRoot } from '../../system/package.js';
import { temporaryNeighbour } from '../../system/temporary.js';
import type { Precision } from '../precision.js';
import { findCompiler, type Libraries } from './addon.js';
import { run } from './program.js';

/**
 * panx's own TensorFlow operations (src/engine/tensorflow/operations/): what TensorFlow computes in five to ten passes over memory, in one.
 * They are compiled in the set-up against the headers of the engine, once for each level of x86-64 that matters, and loaded into
 * the process beside it. Where they cannot be had, plain operations compute the same.
 */
export type Level = 'x86-64-v4' | 'x86-64-v3';

export const levels: readonly Level[] = ['x86-64-v4', 'x86-64-v3'];

/** The best level that a CPU has; null where none of the libraries would run on it. */
export function levelOf(features: readonly string[], arch: string = process.arch): Level | null {
  const has = (...names: string[]) => names.every(name => features.includes(name));
  if (arch !== 'x64') return null;
  // Level 4 asks for AVX-512 F, BW, CD, DQ and VL: every CPU with VNNI has them (Skylake-X has too, and takes level 3).
  if (has('avx512f', 'avx512_vnni', 'avx2', 'fma')) return 'x86-64-v4';
  return has('avx2', 'fma') ? 'x86-64-v3' : null;
}

/**
 * The precisions whose matrix products the library of a level computes itself. AMX has instructions for bfloat16 that are several times as
 * fast as AVX-512's, and that TensorFlow uses: there it multiplies.
 */
export function productsOf(level: Level, features: readonly string[]): Precision[] {
  if (level !== 'x86-64-v4') return [];
  return features.includes('avx512_bf16') && !features.includes('amx_bf16') ? ['fp32', 'bf16'] : ['fp32'];
}

/** The folder of the compiled operations for these libraries: one per sources, flags and libraries. */
export function fusedFolder(libraries: Libraries): string {
  const hash = createHash('sha256').update(JSON.stringify([libraries.identity, flags, levels]));
  for (const name of sourceNames()) hash.update(`${name}\n`).update(readFileSync(join(sourceFolder, name)));
  return join(libraries.addonHome, `fused-${hash.digest('hex').slice(0, 16)}`);
}

/** The library of a level inside the folder. */
export function fusedFile(folder: string, level: Level): string {
  return join(folder, `${level}.node`);
}

/** True where compiling was done, or was tried and failed; `whyNotFused` tells which. */
export function wasCompiled(folder: string): boolean {
  return existsSync(folder);
}

/** The compiler's first error where the operations could not be compiled, else null. */
export async function whyNotFused(folder: string): Promise<string | null> {
  return (await readIfPresent(join(folder, failureFile)).catch(() => undefined)) ?? null;
}

/**
 * Compile the operations for every level, side by side. The folder appears whole by a rename; a failure is noted in it, and
 * not tried again until sources or libraries change or the set-up is forced.
 *
 * @returns the compiler's first error, or null
 */
export async function compileFused(libraries: Libraries): Promise<string | null> {
  const folder = fusedFolder(libraries);
  await removeLeftovers(libraries.addonHome);
  const work = temporaryNeighbour(folder);
  makeFolder(work);
  try {
    const unit = join(work, 'all.cc');
    // One unit, so that TensorFlow's headers are read once a level: they are most of the time.
    await writeFile(
      unit,
      sourceNames()
        .filter(name => name.endsWith('.cc'))
        .map(name => `#include "${join(sourceFolder, name)}"\n`)
        .join(''),
    );
    const failure = await compileLevels(libraries, unit, work);
    await rm(unit);
    if (failure !== null) await writeFile(join(work, failureFile), failure);
    await replaceFolder(work, folder);
    return failure;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The compiler's arguments for one level. Pure, so that a test sees them. */
export function fusedCompilerArgs(libraries: Libraries, level: Level, unit: string, out: string): string[] {
  return [
    ...flags,
    `-march=${level}`,
    ...(level === 'x86-64-v4' ? ['-mprefer-vector-width=512'] : []),
    `-I${sourceFolder}`,
    `-I${libraries.include}`,
    unit,
    '-o',
    out,
    // Its symbols are those of the engine that is in the process already.
    ...libraries.libraries.filter(path => path.includes('framework')),
  ];
}

const sourceFolder = join(packageRoot, 'src', 'engine', 'tensorflow', 'operations');
const failureFile = 'failure.txt';

/**
 * No -ffast-math: with it, a library sets flush-to-zero for the whole process as it is loaded. The two flags that let loops of
 * arithmetic become vector code are safe, as no operation here looks at errno or traps.
 */
const flags = [
  '-std=c++17',
  '-O3',
  '-DNDEBUG',
  '-fno-math-errno',
  '-fno-trapping-math',
  '-mprfchw', // A hint that CPUs without it take for nothing.
  '-shared',
  '-fPIC',
  '-fvisibility=hidden',
  '-w', // The headers of TensorFlow warn about each other.
];

function sourceNames(): string[] {
  return readdirSync(sourceFolder)
    .filter(name => /\.(cc|h)$/.test(name))
    .sort();
}

async function compileLevels(libraries: Libraries, unit: string, work: string): Promise<string | null> {
  let compiler: string;
  try {
    compiler = await findCompiler();
  } catch (error) {
    return (error as Error).message;
  }
  const one = async (level: Level): Promise<string | null> => {
    const args = fusedCompilerArgs(libraries, level, unit, fusedFile(work, level));
    // In its own temporary folder: the system's may be full.
    const { code, output } = await run(compiler, args, { ...process.env, TMPDIR: work });
    if (code === 0) return null;
    const line = output.split('\n').find(text => /error|cannot find/i.test(text)) ?? output.trim();
    return `${compiler} could not compile panx's operations for ${level}: ${line.slice(0, 300)}`;
  };
  const failures: (string | null)[] = [];
  if (availableParallelism() > 1) failures.push(...(await Promise.all(levels.map(one))));
  else for (const level of levels) failures.push(await one(level));
  return failures.find(failure => failure !== null) ?? null;
}

/** Leftovers of compilations that were killed: whoever compiles holds the lock. */
async function removeLeftovers(home: string): Promise<void> {
  for (const name of await readdir(home).catch(() => [])) {
    if (/^fused-.*\.tmp$/.test(name)) await rm(join(home, name), { recursive: true, force: true });
  }
}
