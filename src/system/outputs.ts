import { closeSync, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { isatty } from 'node:tty';
import { codeOf } from '../errors.js';
import { reasonOf } from './files.js';

/**
 * stdout and stderr may be lost while a command works: the disk of a log is full, a reader has left, the terminal was closed. Work goes on
 * without being told of. At its end a command has failed that could not say what it had to say, as the GNU tools have it, unless that stands
 * in a folder.
 */
type Output = 'stdout' | 'stderr';

const losses = new Map<Output, Error>();
let complaint: string | undefined;
let hasRecord = false;
let hasKeptResults = false;
let isForPrograms = false;

/**
 * Watch both outputs.
 *
 * @param onStdoutLost called once, when what was to be printed could not be; it may end the process
 * @param print at the end, what stderr was to tell
 */
export function watchOutputs(onStdoutLost: () => void, print: (text: string) => void): void {
  const terminals = [0, 1, 2].filter(fd => isatty(fd));
  const listen = (output: Output, onFirst: () => void) => {
    if (!(process[output] instanceof Socket)) writeWhole(process[output], output === 'stdout' ? 1 : 2);
    process[output].on('error', error => {
      if (losses.has(output)) return;
      losses.set(output, error);
      onFirst();
    });
  };
  listen('stderr', () => {});
  listen('stdout', onStdoutLost);
  process.on('exit', code => {
    tellOfStderr(code, print);
    letGoOf(terminals);
  });
}

/** Why an output was lost, in words: "stderr: no space left on the disk"; null where it was not. */
export function lossOf(output: Output): string | null {
  const error = losses.get(output);
  return error === undefined ? null : `${output}: ${reasonOfLoss(error)}`;
}

/** Whether whoever reads an output has left, as in `panx ... | head`. That is usual, and no fault. */
export function hasLeft(output: Output): boolean {
  return codeOf(losses.get(output)) === 'EPIPE';
}

/** The folder of a run says that stderr was lost. */
export function recordedLoss(): void {
  hasRecord = true;
}

/** What is about to be printed is in a folder as well. */
export function keptResults(): void {
  hasKeptResults = true;
}

/** What is printed is for programs: they want all of it, and no sentence behind it. */
export function printsForPrograms(): void {
  isForPrograms = true;
}

/** Whether nothing is lost with stdout. */
export function needsNoStdout(): boolean {
  return hasKeptResults && !isForPrograms;
}

/** Why the command ends: it is told on stdout where stderr is lost. */
export function rememberComplaint(text: string): void {
  complaint = text;
}

/**
 * A disk that becomes full takes the first part of a text, and no fault is told before the next write. To a file Node.js writes but once, and
 * the rest would be gone without a word. Terminals, pipes and sockets are written to the end.
 */
function writeWhole(file: NodeJS.WriteStream, fd: number): void {
  file._write = (chunk: Buffer, _, done) => {
    try {
      for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at);
    } catch (error) {
      done(error as Error);
      return;
    }
    done();
  };
}

function reasonOfLoss(error: Error): string {
  switch (codeOf(error)) {
    case 'EPIPE':
      return 'its reader has left';
    case 'EIO':
      return 'its terminal is gone';
    case 'EBADF':
      return 'it is closed';
    default:
      return reasonOf(error);
  }
}

function tellOfStderr(code: number, print: (text: string) => void): void {
  const loss = lossOf('stderr');
  if (loss === null || hasLeft('stderr') || (code === 0 && hasRecord)) return;
  if (code === 0) process.exitCode = 1;
  if (losses.has('stdout')) return;
  if (complaint !== undefined) print(complaint);
  else if (code === 0 && !isForPrograms) print(`panx: What was to be told is not: ${loss}.\n`);
}

/** At its end Node.js puts each terminal that it began with back as it was, and aborts where that fails: where the terminal is gone. */
function letGoOf(terminals: readonly number[]): void {
  for (const fd of terminals) {
    if (isatty(fd)) continue;
    try {
      closeSync(fd);
      openSync('/dev/null', 'r+'); // Takes the lowest number that is free.
    } catch {}
  }
}
