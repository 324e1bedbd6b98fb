import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Config } from '../config/schema.js';
import type { SourceFile } from '../data/corpus.js';
import { type Engine, reproducibility } from '../engine/engine.js';
import { readHardware } from '../engine/hardware.js';
import type { Precision } from '../engine/precision.js';
import { testMetric } from '../evaluation/score.js';
import {
  anything,
  arrayOf,
  boolean,
  integer,
  object,
  oneOf,
  orNull,
  readJsonAs,
  record,
  type Shape,
  text,
} from '../system/checked-json.js';
import { type Checksums, checksumsShape } from '../system/checksums.js';
import { writeJson } from '../system/files.js';
import { lossOf, recordedLoss } from '../system/outputs.js';
import { packageRoot, readPackage } from '../system/package.js';
import { type StageIdentity, trainId } from './identity.js';
import { filesInside } from './inputs.js';
import { endSplitOf } from './row-settings.js';
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
  sessions: WorkSession[];
}

/** One process's work on a run. */
interface WorkSession {
  command: string[];
  startedAt: string;
  fromStep: number;
  /** What could not be told while it worked, and from when: "from step 57 on, stderr: no space left on the disk". */
  untold?: string;
}

const versionText = text({ pattern: /^\d+\.\d+\.\d+[\w.+-]*$/, expected: 'a version such as 0.1.0' });
const folderWithFiles = object({ folder: text({ pattern: /./, expected: 'a folder' }), files: checksumsShape });

export const environmentShape: Shape<Environment> = object({
  panx: object({
    version: versionText,
    git: orNull(
      object({ commit: text({ pattern: /^[0-9a-f]{40,64}$/, expected: 'the hash of a commit' }), changed: boolean }),
    ),
  }),
  node: text(),
  libraries: record(text()),
  engine: object({
    name: oneOf('tensorflow', 'wasm'),
    version: text(),
    device: text(),
    threads: orNull(integer({ min: 1 })),
    operations: text(),
    precision: oneOf('fp32', 'bf16'),
  }),
  repeatable: text(),
  machine: record(anything),
  protocol: object({ stage: text(), curriculum: orNull(text()), metric: text() }),
  startFrom: folderWithFiles,
  data: folderWithFiles,
  sessions: arrayOf(
    object(
      {
        command: arrayOf(text()),
        startedAt: text({ pattern: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, expected: 'a time' }),
        fromStep: integer({ min: 0 }),
      },
      { untold: text() },
    ),
  ),
});

/** The commit that panx was built from, where it lies in a git repository. */
export interface GitState {
  commit: string;
  /** Whether files differ from that commit. */
  changed: boolean;
}

/**
 * Write environment.json. Of a run that is gone on with, the earlier sessions stay in it.
 *
 * @param earlier what it was before; null of a run that begins
 * @returns how the engine differs from the earlier sessions', in words, where it does: bytes may then differ from an unbroken run's
 */
export async function writeEnvironment(
  path: string,
  engine: Engine & { precision: Precision },
  request: StageRequest,
  files: readonly SourceFile[],
  fromStep: number,
  git: GitState | null,
  earlier: Environment | null,
): Promise<string | null> {
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
      curriculum: curriculumOf(request.out, request.identity, request.config),
      metric: testMetric(request.config.evaluation.limit, endSplitOf(request.config)),
    },
    startFrom: { folder: resolve(request.startFrom), files: request.startFiles },
    data: {
      folder: resolve(request.dataDir),
      files: filesInside(request.dataDir, files),
    },
    sessions: [
      ...(earlier?.sessions ?? []),
      { command: process.argv.slice(2), startedAt: new Date().toISOString(), fromStep },
    ],
  };
  await writeJson(path, environment);
  if (earlier === null) return null;
  const differences = [
    earlier.panx.version === environment.panx.version
      ? null
      : `begun with panx ${earlier.panx.version}, now ${environment.panx.version}`,
    engineDifference(earlier.engine, engine),
  ].filter(difference => difference !== null);
  return differences.length === 0 ? null : differences.join('; ');
}

/**
 * What says in environment.json, of the session that is at work, that stderr was lost.
 *
 * @returns to be called after each step with its number, and at the end with null; it writes once, and where it cannot, since the disk of the
 *   run is full as well, once more at the end
 */
export function untoldRecorder(path: string): (step: number | null) => Promise<void> {
  let since: string | undefined;
  let isWritten = false;
  return async step => {
    const loss = lossOf('stderr');
    if (loss === null || isWritten || (since !== undefined && step !== null)) return;
    since ??= step === null ? 'at the end' : `from step ${step} on`;
    try {
      const environment = await readJsonAs(path, environmentShape);
      environment.sessions.at(-1)!.untold ??= `${since}, ${loss}`;
      await writeJson(path, environment);
      isWritten = true;
      recordedLoss();
    } catch {} // What the run comes to matters more.
  };
}

/** The protocol of the curriculum that a run is a stage of; null of a training by itself, and of a stage of the store, which many may share. */
export function curriculumOf(
  folder: string,
  { id, key }: Pick<StageIdentity, 'id' | 'key'>,
  { study }: Config,
): string | null {
  return id === trainId || basename(folder) === key ? null : [study.protocol].flat().join(', ');
}

/** How two engines differ in what the bytes of a result may depend on, in words; null where they do not. */
export function engineDifference(there: Environment['engine'], now: Environment['engine']): string | null {
  const text = ({ name, version, device, threads, operations, precision }: Environment['engine']) =>
    `${name} ${version} on ${device} (${threads === null ? '' : `threads: ${threads}, `}operations: ${operations}, ${precision})`;
  return text(there) === text(now) ? null : `begun with ${text(there)}, now ${text(now)}`;
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
