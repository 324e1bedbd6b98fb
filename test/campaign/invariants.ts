import type { Out, Verdict } from './case.js';
import { isOurs } from './own-names.js';
import type { Outcome } from './program.js';
import type { Differences } from './snapshot.js';

/** A promise of panx that a command broke. */
export interface Failure {
  invariant: string;
  /** What was seen. */
  detail: string;
  /** The same for failures of one kind, whatever was hostile. */
  kind: string;
  /** The same for failures that are likely one fault. */
  signature: string;
}

/** A command that has ended, and the sandbox before and after it. */
export interface Observation {
  /** The name of the panx command: train, verify, ... */
  command: string;
  outcome: Outcome;
  verdict: Verdict;
  /** What was hostile, in the words of the ingredients. */
  hostile: readonly string[];
  differences: Differences;
  /** The places that it may write to, as they lie in the sandbox, links resolved. `free`: nothing was there. */
  outs: readonly (Out & { free: boolean })[];
  /** Standard error, or output, does not come back. */
  blind: { stderr: boolean; stdout: boolean };
  /** The words of the command line: what is odd in them may come back in what it says. */
  typed: readonly string[];
  /** It is expected to be ended by the campaign. */
  killed: boolean;
  quick: boolean;
  limits: Limits;
}

export interface Limits {
  durationMs: number;
  /** For processes that it started, after its end. */
  graceMs: number;
  peakBytes: number;
  quickCpuMs: number;
  quickBytes: number;
}

export const limits: Limits = {
  durationMs: 60_000,
  graceMs: 5000,
  peakBytes: 1e9,
  quickCpuMs: 5000,
  quickBytes: 300e6,
};

/** All that the command broke; [] where all is well. */
export function brokenInvariants(seen: Observation): Failure[] {
  const ended = checkExit(seen);
  return [
    ...ended,
    // Of what was never caught, the stack is told already.
    ...(ended.length > 0 ? [] : checkSentence(seen)),
    ...checkCost(seen),
    ...checkFiles(seen),
    ...checkLeftovers(seen),
    ...checkVerdict(seen),
  ];
}

/** After SIGHUP, SIGINT and SIGTERM. */
const stoppedCodes = [129, 130, 143];

/** It ends by itself, with a code that panx knows, and shows no stack. */
export function checkExit({ command, outcome, killed }: Observation): Failure[] {
  const { code, signal, stdout, stderr, timedOut, outgrown, signalled, orphans } = outcome;
  const failures: Failure[] = [];
  if (orphans) failures.push(fail('no process stays behind', command, 'a process of it was still there'));
  if (timedOut || outgrown) return failures;
  if (signal !== null) {
    // They too end a program that has not come as far as to answer them.
    if (!(killed && signalled.includes(signal))) {
      failures.push(fail('no signal ends it', command, `${signal}: ${firstLine(stderr)}`));
      return failures;
    }
  } else if (stoppedCodes.includes(code ?? -1) ? !killed : ![0, 1, 2].includes(code ?? -1)) {
    failures.push(fail('the exit code is 0, 1, 2, or that of a signal', command, `${code}: ${stackSummary(stderr)}`));
    return failures;
  }
  for (const text of [stderr, stdout]) {
    const stack = /^ +at .*(:\d+:\d+|<anonymous>)\)?$|internal error|panicked at|FATAL ERROR|^\(node:\d+\)/m.exec(text);
    if (stack !== null) failures.push(fail('no stack and no warning is shown', command, stackSummary(text)));
  }
  return failures;
}

