import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { PanxError } from '../../errors.js';
import { makeFolder, replaceFolder } from '../../system/files.js';
import { temporaryNeighbour } from '../../system/temporary.js';
import { run } from './program.js';
import { stderrSwitchSource } from './stderr-switch.js';

const require = createRequire(import.meta.url);

/** A TensorFlow on disk: what the addon is compiled against and what it loads. */
export interface Libraries {
  /** Folder of the headers: holds `tensorflow/c/c_api.h`. */
  include: string;
  /** The shared libraries to link, full paths; the loader finds them in these folders again. */
  libraries: string[];
  /** True where the libraries lie in the cache beside the addon, so that the addon finds them relative to itself. */
  relocatable: boolean;
  /** Folder under which compiled addons are kept. */
  addonHome: string;
  /** CUDA's library folders, searched too; empty for a CPU build. */
  cudaFolders: string[];
  /** Changes where the libraries do. */
  identity: string;
}

/** The folder that the compiled addon for these libraries has: one per addon source, N-API version and libraries. */
export function addonFolder(libraries: Libraries): string {
  const hash = createHash('sha256').update(JSON.stringify([libraries.identity, napiVersion, stderrSwitchSource]));
  for (const name of [...addonSources, ...addonHeaders])
    hash.update(readFileSync(join(tfjsNodeFolder(), 'binding', name)));
  return join(libraries.addonHome, `addon-${hash.digest('hex').slice(0, 16)}`);
}

/** True where the addon is compiled: its folder appears by a rename, with all in it. */
export function hasAddon(folder: string): boolean {
  return existsSync(join(folder, addonFile)) && existsSync(join(folder, stderrSwitchFile));
}

export const addonFile = 'tfjs_binding.node';
export const stderrSwitchFile = 'stderr_switch.node';

/**
 * Compile tfjs-node's addon unchanged against these libraries (9 s), and panx's stderr switch beside it. Its sources
 * need only Node-API, whose headers are a package, so neither node-gyp nor Node.js's own headers are needed.
 *
 * @throws PanxError where there is no C++ compiler, or with the compiler's first error.
 */
export async function compileAddon(libraries: Libraries): Promise<void> {
  const folder = addonFolder(libraries);
  const work = temporaryNeighbour(folder);
  for (const name of await readdir(libraries.addonHome).catch(() => [])) {
    // Left by compilations that were killed: whoever compiles holds the lock.
    if (/^addon-.*\.tmp$/.test(name)) await rm(join(libraries.addonHome, name), { recursive: true, force: true });
  }
  makeFolder(work);
  try {
    await writeFile(join(work, 'stderr_switch.cc'), stderrSwitchSource);
    const compiler = await findCompiler();
    const headers = join(dirname(require.resolve('node-api-headers/package.json')), 'include');
    const runs = compilerRuns({ libraries, folder, work, headers, tfjsNode: tfjsNodeFolder() });
    for (const args of runs) {
      // In its own temporary folder: the system's may be full.
      const { code, output } = await run(compiler, args, { ...process.env, TMPDIR: work });
      if (code !== 0) {
        const line = output.split('\n').find(line => /error|cannot find/i.test(line)) ?? output.trim();
        throw new PanxError(`${compiler} could not compile TensorFlow.js's addon: ${line.slice(0, 300)}`, {
          hint: `The headers are those in ${libraries.include}; the compiler must know C++17.`,
        });
      }
    }
    await replaceFolder(work, folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The compiler's arguments: first the stderr switch, then the addon. Pure, so that a test sees what no machine here runs. */
export function compilerRuns(from: {
  libraries: Libraries;
  folder: string;
  work: string;
  headers: string;
  tfjsNode: string;
}): string[][] {
  const { libraries, folder, work, headers, tfjsNode } = from;
  const common = [
    '-O2',
    '-std=c++17',
    '-shared',
    '-fPIC',
    `-DNAPI_VERSION=${napiVersion}`,
    '-DBUILDING_NODE_EXTENSION',
    `-I${headers}`,
  ];
  const searched = [...new Set(libraries.libraries.map(path => dirname(path))), ...libraries.cudaFolders];
  const rpaths = searched.map(path => (libraries.relocatable ? `$ORIGIN/${relative(folder, path)}` : path));
  const binding = join(tfjsNode, 'binding');
  return [
    [
      ...common,
      '-DNODE_GYP_MODULE_NAME=stderr_switch',
      join(work, 'stderr_switch.cc'),
      '-o',
      join(work, stderrSwitchFile),
    ],
    [
      ...common,
      '-DNODE_GYP_MODULE_NAME=tfjs_binding',
      `-I${tfjsNode}`,
      `-I${binding}`,
      `-I${libraries.include}`,
      ...addonSources.map(name => join(binding, name)),
      ...['-o', join(work, addonFile)],
      ...libraries.libraries,
      ...rpaths.map(path => `-Wl,-rpath,${path}`),
      // The old kind of rpath counts for what the libraries open by name later, too, as CUDA's are.
      ...(libraries.cudaFolders.length > 0 ? ['-Wl,--disable-new-dtags'] : []),
    ],
  ];
}

/** The installed package @tensorflow/tfjs-node-gpu, links resolved. */
export function tfjsNodeFolder(): string {
  return realpathSync(dirname(require.resolve('@tensorflow/tfjs-node-gpu/package.json')));
}

/** The C++ compiler's name. @throws PanxError where there is none. */
export async function findCompiler(): Promise<string> {
  const candidates = process.env.CXX ? [process.env.CXX] : ['g++', 'c++', 'clang++'];
  for (const name of candidates) {
    const found = await run(name, ['--version'], process.env).catch(() => null);
    if (found?.code === 0) return name;
  }
  throw new PanxError(
    `No C++ compiler is installed (looked for ${candidates.join(', ')}); the engine's addon is compiled here.`,
    {
      hint: 'Install one (Debian: apt install g++) and run `panx setup` again.',
    },
  );
}

/** The newest Node-API that tfjs-node knows; every Node.js from 18 on has it. */
const napiVersion = 8;
const addonSources = ['tfjs_backend.cc', 'tfjs_binding.cc'];
const addonHeaders = [
  'napi_auto_ref.h',
  'tf_auto_status.h',
  'tf_auto_tensor.h',
  'tfe_auto_op.h',
  'tfjs_backend.h',
  'utils.h',
];
