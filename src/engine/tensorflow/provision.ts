import { statSync } from 'node:fs';
import { access, constants, lstat, readdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, PanxError } from '../../errors.js';
import { formatBytes, formatSeconds, notice, progress } from '../../system/console.js';
import { cannotWrite, makeFolder, reasonOf, replaceFolder } from '../../system/files.js';
import { temporaryNeighbour } from '../../system/temporary.js';
import { withLock } from '../../system/waiting-lock.js';
import { hasNvidiaDriver, readHardware } from '../hardware.js';
import { addonFolder, compileAddon, hasAddon, type Libraries } from './addon.js';
import {
  type EnginePlan,
  keepsFile,
  planEngine,
  requirementsOfExtra,
  tensorflowVersion,
  type Variant,
} from './engine-plan.js';
import { compileFused, fusedFolder, wasCompiled } from './fused-library.js';
import {
  cachedLibraries,
  engineFolder,
  engineHome,
  externalLibraries,
  isUndamaged,
  type ReadyEngine,
  writeMarker,
} from './installed-engine.js';
import { downloadWheels } from './pip.js';
import { readDistInfo, type UnpackedFile, unpackWheel } from './wheel.js';

export interface EngineWish {
  /** Which build; `auto` takes CUDA's where there is an NVIDIA GPU, and the CPU's where that cannot be had. */
  device: 'auto' | Variant;
  /** Bring and compile again what is there. */
  force: boolean;
}

/**
 * Bring TensorFlow's libraries by pip into the cache, check them, and compile the addon against them. Each part appears
 * whole by a rename, so a run that was killed is repaired by another; of two processes at once the second waits. Where
 * all is there this takes milliseconds.
 *
 * @throws PanxError, also where the cache belongs to someone else or is full: nothing of it is lost then
 */
export async function bringEngine(wish: EngineWish): Promise<ReadyEngine> {
  try {
    return await bring(wish);
  } catch (error) {
    const { path = engineHome(), syscall } = error as NodeJS.ErrnoException;
    if (error instanceof PanxError || syscall === undefined) throw error;
    throw new PanxError(`The engine cannot be set up: ${path}: ${reasonOf(error)}.`, { hint: ownCache, cause: error });
  }
}

const ownCache = 'Set PANX_CACHE to a folder of your own, on a disk that has room.';

async function bring({ device, force }: EngineWish): Promise<ReadyEngine> {
  const external = process.env.PANX_LIBTENSORFLOW;
  if (external) return await withAddon('external', externalLibraries(external), force);
  if (device !== 'auto') return await bringVariant(device, force);
  const gpu = (await hasNvidiaDriver()) ? (await readHardware()).gpu : null;
  if (gpu === null) return await bringVariant('cpu', force);
  try {
    return await bringVariant('cuda', force);
  } catch (error) {
    if (!(error instanceof PanxError)) throw error;
    notice(`TensorFlow for the ${gpu.name} cannot be had: ${error.message} Going on with TensorFlow for the CPU.`);
    return await bringVariant('cpu', force);
  }
}

async function bringVariant(variant: Variant, force: boolean): Promise<ReadyEngine> {
  const plan = planEngine(process, variant);
  if (force || !(await isUndamaged(engineFolder(plan)))) {
    await locked(plan.key, async () => {
      if (force || !(await isUndamaged(engineFolder(plan)))) await bringLibraries(plan);
    });
  }
  return await withAddon(variant, cachedLibraries(plan), force);
}

/** Compile the addon where it is missing. */
async function withAddon(variant: ReadyEngine['variant'], libraries: Libraries, force: boolean): Promise<ReadyEngine> {
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
  // On a GPU TensorFlow's own operations compute, and other processors have no level that the operations are written for.
  const fused = fusedFolder(libraries);
  if (variant !== 'cuda' && process.arch === 'x64' && (force || !wasCompiled(fused))) {
    await locked(`${variant}-fused`, async () => {
      if (!force && wasCompiled(fused)) return;
      const startedMs = Date.now();
      notice('Compiling panx’s own operations (about 20 s).');
      const failure = await compileFused(libraries);
      notice(failure === null ? `  compiled in ${secondsSince(startedMs)}` : `  ${failure}; plain operations serve.`);
    });
  }
  return { variant, libraries, addon };
}

/** Bring the wheels, unpack what is needed of them into a temporary folder, and put that in place as a whole. */
async function bringLibraries(plan: EnginePlan): Promise<void> {
  const folder = engineFolder(plan);
  const wheelFolder = `${folder}.wheels`;
  await refuseForeign(folder, engineNames);
  await refuseForeign(wheelFolder, wheelNames);
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
    await writeMarker(work, plan.requirement, files);
    await replaceFolder(work, folder);
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
    if (bytes > 0) progress(`  downloading: ${formatBytes(bytes)}${of}, ${secondsSince(startedMs)}`);
  });
  const bytes = wheels.reduce((sum, path) => sum + statSync(path).size, 0);
  progress(`  downloaded ${formatBytes(bytes)} in ${secondsSince(startedMs)}`, { done: true });
  return wheels;
}

let saidWaiting = false;

/** Run `action` alone among processes on this cache, saying so where another one is at it. */
async function locked(name: string, action: () => Promise<void>): Promise<void> {
  const home = engineHome();
  try {
    makeFolder(home);
    await access(home, constants.W_OK);
  } catch (error) {
    throw new PanxError(cannotWrite(home, error).message, { hint: ownCache, cause: error });
  }
  const onWaiting = () => {
    if (!saidWaiting) notice('Another process is setting up the engine; waiting for it.');
    saidWaiting = true;
  };
  await withLock(join(home, `${name}.lock`), onWaiting, action);
}

/** Temporary folders of runs that were killed: whoever holds the lock is the only one at work. */
async function removeLeftovers(plan: EnginePlan): Promise<void> {
  for (const name of await readdir(engineHome())) {
    const isLeftover = name.startsWith(plan.key) && /^\.\d+-[0-9a-f]+\.tmp$/.test(name.slice(plan.key.length));
    if (isLeftover) await rm(join(engineHome(), name), { recursive: true, force: true });
  }
}

/**
 * Refuse to replace what panx did not make: the cache may have been set to a folder with other things, and a link may lead to some.
 *
 * @param own names that panx makes in the folder
 */
async function refuseForeign(folder: string, own: RegExp): Promise<void> {
  const found = await lstat(folder).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  });
  if (found === null) return;
  const hint = 'Move it away, or set PANX_CACHE to another folder.';
  if (!found.isDirectory()) {
    const what = found.isSymbolicLink() ? 'a link' : 'no folder';
    throw new PanxError(`${folder} is ${what}; expected one that panx made.`, { hint });
  }
  await access(folder, constants.W_OK); // Said before hundreds of megabytes are brought.
  const foreign = (await readdir(folder)).find(name => !own.test(name));
  if (foreign !== undefined) {
    throw new PanxError(`${folder} is not replaced: it holds ${foreign}, which panx did not make.`, { hint });
  }
}

const engineNames = /^(tensorflow|nvidia|engine\.json|(addon|fused)-[0-9a-f]{16})(\.\d+-[0-9a-f]+\.tmp)?$/;
const wheelNames = /^(incoming|.+\.whl)$/;

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
