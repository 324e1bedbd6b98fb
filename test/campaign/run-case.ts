import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { contentPieces, fill, freshBox, prepare } from './box.js';
import { type Argument, type Case, type Command, type Out, strictest, type Together, type Verdict } from './case.js';
import { boxEnvironment, cli, type Fixtures } from './fixtures.js';
import { type HostileHub, startHostileHub } from './hostile-hub.js';
import { brokenInvariants, type Failure, fail, type Limits, limits, type Observation } from './invariants.js';
import { type Outcome, runProgram } from './program.js';
import { commandLines } from './shell.js';
import { compare, takeSnapshot } from './snapshot.js';
import { checkJson } from './written-json.js';

/** What a case came to. */
export interface CaseResult {
  failures: Failure[];
  /** What was done, as lines of shell. */
  lines: string[];
  commands: number;
  /** What the commands said, for a reader who doubts. */
  said: string[];
}

export interface Place {
  /** The folder of the sandbox; made anew for each case. */
  box: string;
  fixtures: Fixtures;
  /** What is attacked: panx, unless a test of the campaign itself puts another program in its place. */
  cli?: string;
  limits?: Limits;
}

/**
 * Do the steps of a case in a new sandbox. Everything is checked after every command, and the first that breaks
 * something ends it.
 */
export async function runCase(testCase: Case, place: Place): Promise<CaseResult> {
  freshBox(place.box, place.fixtures);
  const result: CaseResult = { failures: [], lines: [], commands: 0, said: [] };
  const state: State = { place, verdicts: [], hostile: [], hub: null, result };
  try {
    for (const step of testCase.steps) {
      if (step.do === 'panx') await runAlone(step, state);
      else if (step.do === 'together') await runTogether(step, state);
      else {
        if (step.do === 'hub') state.hub = await startHostileHub(step.hub, place.fixtures);
        const lines = prepare(step, place.box, place.fixtures);
        if (lines === null) continue;
        result.lines.push(...lines);
        note(step, state);
      }
      if (result.failures.length > 0) break;
    }
  } finally {
    await state.hub?.close();
  }
  return result;
}

interface State {
  place: Place;
  /** Of what was met so far. */
  verdicts: Verdict[];
  hostile: string[];
  hub: HostileHub | null;
  result: CaseResult;
}

function note({ verdict, what }: { verdict?: Verdict; what?: string }, state: State): void {
  if (verdict !== undefined) state.verdicts.push(verdict);
  if (what !== undefined) state.hostile.push(what);
}

async function runAlone(command: Command, state: State): Promise<void> {
  const { box } = state.place;
  if (command.unless !== undefined && existsSync(join(box, command.unless))) return;
  const given = argumentsOf(command.args, box);
  const words = given.flatMap(({ words }) => [...words]);
  const seen = await watched(state, [command], async () => [await start(command, words, state)]);
  state.result.lines.push(...commandLines(command, words));
  const failures = brokenInvariants(observe(command, given, seen, seen.outcomes[0]!, state));
  failures.push(...checkJson(box, seen.differences, command.args[0]!.words[0]!, seen.outcomes[0]!));
  if (seen.outcomes[0]!.code === 0) failures.push(...leftBehind(command, words[0]!, state));
  if (failures.length === 0 && seen.outcomes[0]!.code === 0) failures.push(...(await checkWhatItMade(command, state)));
  state.result.failures.push(...failures);
}

