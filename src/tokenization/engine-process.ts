import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { PanxError } from '../errors.js';
import { reasonOf } from '../system/files.js';
import { type EngineCalls, type EngineProcess, engineCalls } from './engine.js';

/** Bounds of an engine's process. */
export interface EngineLimits {
  /** Of the process, in bytes. */
  memory: number;
  /** Without an answer, however many words were asked for, in seconds. */
  silence: number;
}

/**
 * Start the tokenizers engine in a process of its own. Written in Rust, it aborts the process that it is in where a tokenizer.json is
 * damaged in ways that it does not check, some only for certain words; a regular expression may keep it busy for ever, and a chain of
 * replacements fill the memory. There it ends one process, and what was asked for is refused with the reason.
 *
 * The process takes 0.08 s to start, which whoever has other work meanwhile need not wait for. It ends with this one, however this one
 * ends, and does not keep it from ending; it gets no signal from the terminal.
 *
 * @returns calls that throw, beside the engine's own errors, one that says how its process ended; PanxError where it cannot be started
 */
export function startEngineProcess(limits: EngineLimits): EngineProcess {
  let child: ChildProcess;
  try {
    child = launch(limits);
  } catch (error) {
    return neverStarted(error); // Where files or processes have run out.
  }
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  let asked = 0;
  let stopped: Error | undefined;
  let why: string | undefined;
  let begun = false;
  let complaint = '';

  const stop = (reason: Error) => {
    stopped ??= reason;
    for (const { reject } of waiting.values()) reject(stopped);
    waiting.clear();
  };
  child.on('message', ({ begins, id, value, error, ended }: Answer) => {
    if (begins) begun = true;
    if (ended !== undefined) why = ended;
    const one = id === undefined ? undefined : waiting.get(id);
    if (one === undefined) return;
    waiting.delete(id!);
    if (waiting.size === 0) hold(child, false);
    if (error === undefined) one.resolve(value as never);
    else one.reject(new Error(error));
  });
  child.stderr!.on('data', (text: Buffer) => {
    if (complaint.length < 16_384) complaint += text.toString();
  });
  child.on('error', error => stop(cannotStart(error)));
  child.on('close', (code, signal) => {
    const error = new Error(why ?? reasonOfEnd(complaint, code, signal));
    // What ends before it looks at anything ends for want of threads or memory, and no file is to blame.
    stop(begun || why !== undefined ? error : cannotStart(error));
  });
  hold(child, false);

  function ask<Method extends keyof Calls>(method: Method, ...args: Parameters<Calls[Method]>) {
    return new Promise<never>((resolve, reject) => {
      if (stopped !== undefined) return reject(stopped);
      const id = asked++;
      waiting.set(id, { resolve, reject });
      hold(child, true);
      child.send({ id, method, args }, () => {}); // Where it has just died, its end is told of above.
    });
  }
  return {
    ...callsOf(ask),
    end() {
      stop(new Error('the tokenizers engine has been let go'));
      child.kill('SIGKILL');
    },
  };
}

type Calls = EngineCalls & Pick<EngineProcess, 'loadFile'>;
type Ask = <Method extends keyof Calls>(method: Method, ...args: Parameters<Calls[Method]>) => Promise<never>;

function callsOf(ask: Ask): Calls {
  return {
    loadFile: (...args) => ask('loadFile', ...args),
    load: (...args) => ask('load', ...args),
    ids: (...args) => ask('ids', ...args),
    probe: (...args) => ask('probe', ...args),
    encode: (...args) => ask('encode', ...args),
    tokens: (...args) => ask('tokens', ...args),
  };
}

function neverStarted(error: unknown): EngineProcess {
  return { ...callsOf(() => Promise.reject(cannotStart(error))), end: () => {} };
}

function cannotStart(error: unknown): PanxError {
  return new PanxError(`The process of the tokenizers engine cannot be started: ${reasonOf(error)}.`, {
    hint: 'Maybe this user has too many processes or open files, or too little memory: `ulimit -u`, `ulimit -n` and `ulimit -v` say how much may be.',
    cause: error,
  });
}

