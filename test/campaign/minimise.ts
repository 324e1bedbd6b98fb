import type { Argument, Case, Command, Content, Step } from './case.js';

/**
 * Leave out of a case, and make smaller in it, what a failure does not need.
 *
 * @param stillFails runs a smaller case; true where the same failure is seen
 * @param isTimeOver asked before each run: then the smallest case so far is the answer
 */
export async function minimise(
  testCase: Case,
  stillFails: (smaller: Case) => Promise<boolean>,
  isTimeOver: () => boolean,
): Promise<Case> {
  let smallest = testCase;
  for (let found = true; found; ) {
    found = false;
    for (const smaller of smallerCases(smallest)) {
      if (isTimeOver()) return smallest;
      if (!(await stillFails(smaller))) continue;
      smallest = smaller;
      found = true;
      break;
    }
  }
  return smallest;
}

/** Smaller cases, each by some ingredients or one size; what leaves out most comes first. */
export function* smallerCases(testCase: Case): Generator<Case> {
  const { steps } = testCase;
  const replaced = (i: number, ...by: Step[]): Case => ({ ...testCase, steps: steps.toSpliced(i, 1, ...by) });
  const droppable = [...steps.keys()].filter(i => steps[i]!.fixed !== true);
  for (let size = droppable.length; size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < droppable.length; from += size) {
      const dropped = droppable.slice(from, from + size);
      const left = steps.filter((_, i) => !dropped.includes(i));
      if (left.length > 0) yield { ...testCase, steps: left };
    }
  }
  for (const [i, step] of steps.entries()) for (const smaller of smallerSteps(step)) yield replaced(i, smaller);
}

function* smallerSteps(step: Step): Generator<Step> {
  switch (step.do) {
    case 'panx':
      for (const smaller of smallerCommands(step)) yield { ...step, ...smaller };
      return;
    case 'together':
      for (const [i, command] of step.commands.entries()) {
        for (const smaller of smallerCommands(command)) {
          yield { ...step, commands: step.commands.with(i, { ...command, ...smaller }) };
        }
      }
      return;
    case 'write':
      if (step.whole === true) return;
      for (const content of smallerContents(step.content)) yield { ...step, content };
      return;
    case 'damage':
      if ('hex' in step.how && step.how.hex.length > 2) {
        const hex = step.how.hex.slice(0, 2 * Math.ceil(step.how.hex.length / 4));
        yield { ...step, how: { ...step.how, hex } };
      }
      if (step.how.kind === 'zeros' && step.how.length > 1) {
        yield { ...step, how: { ...step.how, length: Math.floor(step.how.length / 2) } };
      }
      return;
    default:
      return;
  }
}

function* smallerCommands(command: Command): Generator<Partial<Command>> {
  const { args, env, stdin, signals } = command;
  for (let i = args.length - 1; i >= 0; i--) {
    if (args[i]!.fixed !== true) yield { args: args.filter((_, j) => j !== i) };
  }
  for (const name of Object.keys(env ?? {})) {
    yield { env: Object.fromEntries(Object.entries(env!).filter(([other]) => other !== name)) };
  }
  if (command.redirect !== undefined) yield without(command, 'redirect');
  if (command.shell !== undefined) yield without(command, 'shell');
  if (stdin !== undefined) for (const smaller of smallerContents(stdin)) yield { stdin: smaller };
  if (signals !== undefined && signals.length > 1) {
    for (const i of signals.keys()) yield { signals: signals.filter((_, j) => j !== i) };
  }
  for (const [i, arg] of args.entries()) {
    for (const smaller of smallerArguments(arg)) yield { args: args.with(i, smaller) };
  }
}

function without(command: Command, key: 'redirect' | 'shell'): Command {
  const { [key]: _, ...rest } = command;
  return rest;
}

/** A long odd word may fail for its length, or for a part of it. */
function* smallerArguments(arg: Argument): Generator<Argument> {
  if (arg.fixed === true) return;
  for (const [i, word] of arg.words.entries()) {
    if (word.length > 100) yield { ...arg, words: arg.words.with(i, word.slice(0, word.length / 2)) };
  }
}

function* smallerContents(content: Content): Generator<Content> {
  if (typeof content === 'string') {
    const lines = content.split('\n');
    if (lines.length > 1 && content.length < 20_000) {
      for (const i of lines.keys()) yield lines.toSpliced(i, 1).join('\n');
    } else if (content.length > 200) {
      yield content.slice(0, content.length / 2);
      yield content.slice(content.length / 2);
    }
  } else if ('hex' in content) {
    if (content.hex.length > 4) {
      const half = 2 * Math.floor(content.hex.length / 4);
      yield { hex: content.hex.slice(0, half) };
      yield { hex: content.hex.slice(half) };
    }
  } else if (content.times > 1) yield { ...content, times: Math.floor(content.times / 2) };
}
