import { existsSync, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { PanxError } from '../../errors.js';
import { readBounded } from '../../system/bounded-file.js';
import { panxCacheDir } from '../../system/cache.js';
import {
  arrayOf,
  checkJson,
  insidePath,
  integer,
  number,
  object,
  type Shape,
  sha256Text,
  text,
} from '../../system/checked-json.js';
import { sha256OfFile, writeJson } from '../../system/files.js';
import { isObject } from '../../system/json.js';
import { hasNvidiaDriver } from '../hardware.js';
import { addonFolder, hasAddon, type Libraries } from './addon.js';
import { type EnginePlan, planEngine, tensorflowVersion, type Variant } from './engine-plan.js';
import type { UnpackedFile } from './wheel.js';

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

/** `engine.json`, written last into a folder that is renamed into place: what lies there and what it must look like. */
interface Marker {
  tensorflow: string;
  requirement: string;
  /** When each library was last seen to be right; the headers' times are not looked at. */
  files: (UnpackedFile & { mtimeMs: number })[];
}

const markerFile = 'engine.json';

const headers = 'tensorflow/include/';
const fileShape = object({ path: insidePath, size: integer({ min: 0 }), sha256: sha256Text, mtimeMs: number() });

const markerShape: Shape<Marker> = object({
  tensorflow: text(),
  requirement: text(),
  // Thousands of them are headers, which nobody looks at again: a look at each would take every command 10 ms.
  files: arrayOf(file => (isHeader(file) ? (file as Marker['files'][number]) : fileShape(file))),
});

function isHeader(file: unknown): boolean {
  return isObject(file) && typeof file.path === 'string' && file.path.startsWith(headers);
}

/** True where the folder holds the libraries that its marker lists, of the same sizes. */
export async function isWhole(folder: string): Promise<boolean> {
  const marker = await readMarker(folder);
  return marker !== null && (await statLibraries(folder, marker)).every(({ file, now }) => now?.size === file.size);
}

/**
 * `isWhole`, and where a library was touched since it was unpacked its SHA-256 is compared as well (0.6 s); the new time
 * is then noted, so that a cache that was copied to another machine costs this once.
 */
export async function isUndamaged(folder: string): Promise<boolean> {
  const marker = await readMarker(folder);
  if (marker === null) return false;
  let touched = false;
  for (const { file, now } of await statLibraries(folder, marker)) {
    if (now?.size !== file.size) return false;
    if (now.mtimeMs === file.mtimeMs) continue;
    if ((await sha256OfFile(join(folder, file.path))) !== file.sha256) return false;
    file.mtimeMs = now.mtimeMs;
    touched = true;
  }
  if (touched) await writeJson(join(folder, markerFile), marker).catch(() => {}); // A shared cache may be read-only.
  return true;
}

/** Note what was unpacked into a folder, before it is renamed into place. */
export async function writeMarker(
  folder: string,
  requirement: string,
  unpacked: readonly UnpackedFile[],
): Promise<void> {
  const dated = unpacked.map(async file => ({ ...file, mtimeMs: (await stat(join(folder, file.path))).mtimeMs }));
  const marker: Marker = { tensorflow: tensorflowVersion, requirement, files: await Promise.all(dated) };
  await writeJson(join(folder, markerFile), marker);
}

async function readMarker(folder: string): Promise<Marker | null> {
  try {
    const path = join(folder, markerFile);
    // Without a look at how deep it nests, which takes as long again: the shape goes no deeper than panx writes.
    const content = JSON.parse((await readBounded(path, largestMarker)).toString()) as unknown;
    const marker = checkJson(content, markerShape, path);
    return marker.files.length > 0 ? marker : null;
  } catch {
    return null; // What lies there is brought anew.
  }
}

/** It is 0.8 MB. */
const largestMarker = 20_000_000;

async function statLibraries(folder: string, marker: Marker) {
  const libraries = marker.files.filter(({ path }) => !path.startsWith(headers));
  return await Promise.all(
    libraries.map(async file => ({ file, now: await stat(join(folder, file.path)).catch(() => null) })),
  );
}

/** Folder of all engines in the cache. */
export function engineHome(): string {
  return join(resolve(panxCacheDir()), 'engine');
}

/** Folder of a plan's libraries: `tensorflow/` and, with CUDA, `nvidia/`, as the wheels have them, so that their own rpaths hold. */
export function engineFolder(plan: EnginePlan): string {
  return join(engineHome(), plan.key);
}

function ready(variant: ReadyEngine['variant'], libraries: Libraries): ReadyEngine | null {
  const addon = addonFolder(libraries);
  return hasAddon(addon) ? { variant, libraries, addon } : null;
}

/** The libraries that a plan brings. */
export function cachedLibraries(plan: EnginePlan): Libraries {
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