/** What comes from the process: the value or the error of a call, or why it is about to end itself. */
interface Answer {
  /** The engine is there, and has looked at nothing yet. */
  begins?: true;
  id?: number;
  value?: unknown;
  error?: string;
  ended?: string;
}

function launch({ memory, silence }: EngineLimits): ChildProcess {
  const engine = createRequire(import.meta.url).resolve('tokenizers');
  const program = [process.execPath, '-e', supervisor, worker, engine, String(memory), String(silence)];
  // A shell, since only it can say that an abort leaves no core file, which would take seconds and a place in the user's folder. Some containers
  // have none.
  const [command, ...args] = hasShell()
    ? ['/bin/sh', '-c', 'ulimit -c 0; exec "$@"', 'panx-tokenizer', ...program]
    : program;
  return spawn(command!, args, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
    detached: true,
    env: { ...process.env, NODE_OPTIONS: '', RUST_BACKTRACE: '0' },
  });
}

function hasShell(): boolean {
  try {
    accessSync('/bin/sh', constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether this process stays for the answers of that one. */
function hold(child: ChildProcess, on: boolean): void {
  const pipe = child.stderr as unknown as { ref(): void; unref(): void };
  for (const handle of [child, child.channel, pipe]) {
    if (on) handle?.ref();
    else handle?.unref();
  }
}

/** Rust says where it panicked in a line of its own, and then why; of what comes after that, nothing is of use. */
function reasonOfEnd(complaint: string, code: number | null, signal: string | null): string {
  const how = signal ?? `exit code ${code}`;
  const said =
    /panicked at [^\n]*:\n([^\n]+)/.exec(complaint)?.[1] ??
    /memory allocation of \d+ bytes failed/.exec(complaint)?.[0] ??
    /FATAL ERROR: ([^\n]+)/.exec(complaint)?.[1];
  return `the tokenizers engine ended with ${how}${said === undefined ? '' : ` (${said.slice(0, 300).replace(/\.$/, '')})`}`;
}

/**
 * The process's main thread. It does no work, so it can end the process at any moment: with panx, and beyond a limit. Time is counted in
 * turns of its own, so a machine that was asleep has not been silent.
 *
 * Programs are text because a process starts from a file of JavaScript, and tests run from TypeScript.
 */
const supervisor = `
const { Worker } = require('node:worker_threads');
const [program, engine, memory, silence] = process.argv.slice(1);
const turnMs = 50;
const end = () => process.kill(process.pid, 'SIGKILL');
const endFor = reason => process.send({ ended: reason }, end);
process.title = 'panx tokenizer';
process.on('disconnect', end);
const worker = new Worker(program, { eval: true, workerData: engine });
let waiting = 0;
let silent = 0;
process.on('message', question => {
  waiting++;
  worker.postMessage(question);
});
worker.on('message', answer => {
  if (!answer.begins) waiting--;
  silent = 0;
  process.send(answer);
});
worker.on('error', error => endFor('the tokenizers engine failed (' + (error && error.message) + ')'));
setInterval(() => {
  silent = waiting === 0 ? 0 : silent + 1;
  if (silent * turnMs > silence * 1000) endFor('the tokenizers engine gave no answer for ' + silence + ' seconds');
  else if (process.memoryUsage.rss() > memory) endFor('the tokenizers engine took more than ' + Math.round(memory / 1e6) + ' MB of memory');
}, turnMs);
`;

/** The thread that the engine is in. */
const worker = `
const { createHash } = require('node:crypto');
const { readFileSync } = require('node:fs');
const { parentPort, workerData } = require('node:worker_threads');
const calls = (${engineCalls})(require(workerData));
parentPort.postMessage({ begins: true });
calls.loadFile = async (path, sha256) => {
  const bytes = readFileSync(path);
  if (createHash('sha256').update(bytes).digest('hex') !== sha256) throw new Error('it was changed while it was read');
  // Without the mark that some editors put first.
  await calls.load(bytes.toString('utf8').replace(/^\\ufeff/, ''));
};
parentPort.on('message', async ({ id, method, args }) => {
  try {
    parentPort.postMessage({ id, value: await calls[method](...args) });
  } catch (error) {
    parentPort.postMessage({ id, error: String((error && error.message) || error) });
  }
});
`;
