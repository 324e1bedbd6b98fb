import { PanxError } from '../../errors.js';

/** The TensorFlow release whose libraries panx runs on. A native addon belongs to one release, so it is pinned here alone. */
export const tensorflowVersion = '2.21.0';

/** Which build of TensorFlow: `cuda` computes on an NVIDIA GPU, `cpu` is a quarter of the download. */
export type Variant = 'cpu' | 'cuda';

/** Everything about provisioning that follows from the machine alone, so that it can be checked without such a machine. */
export interface EnginePlan {
  variant: Variant;
  /** Folder name under `<cache>/engine`. */
  key: string;
  /** What pip is asked for, such as `tensorflow-cpu==2.21.0`. */
  requirement: string;
  /** The extra of that wheel whose requirements are brought too (CUDA's libraries as wheels), or null. */
  extra: string | null;
  /** Disk that the work takes at its peak: wheels and unpacked files side by side. */
  diskBytes: number;
}

/**
 * What to bring for a machine.
 *
 * @param machine Node.js's names: `linux`, `x64`.
 * @throws PanxError where there is no TensorFlow wheel that panx can use.
 */
export function planEngine(machine: { platform: string; arch: string }, variant: Variant): EnginePlan {
  if (machine.platform !== 'linux' || !(machine.arch in wheelArchitectures)) {
    throw new PanxError(
      `panx brings TensorFlow for Linux on x64 and arm64, and this is ${machine.platform} on ${machine.arch}.`,
      { hint: 'Set PANX_LIBTENSORFLOW to the folder of an installed libtensorflow, or use --backend wasm.' },
    );
  }
  // The arm64 CPU build is published under the plain name; on x64 that name is the CUDA build.
  const name = variant === 'cpu' && machine.arch === 'x64' ? 'tensorflow-cpu' : 'tensorflow';
  return {
    variant,
    key: `tensorflow-${tensorflowVersion}-${variant}-${machine.platform}-${machine.arch}`,
    requirement: `${name}==${tensorflowVersion}`,
    extra: variant === 'cuda' ? 'and-cuda' : null,
    diskBytes: variant === 'cuda' ? 12e9 : 1.4e9,
  };
}

/**
 * Arguments of `python3 -m pip download` for requirements, in the order in which to try them: first as the running
 * Python sees the index, then as each CPython that TensorFlow has wheels for, since the libraries inside are the same.
 */
export function pipDownloads(requirements: readonly string[], folder: string, arch: string): string[][] {
  const common = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--progress-bar', 'off'];
  const target = ['--dest', folder, ...requirements];
  // pip takes a platform literally, so every glibc floor that a wheel may name is listed.
  const platforms = [
    'manylinux_2_17',
    'manylinux2014',
    'manylinux_2_24',
    'manylinux_2_26',
    'manylinux_2_27',
    'manylinux_2_28',
  ];
  const foreign = platforms.flatMap(name => ['--platform', `${name}_${wheelArchitectures[arch] ?? arch}`]);
  return [
    [...common, ...target],
    ...['3.13', '3.12', '3.11', '3.10'].map(python => [
      ...common,
      ...[
        '--python-version',
        python,
        '--implementation',
        'cp',
        '--abi',
        `cp${python.replace('.', '')}`,
        '--abi',
        'none',
      ],
      ...foreign,
      ...target,
    ]),
  ];
}

const wheelArchitectures: Record<string, string> = { x64: 'x86_64', arm64: 'aarch64' };

/**
 * Requirements that a wheel's METADATA lists under an extra, without the marker:
 * `Requires-Dist: nvidia-cublas-cu12<13.0,>=12.5.3.2; extra == "and-cuda"` -> `nvidia-cublas-cu12<13.0,>=12.5.3.2`.
 */
export function requirementsOfExtra(metadata: string, extra: string): string[] {
  const lines = metadata.matchAll(/^Requires-Dist:\s*([^;\n]+);\s*extra\s*==\s*["']([^"']+)["']\s*$/gm);
  return [...lines].filter(([, , of]) => of === extra).map(([, requirement]) => requirement!.trim());
}

/**
 * Whether a file of a wheel is kept: the two libraries, CUDA's libraries and compiler files, and the headers that a
 * custom TensorFlow operation needs (52 of 268 MB: without the bundled third parties' and the compilers' own headers).
 */
export function keepsFile(path: string): boolean {
  if (/^tensorflow\/libtensorflow_(cc|framework)\.so(\.\d+)*$/.test(path)) return true;
  if (path.startsWith('nvidia/')) return !path.includes('/include/') && !path.endsWith('.py');
  if (!path.startsWith('tensorflow/include/')) return false;
  return !/^tensorflow\/include\/(external\/|tensorflow\/compiler\/|xla\/(?!tsl\/))/.test(path);
}