/** A failure is said in a sentence, begins with "panx: ", and what to do follows in a line or two. */
export function checkSentence({ command, outcome: { code, stdout, stderr }, blind, typed }: Observation): Failure[] {
  const failures: Failure[] = [];
  const odd = controlCharacterIn(stderr);
  if (odd >= 0 && !blind.stderr && typed.every(word => controlCharacterIn(word) < 0)) {
    const line = stderr.slice(Math.max(0, odd - 40), odd + 20);
    failures.push(fail('no control character reaches the terminal', command, JSON.stringify(line)));
  }
  if (blind.stderr || code === 0 || code === null || code === 70) return failures;
  // What verify and doctor find stands on standard output.
  if (['verify', 'doctor'].includes(command) && (blind.stdout || /✗|"holds": false|problem/.test(stdout)))
    return failures;
  const lines = stderr.trimEnd().split('\n');
  const last = lines.findLastIndex(line => line.startsWith('panx: '));
  if (last < 0)
    return [...failures, fail('a failure is said in a sentence', command, firstLine(stderr) || 'nothing said')];
  // What was typed comes back in the message, with its line ends.
  if (typed.some(word => controlCharacterIn(word) >= 0 || word.includes('\n'))) return failures;
  const longest = 2000 + 3 * Math.max(0, ...typed.map(word => word.length));
  const [message, ...after] = lines.slice(last);
  const unknown = after.filter(line => !line.startsWith('  '));
  if (unknown.length > 1 || after.length > 3) {
    failures.push(fail('a failure is said in a sentence', command, `${after.length} lines follow: ${message}`));
  } else if (message!.length > longest) {
    failures.push(fail('a failure is said in a sentence', command, `it has ${message!.length} characters`));
  }
  return failures;
}

/** The place of the first character that a terminal obeys, other than tab and line end; -1 where there is none. */
export function controlCharacterIn(text: string): number {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if ((code < 0x20 && code !== 0x09 && code !== 0x0a) || code === 0x7f) return i;
  }
  return -1;
}

/** Neither time nor memory runs away. */
export function checkCost({ command, outcome, quick, limits: limit, hostile }: Observation): Failure[] {
  const { durationMs, peakBytes, cpuMs, timedOut, code } = outcome;
  const failures: Failure[] = [];
  if (timedOut)
    failures.push(fail('it ends in time', command, `not within ${Math.round(durationMs / 1000)} s`, hostile));
  if (peakBytes !== null && peakBytes > limit.peakBytes) {
    failures.push(fail('it stays below 1 GB', command, `${Math.round(peakBytes / 1e6)} MB`, hostile));
  } else if (quick && code !== 0 && peakBytes !== null && peakBytes > limit.quickBytes) {
    failures.push(fail('a size is refused below 300 MB', command, `${Math.round(peakBytes / 1e6)} MB`, hostile));
  }
  if (quick && code !== 0 && !timedOut && (cpuMs ?? 0) > limit.quickCpuMs) {
    failures.push(
      fail('a size is refused at once', command, `${Math.round((cpuMs ?? 0) / 1000)} s of computing`, hostile),
    );
  }
  return failures;
}

/** Nothing is lost or changed that is not panx's, and nothing is written where it was not asked to. */
export function checkFiles({ command, outcome, differences, outs, hostile, verdict }: Observation): Failure[] {
  const lost = [
    ...differences.removed.map(path => ({ path, how: 'is gone' })),
    ...differences.changed.map(path => ({ path, how: 'is changed' })),
  ].filter(({ path }) => !mayChange(path, outs));
  const stray = differences.added.filter(path => !mayAppear(path, outs, outcome));
  const failures: Failure[] = [];
  if (lost.length > 0) {
    const { path, how } = lost[0]!;
    failures.push(fail('no file is lost', command, `${kindOfPath(path)} ${how}${more(lost.length)}`, hostile));
  }
  // What should have been refused is told by itself; what it then made is no second fault.
  if (stray.length > 0 && !(verdict === 'refuse' && outcome.code === 0)) {
    failures.push(
      fail('nothing is written elsewhere', command, `${kindOfPath(stray[0]!)} appears${more(stray.length)}`, hostile),
    );
  }
  return failures;
}

function more(count: number): string {
  return count > 1 ? ', and others' : '';
}

/** What ended by itself leaves neither temporary files nor locks of its own. */
export function checkLeftovers({ command, outcome, differences }: Observation): Failure[] {
  if (outcome.signal !== null || outcome.timedOut) return [];
  return differences.added
    .filter(path => /\.tmp$|(^|\/)lock$|^tmp\/[^/]*$/.test(path))
    .map(path => fail('nothing half-written stays', command, kindOfPath(path)));
}

