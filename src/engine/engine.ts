import { existsSync, readlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import tf = require('@tensorflow/tfjs-core');

import { messageOf, PanxError } from '../errors.js';
import { memoryFault } from '../system/faults.js';
import { phase } from '../system/profile.js';
import { refuseThreadCounts, tensorflowThreads } from '../system/thread-counts.js';
import { type Hardware, hasBf16, readHardware } from './hardware.js';
import { addonFile, stderrSwitchFile } from './tensorflow/addon.js';
import { fusedFile, fusedFolder, levelOf, productsOf } from './tensorflow/fused-library.js';
import { findEngine, type MissingEngine, type ReadyEngine } from './tensorflow/installed-engine.js';
import { registerNodeBackend } from './tensorflow/node-backend.js';
import { registerFusedKernels, registerRawKernels } from './tensorflow/register-kernels.js';
import { withStderrMuted } from './tensorflow/stderr-switch.js';
import { usableCores } from './usable-cores.js';

/** The engine that computes in this process. */
export interface Engine {
  name: 'tensorflow' | 'wasm';
  /** Of libtensorflow (2.21.0), or of TensorFlow.js's WebAssembly backend. */
  version: string;
  /** What it computes on, in words for the user. */
  device: string;
  /** CPU threads that share the work; null on a GPU. */
  threads: number | null;
  /** `fused x86-64-v4`: panx's own operations, compiled for that level; `plain`: those of TensorFlow.js. */
  operations: string;
  /** Whether the device has bfloat16 matrix instructions and this engine uses them. */
  bf16: boolean;
  /** Why it is not TensorFlow, or not with panx's own operations, although that would have been taken: one line with the remedy; else null. */
  why: string | null;
}

/**
 * Load an engine and make it TensorFlow.js's backend. `auto` takes TensorFlow where it is set up and loads, else
 * WebAssembly with `why`. A process has one engine: asking for another after the first is an error.
 *
 * @throws PanxError where `tensorflow` is asked for and cannot be had, and where TensorFlow would be loaded and the environment sets a number of
 *   threads that is none.
 */
export async function loadEngine(backend: 'auto' | 'tensorflow' | 'wasm'): Promise<Engine> {
  if (loaded !== null) {
    const engine = await loaded;
    if (backend === 'auto' || backend === engine.name) return engine;
    throw new PanxError(`This process computes with ${engine.name} already and cannot change to ${backend}.`);
  }
  loaded = phase('load engine', () => load(backend));
  try {
    return await loaded;
  } catch (error) {
    loaded = null;
    throw error;
  }
}

/**
 * Whether a command given again, on the same machine, gives the same bytes, and why not. On a CPU the work is divided by the
 * number of threads and added up in a fixed order; on a GPU TensorFlow's scattered sums (gradients of the embeddings) add in
 * whatever order the blocks finish.
 */
export function reproducibility({ name, threads }: Pick<Engine, 'name' | 'threads'>): {
  sameBytes: boolean;
  found: string;
} {
  if (threads === null) {
    return { sameBytes: false, found: 'not to the byte: the GPU adds up in no fixed order' };
  }
  const count = `${threads} ${threads === 1 ? 'thread' : 'threads'}`;
  return { sameBytes: true, found: `the same bytes again on this machine with ${name} on ${count}` };
}

/** Whether the loaded engine computes: one small matrix product against its known result. For `panx doctor`. */
export async function engineComputes(): Promise<boolean> {
  const product = tf.tidy(() => tf.matMul(tf.tensor2d([[1, 2]]), tf.tensor2d([[3], [4]]))); // (1, 1)
  const [value] = await product.data();
  product.dispose();
  return value === 11;
}

let loaded: Promise<Engine> | null = null;

async function load(backend: 'auto' | 'tensorflow' | 'wasm'): Promise<Engine> {
  if (backend === 'wasm') return await loadWasm(null);
  const found = await findEngine();
  // Not one of the reasons to take WebAssembly instead: the user has asked for something.
  if ('engine' in found) refuseThreadCounts(tensorflowThreads);
  const outcome = 'engine' in found ? await tryTensorflow(found.engine) : found;
  if ('missing' in outcome) {
    const { why, hint } = outcome.missing;
    if (backend === 'auto') return await loadWasm(`${why}. ${hint}`);
    throw new PanxError(`The tensorflow backend cannot be used: ${why}.`, { hint: `${hint} Or use --backend wasm.` });
  }
  return outcome;
}

async function tryTensorflow(engine: ReadyEngine): Promise<Engine | { missing: MissingEngine }> {
  const hardware = await readHardware();
  try {
    const version = await loadTensorflow(engine);
    const { operations, why } = await loadFused(engine, hardware);
    return {
      name: 'tensorflow',
      version,
      device: deviceName(engine, hardware),
      threads: threadsOf(engine, hardware),
      operations,
      bf16: hasBf16(hardware.features, engine.variant === 'cuda' ? hardware.gpu : null),
      why,
    };
  } catch (error) {
    const reason = messageOf(error).split('\n')[0]!.replace(/\.$/, '');
    const known = error instanceof PanxError ? error : memoryFault(error);
    const hint = known?.hint ?? 'Run `panx setup --force` to bring it anew.';
    return { missing: { why: `TensorFlow does not load (${reason})`, hint, broken: true } };
  }
}

/** Load the addon and TensorFlow.js on top of it; returns libtensorflow's version. About 0.25 s, of which 0.18 s the addon. */
async function loadTensorflow(engine: ReadyEngine): Promise<string> {
  refuseWithoutProc();
  const cores = String((await usableCores()).cores);
  // Read when the library is loaded. What the user has set stands.
  const environment = {
    TF_CPP_MIN_LOG_LEVEL: '3',
    ...Object.fromEntries(tensorflowThreads.map(name => [name, cores])),
    OMP_NUM_THREADS: cores,
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
  };
  // An empty variable counts as one that is not set.
  for (const [name, value] of Object.entries(environment)) process.env[name] ||= value;

  restoreRemovedUtilities();
  // A failure comes here, before TensorFlow.js has registered anything, so that WebAssembly can still take its place.
  const binding = withStderrMuted(join(engine.addon, stderrSwitchFile), () =>
    commonJs(join(engine.addon, addonFile)),
  ) as { TF_Version: string };
  registerNodeBackend(binding);
  tf.enableProdMode();
  if (!(await tf.setBackend('tensorflow'))) throw new Error('TensorFlow.js refused the tensorflow backend');
  registerRawKernels();
  return binding.TF_Version;
}

/** TensorFlow asks /proc where its program lies. Where it is not told, as in a chroot without it, it aborts the process. */
function refuseWithoutProc(): void {
  if (process.platform !== 'linux') return;
  try {
    readlinkSync('/proc/self/exe');
  } catch (error) {
    throw new PanxError('it needs /proc, which is not mounted here', {
      hint: 'Mount it (mount -t proc proc /proc).',
      cause: error,
    });
  }
}

/**
 * Load panx's own operations beside TensorFlow's, where they were compiled for this CPU. PANX_OPERATIONS=plain leaves them out, and
 * a library that does not load (another machine's cache, say) leaves the plain ones too, with the reason.
 */
async function loadFused(
  engine: ReadyEngine,
  { features, gpu }: Hardware,
): Promise<Pick<Engine, 'operations' | 'why'>> {
  const level = engine.variant === 'cuda' && gpu ? null : levelOf(features);
  const path = level === null ? null : fusedFile(fusedFolder(engine.libraries), level);
  if (path === null || process.env.PANX_OPERATIONS === 'plain' || !existsSync(path)) {
    return { operations: 'plain', why: null };
  }
  try {
    process.dlopen({ exports: {} }, path);
  } catch (error) {
    const reason = messageOf(error).split('\n')[0]!.replace(/\.$/, '');
    const why = `panx's own operations do not load (${reason}); slower ones serve. Run \`panx setup --force\` to compile them anew.`;
    return { operations: 'plain', why };
  }
  registerFusedKernels(productsOf(level!, features));
  return { operations: `fused ${level}`, why: null };
}

/**
 * tfjs-node 4.22 calls two functions that Node.js removed from `util` in version 23: isNullOrUndefined (TopK, saved
 * models) and isArray. They are put back before it loads.
 */
export function restoreRemovedUtilities(): void {
  const util = commonJs('node:util') as Record<string, unknown>;
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}

async function loadWasm(why: string | null): Promise<Engine> {
  const wasm = commonJs('@tensorflow/tfjs-backend-wasm') as typeof import('@tensorflow/tfjs-backend-wasm');
  wasm.setWasmPaths(join(dirname(commonJs.resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'dist/'));
  tf.enableProdMode();
  // Emscripten's start-up code rethrows every uncaught error from inside its own bundle, which would print that bundle.
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const before = events.map(event => new Set(process.rawListeners(event)));
  // It says on the console why it cannot start, over several lines; the sentence below has the first.
  const said: string[] = [];
  const { warn } = console;
  console.warn = (...words: unknown[]) => said.push(words.join(' '));
  const done = await tf.setBackend('wasm').finally(() => {
    console.warn = warn;
  });
  for (const [i, event] of events.entries()) {
    for (const listener of process.rawListeners(event)) {
      if (!before[i]!.has(listener)) process.removeListener(event, listener as () => void);
    }
  }
  if (!done) {
    const why = said.length === 0 ? '' : `: ${said[0]!.split('\n')[0]}`;
    throw new PanxError(`The WebAssembly backend of TensorFlow.js cannot be started${why}.`, {
      hint: /memory/i.test(why)
        ? 'It reserves 10 GB of addresses (not of memory): raise `ulimit -v`, or use --backend tensorflow.'
        : 'Run `npm ci` in the folder of panx; `panx doctor` says what else is wrong.',
    });
  }
  const { cpu } = await readHardware();
  // Its threaded build needs what Node.js does not offer it, so it computes on one core.
  const device = `${cpu}, 1 core`;
  return { name: 'wasm', version: wasm.version_wasm, device, threads: 1, operations: 'plain', bf16: false, why };
}

function threadsOf(engine: ReadyEngine, { gpu, cores }: Hardware): number | null {
  if (engine.variant === 'cuda' && gpu) return null;
  return Number(process.env.TF_NUM_INTRAOP_THREADS || cores);
}

function deviceName(engine: ReadyEngine, hardware: Hardware): string {
  if (engine.variant === 'cuda' && hardware.gpu) return hardware.gpu.name;
  return `${hardware.cpu}, ${hardware.cores} ${hardware.cores === 1 ? 'core' : 'cores'}`;
}

const commonJs = createRequire(import.meta.url);
