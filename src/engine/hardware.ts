import { execFile } from 'node:child_process';
import { access, readFile } from 'node:fs/promises';
import { arch, cpus, platform, totalmem } from 'node:os';
import { promisify } from 'node:util';
import { PanxError } from '../errors.js';
import { usableCores } from './usable-cores.js';

/** What there is to compute on. */
export interface Hardware {
  cpu: string;
  /** Cores that this process may use (usable-cores.ts). */
  cores: number;
  /** Those of the instruction sets that matter here which the CPU has, by the kernel's names: avx2, avx512_bf16, ... */
  features: string[];
  /** The first NVIDIA GPU that its driver reports, else null. */
  gpu: Gpu | null;
  /** Whether there are bfloat16 matrix instructions: GPU of compute capability 8.0 on, else CPU with BF16 or AMX. */
  bf16: boolean;
  /** Memory that this process may use: the machine's or its container's, whichever is less. */
  memoryBytes: number;
}

export interface Gpu {
  name: string;
  driver: string;
  memoryBytes: number;
  /** CUDA compute capability, such as 9.0; 0 where the driver does not tell. */
  computeCapability: number;
}

/** Look at this machine. Takes a millisecond without an NVIDIA driver, and what `nvidia-smi` takes with one. */
export async function readHardware(): Promise<Hardware> {
  const [{ model, features }, gpu, { cores }] = await Promise.all([readCpu(), readGpu(), usableCores()]);
  const limit = process.constrainedMemory() ?? 0; // 0, or a number above any memory, where there is no limit
  return {
    cpu: model,
    cores,
    features,
    gpu,
    bf16: hasBf16(features, gpu),
    memoryBytes: limit > 0 ? Math.min(limit, totalmem()) : totalmem(),
  };
}

/** Whether a GPU, or where that is null a CPU of these instruction sets, has bfloat16 matrix instructions. */
export function hasBf16(features: readonly string[], gpu: Gpu | null): boolean {
  return gpu ? gpu.computeCapability >= 8 : features.some(feature => bf16Features.has(feature));
}

/** Instruction sets worth naming: what TensorFlow's CPU kernels and panx's own choose between. */
const notableFeatures = ['avx2', 'fma', 'avx512f', 'avx512_vnni', 'avx512_bf16', 'amx_bf16', 'asimd', 'sve', 'bf16'];
const bf16Features = new Set(['avx512_bf16', 'amx_bf16', 'bf16']);

async function readCpu(): Promise<{ model: string; features: string[] }> {
  const model = cpus()[0]?.model.trim() ?? '';
  const text = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  const found = parseCpuInfo(text);
  const without = withoutFeatures(process.env.PANX_CPU_WITHOUT ?? '');
  return {
    model: found.model || model || `${arch()} CPU`,
    features: found.features.filter(feature => !without.includes(feature)),
  };
}

/**
 * Instruction sets that panx is to do without, from PANX_CPU_WITHOUT ("avx512_vnni,avx512_bf16"): to see on a CPU that has them what one
 * without them gets. TensorFlow itself asks the CPU.
 *
 * @throws PanxError for one that does not matter here
 */
export function withoutFeatures(list: string): string[] {
  const names = list.split(',').filter(name => name !== '');
  const unknown = names.find(name => !notableFeatures.includes(name));
  if (unknown === undefined) return names;
  throw new PanxError(`PANX_CPU_WITHOUT names ${unknown}; expected some of ${notableFeatures.join(', ')}.`);
}

/** Model name and notable instruction sets from Linux's /proc/cpuinfo (x86: "flags", arm64: "Features"). */
export function parseCpuInfo(text: string): { model: string; features: string[] } {
  const field = (name: string) => new RegExp(`^${name}\\s*:\\s*(.*)$`, 'm').exec(text)?.[1]?.trim() ?? '';
  const flags = new Set((field('flags') || field('Features')).split(/\s+/));
  return { model: field('model name'), features: notableFeatures.filter(feature => flags.has(feature)) };
}

/** True where an NVIDIA driver is loaded; costs a look at the file system. */
export async function hasNvidiaDriver(): Promise<boolean> {
  if (platform() !== 'linux') return false;
  const signs = ['/proc/driver/nvidia/version', '/dev/nvidiactl', '/usr/lib/wsl/lib/nvidia-smi'];
  const found = await Promise.all(
    signs.map(path =>
      access(path)
        .then(() => true)
        .catch(() => false),
    ),
  );
  return found.includes(true);
}

async function readGpu(): Promise<Gpu | null> {
  if (!(await hasNvidiaDriver())) return null;
  const query = ['--query-gpu=name,driver_version,memory.total,compute_cap', '--format=csv,noheader,nounits'];
  try {
    const { stdout } = await promisify(execFile)('nvidia-smi', query, { timeout: 10_000 });
    return parseNvidiaSmi(stdout);
  } catch {
    return null; // A driver without a usable GPU: TensorFlow will not use one either.
  }
}

/** The first GPU of `nvidia-smi --query-gpu=name,driver_version,memory.total,compute_cap --format=csv,noheader,nounits`. */
export function parseNvidiaSmi(csv: string): Gpu | null {
  const [name, driver, mebibytes, capability] = (csv.split('\n')[0] ?? '').split(',').map(cell => cell.trim());
  if (!name || !driver || !Number(mebibytes)) return null;
  return { name, driver, memoryBytes: Number(mebibytes) * 2 ** 20, computeCapability: Number(capability) || 0 };
}
