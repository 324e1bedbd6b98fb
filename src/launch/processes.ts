import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { PanxError } from '../errors.js';
import { readFailure, recordFailure } from '../experiment/failures.js';
import type { StageTask } from '../experiment/study.js';
import type { Workplace } from '../experiment/train-stored.js';
import { sha256 } from '../system/checksums.js';
import { noticeLines } from '../system/console.js';
import { readIfPresent, reasonOf, toJson, writeFileAtomic } from '../system/files.js';
import { parseJson } from '../system/json.js';
import { lossOf, recordedLoss } from '../system/outputs.js';

/** What a process of its own is to do: the content of its request, a file of the store. */
export interface ProcessRequest {
  task: StageTask;
  modelDir: string;
  startFiles: Workplace['startFiles'];
  dataDir: string;
  retryFailed: boolean;
  /** Whether to wait for another process that works on the stage. */
  wait: boolean;
}

/** How `panx stage` says that another process works on its stage. sysexits.h: EX_TEMPFAIL. */
export const busyExitCode = 75;

/**
 * Work on a stage in a process of its own, `panx stage KEY`. What it says is passed on.
 *
 * The process reads its standard input: when this process is gone, however that came, that ends, and it saves its state and stops.
 *
 * @param threads that it may use
 * @throws PanxError with the sentence of the stage's failure, and where the process ended otherwise
 */
export async function workInProcess(
  request: ProcessRequest,
  { store, signal }: Pick<Workplace, 'store' | 'signal'>,
  threads: number,
): Promise<'done' | 'busy'> {
  const { key } = request.task.identity;
  const { path, sum } = await writeRequest(store, request);
  const child = spawn(process.execPath, [cli, 'stage', key, '--request', sum, '--store', store.root], {
    stdio: ['pipe', 'inherit', 'pipe'],
    // A Ctrl-C of the terminal reaches this process alone, which stops its children.
    detached: true,
    env: { ...process.env, TF_NUM_INTRAOP_THREADS: String(threads) },
  });
  const stop = () => child.kill('SIGTERM');
  signal?.addEventListener('abort', stop);
  try {
    const code = await ended(child);
    if (code === 0) return 'done';
    if (code === busyExitCode) return 'busy';
    if (signal?.aborted) throw new PanxError(`${request.task.label} was stopped.`, { exitCode: 130 });
    // One that was killed has noted nothing: what may be noted is of an earlier time.
    const failure = typeof code === 'string' ? null : await readFailure(store, key);
    if (failure !== null) throw new PanxError(failure.sentence);
    const killed = new PanxError(`The process of ${request.task.label} ended with ${code}.`);
    await recordFailure(store, key, killed);
    throw killed;
  } finally {
    signal?.removeEventListener('abort', stop);
    await removeRequest(path); // A process that did not begin has not taken it.
  }
}

/** One that stays harms nobody. */
async function removeRequest(path: string): Promise<void> {
  await rm(path, { force: true }).catch(() => {});
}

/**
 * Write what a process is asked to do into a file of the store, which no other process is given: whoever wrote it may remove it.
 *
 * @returns the file, and its SHA-256, by which it is known
 */
export async function writeRequest(
  store: Workplace['store'],
  request: ProcessRequest,
): Promise<{ path: string; sum: string }> {
  const text = toJson({ ...request, request: randomUUID() });
  const sum = sha256(text);
  const path = store.request(request.task.identity.key, sum);
  await writeFileAtomic(path, text);
  return { path, sum };
}

/**
 * Take what a process is asked to do: its file is gone then. It is known by its content, so what is read is what was written.
 *
 * @throws PanxError where it is not there, or was changed
 */
export async function takeRequest(store: Workplace['store'], key: string, sum: string): Promise<ProcessRequest> {
  const path = store.request(key, sum);
  const text = await readIfPresent(path).catch((error: unknown) => {
    throw new PanxError(`${path} cannot be read: ${reasonOf(error)}.`, { hint: typeAgain, cause: error });
  });
  if (text === undefined || sha256(text) !== sum) {
    throw new PanxError(`${path} ${text === undefined ? 'is not there' : 'is not as panx run wrote it'}.`, {
      hint: typeAgain,
    });
  }
  await removeRequest(path);
  const { request: _, ...asked } = parseJson(text, path) as unknown as ProcessRequest & { request: string };
  return asked;
}

const typeAgain = 'panx run --jobs writes it; type that command again.';

const cli = fileURLToPath(new URL('../cli.js', import.meta.url));

/** Pass on what a process says, until it ends. @returns its exit code, or the signal that ended it */
async function ended(child: ChildProcess): Promise<number | string> {
  createInterface({ input: child.stderr! }).on('line', line => {
    noticeLines(line);
    if (lossOf('stderr') === null) return;
    // What cannot be passed on is no more read: so the child learns of it, and its run says so.
    child.stderr!.destroy();
    recordedLoss();
  });
  child.stdin!.on('error', () => {}); // It may end before it has read.
  return await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? signal ?? 'no exit code'));
  });
}
