import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type Engine, reproducibility } from '../backend/engine.js';
import { readHardware } from '../backend/hardware.js';
import type { Precision } from '../backend/precision.js';
import type { SourceFile } from '../data/corpus.js';
import { PanxError } from '../errors.js';
import { testMetric } from '../evaluation/score.js';
import type { Checksums } from '../run/checksums.js';
import { readJson, writeJson } from '../run/files.js';
import { packageRoot, readPackage } from '../run/package.js';
import { trainId } from './identity.js';
import type { StageRequest } from './stage.js';

/** Where a run's numbers come from: environment.json. Unlike the results it differs from machine to machine. */
export interface Environment {
  panx: { version: string; git: GitState | null };
  node: string;
  /** The packages that panx is built on, with their versions. */
  libraries: Record<string, string>;
  engine: Omit<Engine, 'why' | 'bf16'> & { precision: Precision };
  /** Whether the engine promises the same bytes again, in words. */
  repeatable: string;
  machine: Record<string, unknown>;
  /** What was trained from what (a sweep's protocol and stage, or `train`), and how it was scored. */
  protocol: { stage: string; curriculum: string | null; metric: string };
  startFrom: { folder: string; files: Checksums };
  data: { folder: string; files: Checksums };
  /** The processes that worked on the run: one, and one more each time it was gone on with. */
  sessions: { command: string[]; startedAt: string; fromStep: number }[];
}

/** The commit that panx was built from, where it lies in a git repository. */
export interface GitState {
  commit: string;
  /** Whether files differ from that commit. */
  changed: boolean;
}

/**
 * Write environment.json. Of a run that is gone on with, the earlier sessions stay in it.
 *
 * @returns how the engine differs from the earlier sessions', in words, where it does: bytes may then differ from an unbroken run's
 * @throws PanxError where an earlier session computed with another engine, whose dropout draws other numbers
 */
export async function writeEnvironment(
  path: string,
  engine: Engine & { precision: Precision },
  request: StageRequest,
  files: readonly SourceFile[],
  fromStep: number,
  git: GitState | null,
): Promise<string | null> {
  const earlier = request.resume && existsSync(path) ? await readJson<Environment>(path) : null;
  if (earlier !== null) refuseOtherEngine(earlier.engine, engine);
  const { cpu, cores, features, gpu, memoryBytes } = await readHardware();
  const { name, version, device, threads, operations, precision } = engine;
  const { id, start } = request.identity;
  const environment: Environment = {
    panx: { version: readPackage().version, git },
    node: process.version,
    libraries: readPackage().dependencies,
    engine: { name, version, device, threads, operations, precision },
    repeatable: reproducibility(engine).found,
    machine: { cpu, cores, features, gpu, memoryBytes },
    protocol: {
      stage: 'stage' in start ? `${id}, from ${start.stage}` : id,
      curriculum: id === trainId ? null : request.config.sweep.protocol,
      metric: testMetric,
    },
    startFrom: { folder: resolve(request.startFrom), files: request.startFiles },
    data: {
      folder: resolve(request.dataDir),
      files: Object.fromEntries(
        files.map(({ path: file, sha256 }) => [relative(request.dataDir, file).replaceAll('\\', '/'), sha256]),
      ),
    },
    sessions: [
      ...(earlier?.sessions ?? []),
      { command: process.argv.slice(2), startedAt: new Date().toISOString(), fromStep },
    ],
  };
  await writeJson(path, environment);
  return earlier === null ? null : engineDifference(earlier.engine, engine);
}

/** How two engines differ in what the bytes of a result may depend on, in words; null where they do not. */
export function engineDifference(there: Environment['engine'], now: Environment['engine']): string | null {
  const text = ({ name, version, device, threads, operations, precision }: Environment['engine']) =>
    `${name} ${version} on ${device} (${threads === null ? '' : `threads: ${threads}, `}operations: ${operations}, ${precision})`;
  return text(there) === text(now) ? null : `begun with ${text(there)}, now ${text(now)}`;
}

function refuseOtherEngine(there: Environment['engine'], now: Environment['engine']): void {
  // Each of the engines and operations draws dropout from streams of its own.
  const kind = ({ name, operations, precision }: Environment['engine']) =>
    `${name} with ${operations.split(' ')[0]} operations in ${precision}`;
  if (kind(there) === kind(now)) return;
  throw new PanxError(`The run was begun with ${kind(there)}, and this process computes with ${kind(now)}.`, {
    hint: 'Go on on a machine set up like the first (`panx doctor`, --backend, --precision), or start anew (panx train: with --force).',
  });
}

/** The state of panx's own repository; null where panx was installed as a package, or there is no git. */
export async function gitState(): Promise<GitState | null> {
  if (!existsSync(`${packageRoot}.git`)) return null;
  const git = async (...args: string[]) =>
    (await promisify(execFile)('git', ['-C', packageRoot, ...args])).stdout.trim();
  try {
    const [commit, changes] = await Promise.all([git('rev-parse', 'HEAD'), git('status', '--porcelain')]);
    return { commit, changed: changes !== '' };
  } catch {
    return null;
  }
}
