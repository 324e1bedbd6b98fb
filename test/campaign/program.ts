import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A program to run: `words[0]` and its arguments. */
export interface Program {
  words: readonly string[];
  env: Readonly<Record<string, string>>;
  cwd: string;
  stdin?: Iterable<Buffer> | undefined;
  /** Lines of shell before it, and its redirections. */
  shell?: string | undefined;
  redirect?: string | undefined;
  /** It is ended when it takes longer. */
  limitMs: number;
  /** It is ended when it takes more memory. */
  mostBytes: number;
  /** What it started may live for so long after it. */
  graceMs?: number | undefined;
  signals?: readonly { name: NodeJS.Signals; atMs: number }[] | undefined;
}

/** What became of it. */
export interface Outcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  durationMs: number;
  /** Of it and the processes it started; null where the system has no /proc. */
  peakBytes: number | null;
  cpuMs: number | null;
  /** It was ended because the time was over. */
  timedOut: boolean;
  /** It was ended because it took far more memory than it may. */
  outgrown: boolean;
  /** The signals of the plan that reached it alive. */
  signalled: NodeJS.Signals[];
  /** Processes that it left behind. */
  orphans: boolean;
}

/** Run a program to its end, in a process group of its own, and watch its memory. */
export async function runProgram(program: Program): Promise<Outcome> {
  const startedMs = performance.now();
  const child = start(program);
  const outcome: Outcome = {
    ...{ code: null, signal: null, stdout: '', stderr: '', durationMs: 0, peakBytes: null, cpuMs: null },
    ...{ timedOut: false, outgrown: false, signalled: [], orphans: false },
  };
  child.stdout!.on('data', (text: Buffer) => {
    outcome.stdout = keep(outcome.stdout, text);
  });
  child.stderr!.on('data', (text: Buffer) => {
    outcome.stderr = keep(outcome.stderr, text);
  });
  feed(child, program.stdin);
  let [lookedAtMs, livedMs] = [startedMs, 0];
  const watch = setInterval(() => {
    look(child.pid!, outcome);
    // Where the whole machine stood still, it did for this program too.
    livedMs += Math.min(performance.now() - lookedAtMs, 500);
    lookedAtMs = performance.now();
    // One that runs away would take the machine with it.
    const outgrown = (outcome.peakBytes ?? 0) > program.mostBytes;
    const late = livedMs > program.limitMs;
    if (outcome.outgrown || outcome.timedOut || !(outgrown || late)) return;
    Object.assign(outcome, { outgrown, timedOut: late && !outgrown });
    endGroup(child.pid!);
  }, 25);
  const timers = (program.signals ?? []).map(({ name, atMs }) =>
    setTimeout(() => {
      if (child.exitCode === null && child.signalCode === null && child.kill(name)) outcome.signalled.push(name);
    }, atMs),
  );
  [outcome.code, outcome.signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  outcome.durationMs = performance.now() - startedMs;
  clearInterval(watch);
  for (const timer of timers) clearTimeout(timer);
  outcome.orphans =
    !outcome.timedOut && !outcome.outgrown && (await leavesProcesses(child.pid!, program.graceMs ?? 5000));
  if (outcome.orphans) endGroup(child.pid!);
  return outcome;
}

/** Standard error and output may be closed by a redirection, and then end at once. */
function start({ words, env, cwd, shell, redirect }: Program): ChildProcess {
  const options: SpawnOptions = { cwd, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] };
  if (shell === undefined && redirect === undefined) return spawn(words[0]!, words.slice(1), options);
  const script = `${shell ?? ':'}\nexec "$@" ${redirect ?? ''}`;
  return spawn('/bin/sh', ['-c', script, 'sh', ...words], options);
}

/** The first million characters, and the last: a program that prints without end must not fill this one. */
function keep(text: string, more: Buffer): string {
  const whole = text + more.toString('utf8');
  return whole.length < 2e6 ? whole : `${whole.slice(0, 1e6)}\n[...]\n${whole.slice(-5e5)}`;
}

function feed(child: ChildProcess, content: Iterable<Buffer> | undefined): void {
  const stdin = child.stdin!;
  stdin.on('error', () => {}); // It may end, or close its input, before it has read all.
  if (content === undefined) {
    stdin.end();
    return;
  }
  const pieces = content[Symbol.iterator]();
  const go = () => {
    for (;;) {
      const { value, done } = pieces.next();
      if (done === true) {
        stdin.end();
        return;
      }
      if (stdin.destroyed) return;
      if (!stdin.write(value)) {
        stdin.once('drain', go);
        return;
      }
    }
  };
  go();
}

/** Note the peak memory and the time of computing, while there is a process to ask. */
function look(pid: number, outcome: Outcome): void {
  try {
    let bytes = 0;
    for (const process of [pid, ...childrenOf(pid)]) {
      const status = readFileSync(`/proc/${process}/status`, 'utf8');
      bytes += 1024 * Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
    }
    outcome.peakBytes = Math.max(outcome.peakBytes ?? 0, bytes);
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    outcome.cpuMs = 10 * (Number(fields[11]) + Number(fields[12])); // Fields 14 and 15 of proc(5), in ticks of 10 ms.
  } catch {} // It has ended, or there is no /proc.
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return text === '' ? [] : text.split(' ').map(Number);
  } catch {
    return [];
  }
}

async function leavesProcesses(group: number, graceMs: number): Promise<boolean> {
  // What a killed program had started may take a moment to see that it is gone.
  for (const untilMs = performance.now() + graceMs; performance.now() < untilMs; ) {
    try {
      process.kill(-group, 0);
    } catch {
      return false;
    }
    await sleep(25);
  }
  return true;
}

function endGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch {} // Gone already.
}