/** What must be refused is refused, and what is right is done. */
export function checkVerdict({ command, outcome, verdict, hostile, killed }: Observation): Failure[] {
  const { code, stderr, stdout, timedOut, signal } = outcome;
  if (timedOut || signal !== null || killed) return [];
  if (verdict === 'refuse' && code === 0) {
    return [fail('nothing damaged is taken', command, 'exit code 0', hostile)];
  }
  if (verdict === 'fine' && code !== 0) {
    const said = stderr.split('\n').findLast(line => line.startsWith('panx: ')) ?? firstLine(`${stderr}${stdout}`);
    return [fail('what is right is not refused', command, said)];
  }
  return [];
}

/**
 * A failure; its signature leaves out what differs between like cases. `hostile` is what was hostile, where that tells
 * faults apart; what stands in parentheses there does not count.
 */
export function fail(invariant: string, command: string, seen: string, hostile: readonly string[] = []): Failure {
  const because = [...new Set(hostile)];
  const kind = `${invariant} | ${command} | ${likeOthers(seen)}`;
  const why = [...because].sort().join('; ');
  const detail = [seen, because.length > 0 ? `(${because.join('; ')})` : ''].filter(part => part !== '').join(' ');
  return {
    invariant,
    detail: `panx ${command}: ${detail}`,
    kind,
    signature: `${kind} | ${likeOthers(why.replaceAll(/ \([^)]*\)/g, ''))}`,
  };
}

function likeOthers(text: string): string {
  return text
    .replaceAll(/(\/[\w.@-]+){2,}\/?/g, '<path>')
    .replaceAll(/\d+-[0-9a-f]{8}\.tmp/g, '<tmp>')
    .replaceAll(/[0-9a-f]{8,}/g, '<hex>')
    .replaceAll(/-?(\d+(\.\d+)?(e[+-]?\d+)?|Infinity)/g, '#')
    .replaceAll(/"[^"]{12,}"/g, '"…"')
    .slice(0, 160);
}

function mayChange(path: string, outs: Observation['outs']): boolean {
  // The cache is panx's to change, but for what a case has put there.
  if (path.startsWith('cache/')) return !path.includes('foreign');
  return outs.some(out => {
    if (out.as === 'file') return path === out.path;
    if (!isBelow(path, out.path)) return false;
    return out.free || (out.own === true && isOurs(inside(path, out.path), out.as));
  });
}

function mayAppear(path: string, outs: Observation['outs'], { code }: Outcome): boolean {
  // Left-overs are told by an invariant of their own.
  if (path === 'cache' || path.startsWith('cache/') || path.startsWith('tmp/') || /\.tmp(\/|$)/.test(path)) return true;
  return outs.some(out => {
    if (isBelow(out.path, path)) return code === 0 || out.free; // a folder above it
    return (
      isBelow(path, out.path) &&
      (out.free || out.own === true || out.as === 'cache-place' || (out.as === 'file' && code === 0))
    );
  });
}

/** Whether `path` is `folder` or lies in it; '' is the sandbox itself. */
function isBelow(path: string, folder: string): boolean {
  return folder === '' || path === folder || path.startsWith(`${folder}/`);
}

function inside(path: string, folder: string): string {
  return folder === '' ? path : path.slice(folder.length + 1);
}

/** A path without its numbers, short. */
function kindOfPath(path: string): string {
  return path
    .replaceAll(/\d+-[0-9a-f]{8}\.tmp/g, '<pid>.tmp')
    .split('/')
    .map(name => (name.length > 40 ? `${name.slice(0, 40)}…` : name))
    .map(name => (/^[\x20-\x7e…]*$/.test(name) ? name : '<odd name>'))
    .join('/');
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0]?.slice(0, 200) ?? '';
}

/** The error of a stack and the first place in panx that it comes from. */
function stackSummary(text: string): string {
  const lines = text.split('\n');
  const at = lines.findIndex(line => /internal error|panicked at|FATAL ERROR|Error:|^\(node:/.test(line));
  const frame = lines.slice(Math.max(0, at)).find(line => /^ +at /.test(line) && !/node:internal/.test(line));
  const place = /at (?:async )?([\w.<>]+)/.exec(frame ?? '')?.[1];
  const said = (lines[at] ?? firstLine(text)).replace('panx: internal error, please report it: ', '').slice(0, 140);
  return place === undefined ? said : `${said} at ${place}`;
}
