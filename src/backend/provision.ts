import { existsSync, statSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, statfs } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { PanxError } from '../errors.js';
import { withLock } from '../hub/lock.js';
import { panxCacheDir } from '../run/cache.js';
import { formatBytes, formatSeconds, notice, progress } from '../run/console.js';
import { cannotWrite, temporaryNeighbour, writeJson } from '../run/files.js';
import { addonFolder, compileAddon, hasAddon, type Libraries, linkAddon } from './addon.js';
import {
  type EnginePlan,
  keepsFile,
  planEngine,
  requirementsOfExtra,
  tensorflowVersion,
  type Variant,
} from './engine-plan.js';
import { hasNvidiaDriver, readHardware } from './hardware.js';
import { downloadWheels } from './pip.js';
import { readDistInfo, type UnpackedFile, unpackWheel } from './wheel.js';

/** An engine that can be loaded: TensorFlow's libraries and the addon compiled against them. */
export interface ReadyEngine {
  /** `external` is the user's own, from PANX_LIBTENSORFLOW. */
  variant: Variant | 'external';
  libraries: Libraries;
  /** Folder of the compiled addon. */
  addon: string;
}

/** Why there is no engine to load, and what to do; `broken` where something that the user asked for cannot be used. */
export interface MissingEngine {
  why: string;
  hint: string;
  broken: boolean;
}

/** Look for an engine without bringing anything; takes milliseconds. */
export async function findEngine(): Promise<{ engine: ReadyEngine } | { missing: MissingEngine }> {
  const setUp = 'Run `panx setup` to bring it.';
  try {
    const external = process.env.PANX_LIBTENSORFLOW;
    if (external) {
      const found = ready('external', externalLibraries(external));
      if (found) return { engine: found };
      return {
        missing: {
          why: `the addon for ${external} is not compiled yet`,
          hint: 'Run `panx setup` to compile it.',
          broken: false,
        },
      };
    }
    for (const variant of (await hasNvidiaDriver()) ? (['cuda', 'cpu'] as const) : (['cpu'] as const)) {
      const plan = planEngine(process, variant);
      const found = (await isWhole(engineFolder(plan))) && ready(variant, cachedLibraries(plan));
      if (found) return { engine: found };
    }
    return { missing: { why: 'TensorFlow is not set up', hint: setUp, broken: false } };
  } catch (error) {
    if (!(error instanceof PanxError)) throw error;
    return {
      missing: {
        why: error.message.replace(/\.$/, ''),
        hint: error.hint ?? setUp,
        broken: Boolean(process.env.PANX_LIBTENSORFLOW),
      },
    };
  }
}

/**
 * Bring the engine: TensorFlow's libraries by pip into the cache, checked, then the addon compiled against them, then
 * links in node_modules. Each part appears whole by a rename, so a run that was killed is repaired by another; of two
 * processes at once the second waits. Where all is there this takes milliseconds.
 *
 * @param options.device which build; `auto` takes CUDA's where there is an NVIDIA GPU, and the CPU's where that fails.
 * @param options.force bring and compile again what is there.
 * @throws PanxError with the reason and the remedy where a part cannot be had.
 */
export async function provisionEngine(options: { device: 'auto' | Variant; force: boolean }): Promise<ReadyEngine> {
  if (process.env.PANX_LIBTENSORFLOW)
    return await finish('external', externalLibraries(process.env.PANX_LIBTENSORFLOW), options.force);
  if (options.device !== 'auto') return await provisionVariant(options.device, options.force);
  const gpu = (await hasNvidiaDriver()) ? (await readHardware()).gpu : null;
  if (gpu === null) return await provisionVariant('cpu', options.force);
  try {
    return await provisionVariant('cuda', options.force);
  } catch (error) {
    if (!(error instanceof PanxError)) throw error;
    notice(`TensorFlow for the ${gpu.name} cannot be had: ${error.message} Going on with TensorFlow for the CPU.`);
    return await provisionVariant('cpu', options.force);
  }
}

async function provisionVariant(variant: Variant, force: boolean): Promise<ReadyEngine> {
  const plan = planEngine(process, variant);
  if (force || !(await isWhole(engineFolder(plan)))) {
    await locked(plan.key, async () => {
      if (force || !(await isWhole(engineFolder(plan)))) await bringLibraries(plan);
    });
  }
  return await finish(variant, cachedLibraries(plan), force);
}