/** What must be gone and is there. */
function leftBehind({ gone = [] }: Command, name: string, { place, hostile }: State): Failure[] {
  if (gone.length === 0) return [];
  const paths = [...takeSnapshot(place.box).keys()];
  return gone.flatMap(text => {
    const pattern = new RegExp(`^${text.replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
    const there = paths.filter(path => pattern.test(path));
    return there.length === 0 ? [] : [fail('nothing is left behind', name, `${text} is still there`, hostile)];
  });
}

async function runTogether({ commands, oneWinner }: Together, state: State): Promise<void> {
  const { box } = state.place;
  const given = commands.map(({ args }) => argumentsOf(args, box));
  const words = given.map(list => list.flatMap(({ words }) => [...words]));
  const seen = await watched(state, commands, () =>
    Promise.all(commands.map((command, i) => start(command, words[i]!, state, command.startAt))),
  );
  for (const [i, command] of commands.entries()) {
    state.result.lines.push(`# at once, this one after ${command.startAt.toFixed(2)} of the time of a whole run:`);
    state.result.lines.push(
      ...commandLines(command, words[i]!)
        .slice(0, -1)
        .map(line => `${line} &`),
    );
    const observation = { ...observe(command, given[i]!, seen, seen.outcomes[i]!, state), outs: seen.outs };
    state.result.failures.push(...brokenInvariants(observation));
  }
  const winners = seen.outcomes.filter(({ code }) => code === 0).length;
  if (oneWinner === true && winners > 1) {
    const name = commands[0]!.args[0]!.words[0]!;
    state.result.failures.push(fail('of two commands one wins', name, 'both ended with 0, and one has the folder'));
  }
}

/** The arguments that are given where a command starts. */
function argumentsOf(args: readonly Argument[], box: string): Argument[] {
  return args.filter(({ onlyIf }) => onlyIf === undefined || existsSync(join(box, onlyIf)));
}

interface Seen {
  outcomes: Outcome[];
  differences: Observation['differences'];
  outs: Observation['outs'];
}

/** Run something between two looks at the sandbox. */
async function watched(state: State, commands: readonly Command[], run: () => Promise<Outcome[]>): Promise<Seen> {
  const { box } = state.place;
  const outs = commands.flatMap(({ out }) => out ?? []).flatMap(out => places(out, box));
  const before = takeSnapshot(box);
  const outcomes = await run();
  const differences = compare(before, takeSnapshot(box));
  state.result.commands += outcomes.length;
  state.result.said.push(
    ...outcomes.map(({ code, signal, stderr }) => `exit ${code ?? signal}: ${stderr.slice(-1500)}`),
  );
  return { outcomes, differences, outs };
}

/** Where an out lies in truth: a link leads elsewhere, perhaps out of the sandbox. */
function places(out: Out, box: string): Observation['outs'][number][] {
  const missing: string[] = [];
  let path = join(box, out.path).replace(/\/$/, '');
  for (let links = 0; !existsSync(path) && path.length > 1; ) {
    if (isLink(path)) {
      if (++links > 40) return []; // It leads to itself: nothing may appear for it.
      path = resolve(dirname(path), readlinkSync(path)); // To nothing yet: it is written through.
    } else {
      missing.unshift(basename(path));
      path = dirname(path);
    }
  }
  const real = relative(realpathSync(box), join(realpathSync(path), ...missing));
  if (real.startsWith('..')) return [];
  const free =
    missing.length > 0 || (lstatSync(join(box, real)).isDirectory() && readdirSync(join(box, real)).length === 0);
  return [{ ...out, path: real, free }];
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false; // There is none, or its name is longer than any can be.
  }
}

async function start(command: Command, words: readonly string[], state: State, after = 0): Promise<Outcome> {
  const { box, fixtures } = state.place;
  const wholeMs = words[0] === 'sweep' ? fixtures.sweepMs : fixtures.longRunMs;
  await new Promise(resolve => setTimeout(resolve, after * wholeMs));
  const env = boxEnvironment(box);
  if (state.hub !== null) {
    env.HF_ENDPOINT = state.hub.endpoint;
    delete env.HF_HUB_OFFLINE;
  }
  for (const [name, value] of Object.entries(command.env ?? {})) {
    if (value === null) delete env[name];
    else env[name] = fill(value, box);
  }
  return await runProgram({
    words: [process.execPath, state.place.cli ?? cli, ...words.map(word => fill(word, box).replaceAll('\0', ''))],
    env,
    cwd: join(box, command.cwd ?? ''),
    stdin: command.stdin === undefined ? undefined : contentPieces(command.stdin, box),
    shell: command.shell === undefined ? undefined : fill(command.shell, box),
    redirect: command.redirect,
    graceMs: (state.place.limits ?? limits).graceMs,
    mostBytes: 3 * (state.place.limits ?? limits).peakBytes,
    limitMs: command.enoughMs ?? command.limitMs ?? (state.place.limits ?? limits).durationMs,
    signals: command.signals?.map(({ name, at }) => ({ name, atMs: at * wholeMs })),
  });
}

function observe(
  command: Command,
  given: readonly Argument[],
  seen: Seen,
  outcome: Outcome,
  state: State,
): Observation {
  const hostile = [...state.hostile, ...given.flatMap(({ what }) => what ?? [])];
  const verdicts = [...state.verdicts, ...given.map(({ verdict }) => verdict)];
  const enough = command.enoughMs !== undefined && outcome.timedOut;
  const redirect = command.redirect ?? '';
  return {
    command: given[0]?.words[0] ?? 'panx',
    outcome: enough ? { ...outcome, timedOut: false, signal: null, code: 0 } : outcome,
    verdict: enough ? 'either' : (command.expect ?? strictest(verdicts)),
    hostile,
    differences: seen.differences,
    outs: seen.outs,
    blind: { stderr: /2>|&>/.test(redirect), stdout: /(^|[^2])>/.test(redirect) },
    typed: given.flatMap(({ words }) => [...words]),
    killed: outcome.signalled.some(name => name !== 'SIGSTOP' && name !== 'SIGCONT'),
    quick: command.quick === true,
    limits: state.place.limits ?? limits,
  };
}

/** What a command that ended well has made: the very bytes, and sound to panx verify. */
async function checkWhatItMade(command: Command, state: State): Promise<Failure[]> {
  const { box, fixtures } = state.place;
  const name = command.args[0]!.words[0]!;
  for (const { file, as } of command.whenFine ?? []) {
    const [there, expected] = [join(box, file), join(fixtures.folder, as)];
    if (!existsSync(there))
      return [fail('the bytes are those of a whole run', name, `${basename(file)} is missing`, state.hostile)];
    if (!readFileSync(there).equals(readFileSync(expected))) {
      return [fail('the bytes are those of a whole run', name, `${basename(file)} differs`, state.hostile)];
    }
  }
  if (command.verify === undefined) return [];
  const words = ['verify', command.verify.replace(/^-/, './-')];
  state.result.commands++;
  const { code, stdout, stderr } = await start({ args: [] }, words, state);
  if (code === 0) return [];
  const said = [...stdout.split('\n').filter(line => line.includes('✗')), ...stderr.split('\n')][0]?.trim();
  return [fail('what was made is sound to panx verify', name, `${said}`, state.hostile)];
}