/** Compile the addon where it is missing, and link it. */
async function finish(variant: ReadyEngine['variant'], libraries: Libraries, force: boolean): Promise<ReadyEngine> {
  const addon = addonFolder(libraries);
  if (force || !hasAddon(addon)) {
    await locked(`${variant}-addon`, async () => {
      if (!force && hasAddon(addon)) return;
      const startedMs = Date.now();
      notice('Compiling TensorFlow.js’s native addon (about 10 s).');
      await compileAddon(libraries);
      notice(`  compiled in ${secondsSince(startedMs)}`);
    });
  }
  await linkAddon(addon, libraries);
  return { variant, libraries, addon };
}

/** Bring the wheels, unpack what is needed of them into a temporary folder, and put that in place as a whole. */
async function bringLibraries(plan: EnginePlan): Promise<void> {
  const folder = engineFolder(plan);
  const wheelFolder = `${folder}.wheels`;
  await removeLeftovers(plan);
  await checkRoom(plan);
  const startedMs = Date.now();
  notice(`Setting up TensorFlow ${tensorflowVersion} (${plan.variant}) in ${folder}`);
  const wheels = await download([plan.requirement], wheelFolder);
  if (plan.extra !== null) {
    const requirements = requirementsOfExtra(await readDistInfo(wheels[0]!, 'METADATA'), plan.extra);
    wheels.push(...(await download(requirements, wheelFolder)));
  }

  const work = temporaryNeighbour(folder);
  try {
    const files: UnpackedFile[] = [];
    for (const wheel of wheels) {
      const startedMs = Date.now();
      const unpacked = await unpackWheel(wheel, work, keepsFile, (done, of) => {
        progress(`  unpacking and checking: ${formatBytes(done)} of ${formatBytes(of)}`);
      }).catch(async error => {
        await rm(wheel, { force: true }); // The next run brings it anew.
        throw error;
      });
      const bytes = unpacked.reduce((sum, file) => sum + file.size, 0);
      progress(
        `  unpacked and checked ${unpacked.length} files, ${formatBytes(bytes)}, in ${secondsSince(startedMs)}`,
        { done: true },
      );
      files.push(...unpacked);
    }
    const marker: Marker = { tensorflow: tensorflowVersion, requirement: plan.requirement, files };
    await writeJson(join(work, markerFile), marker);
    await rm(folder, { recursive: true, force: true });
    await rename(work, folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  await rm(wheelFolder, { recursive: true, force: true });
  notice(`  TensorFlow ${tensorflowVersion} is in place after ${secondsSince(startedMs)}`);
}

async function download(requirements: readonly string[], folder: string): Promise<string[]> {
  const startedMs = Date.now();
  const what = requirements.length === 1 ? requirements[0] : `${requirements.length} wheels of CUDA libraries`;
  notice(`  downloading ${what} by pip`);
  const wheels = await downloadWheels(requirements, folder, (bytes, ofBytes) => {
    const of = ofBytes === null ? '' : ` of ${formatBytes(ofBytes)}`;
    progress(`  downloading: ${formatBytes(bytes)}${of}, ${secondsSince(startedMs)}`);
  });
  const bytes = wheels.reduce((sum, path) => sum + statSync(path).size, 0);
  progress(`  downloaded ${formatBytes(bytes)} in ${secondsSince(startedMs)}`, { done: true });
  return wheels;
}

/** `engine.json`, written last into a folder that is renamed into place: what lies there and what it must look like. */
interface Marker {
  tensorflow: string;
  requirement: string;
  files: UnpackedFile[];
}

const markerFile = 'engine.json';

/** True where the folder holds what its marker says; of the libraries the sizes are compared too. */
async function isWhole(folder: string): Promise<boolean> {
  let marker: Marker;
  try {
    marker = JSON.parse(await readFile(join(folder, markerFile), 'utf8')) as Marker;
  } catch {
    return false;
  }
  const libraries = marker.files.filter(({ path }) => !path.startsWith('tensorflow/include/'));
  const sizes = await Promise.all(
    libraries.map(({ path }) =>
      stat(join(folder, path)).then(
        ({ size }) => size,
        () => -1,
      ),
    ),
  );
  return libraries.length > 0 && sizes.every((size, i) => size === libraries[i]!.size);
}

function engineHome(): string {
  return join(resolve(panxCacheDir()), 'engine');
}

function engineFolder(plan: EnginePlan): string {
  return join(engineHome(), plan.key);
}

function ready(variant: ReadyEngine['variant'], libraries: Libraries): ReadyEngine | null {
  const addon = addonFolder(libraries);
  return hasAddon(addon) ? { variant, libraries, addon } : null;
}

function cachedLibraries(plan: EnginePlan): Libraries {
  const folder = engineFolder(plan);
  const nvidia = [
    'cublas',
    'cuda_cupti',
    'cuda_nvrtc',
    'cuda_runtime',
    'cudnn',
    'cufft',
    'curand',
    'cusolver',
    'cusparse',
    'nccl',
    'nvjitlink',
  ];
  return {
    include: join(folder, 'tensorflow', 'include'),
    libraries: ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'].map(name => join(folder, 'tensorflow', name)),
    relocatable: true,
    addonHome: folder,
    cudaFolders: plan.variant === 'cuda' ? nvidia.map(name => join(folder, 'nvidia', name, 'lib')) : [],
    identity: plan.key,
  };
}

/** The TensorFlow of PANX_LIBTENSORFLOW: a libtensorflow archive, or the `tensorflow` folder of a Python installation. */
export function externalLibraries(dir: string): Libraries {
  const root = resolve(dir);
  const find = (names: string[]) =>
    [root, join(root, 'lib')].flatMap(folder => names.map(name => join(folder, name))).find(path => existsSync(path));
  const main = find(['libtensorflow_cc.so.2', 'libtensorflow.so.2', 'libtensorflow.so']);
  const framework = find(['libtensorflow_framework.so.2', 'libtensorflow_framework.so']);
  const include = join(root, 'include');
  const absent = [
    ...(main ? [] : ['libtensorflow_cc.so.2 or libtensorflow.so (in it or in its lib)']),
    ...(framework ? [] : ['libtensorflow_framework.so.2']),
    ...(existsSync(join(include, 'tensorflow', 'c', 'c_api.h')) ? [] : ['include/tensorflow/c/c_api.h']),
  ];
  if (!main || !framework || absent.length > 0) {
    throw new PanxError(`PANX_LIBTENSORFLOW is ${dir}, and there is no ${absent.join(', no ')} in it.`, {
      hint: 'Set it to a folder that has them, or unset it: `panx setup` then brings TensorFlow itself.',
    });
  }
  const { size, mtimeMs } = statSync(main);
  return {
    include,
    libraries: [main, framework],
    relocatable: false,
    addonHome: join(engineHome(), 'external'),
    cudaFolders: [],
    identity: JSON.stringify([main, size, mtimeMs]),
  };
}

/** Run `action` alone among processes on this cache, saying so where another one is at it. */
async function locked(name: string, action: () => Promise<void>): Promise<void> {
  const home = engineHome();
  try {
    await mkdir(home, { recursive: true });
  } catch (error) {
    throw cannotWrite(home, error);
  }
  let said = false;
  const onWaiting = () => {
    if (!said) notice('Another process is setting up the engine; waiting for it.');
    said = true;
  };
  await withLock(join(home, `${name}.lock`), onWaiting, action);
}

/** Temporary folders of runs that were killed: whoever holds the lock is the only one at work. */
async function removeLeftovers(plan: EnginePlan): Promise<void> {
  const names = (await readdir(engineHome())).filter(name => name.startsWith(`${plan.key}.`) && name.endsWith('.tmp'));
  for (const name of names) await rm(join(engineHome(), name), { recursive: true, force: true });
}

async function checkRoom(plan: EnginePlan): Promise<void> {
  const { bavail, bsize } = await statfs(engineHome());
  if (bavail * bsize < plan.diskBytes) {
    throw new PanxError(
      `${engineHome()} has ${formatBytes(bavail * bsize)} free, and setting up TensorFlow (${plan.variant}) takes ${formatBytes(plan.diskBytes)}.`,
      { hint: 'Make room, or set PANX_CACHE to a folder on another disk.' },
    );
  }
}

function secondsSince(startedMs: number): string {
  return formatSeconds((Date.now() - startedMs) / 1000);
}
