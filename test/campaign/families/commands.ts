import { type Argument, type Command, type Out, type Step, words } from '../case.js';
import { longTraining, shortSweep, shortTraining, smallInit } from '../fixtures.js';

/** The command lines of the fixtures as steps, with more arguments and what else a case wants. */

export type More = Partial<Omit<Command, 'args'>> & { more?: readonly Argument[] };

export function train(out: string, more: More = {}): Step {
  return step(shortTraining(out), { path: out, as: 'run' }, { verify: out, ...more });
}

export function trainLong(out: string, more: More = {}): Step {
  return step(longTraining(out), { path: out, as: 'run' }, { verify: out, ...more });
}

export function sweep(out: string, more: More = {}): Step {
  return step(shortSweep(out), { path: out, as: 'sweep' }, { verify: out, ...more });
}

export function init(out: string, more: More = {}): Step {
  return step(smallInit(out), { path: out, as: 'model' }, more);
}

export function verify(run: string, more: More = {}): Step {
  return step(['verify', run], null, more);
}

export function predict(model: string, more: More = {}): Step {
  const text = more.stdin === undefined ? ['--text', 'Ada Lovelace lives in London'] : [];
  return step(['predict', '--model', model, '--backend', 'wasm', ...text], null, more);
}

export function evaluate(model: string, more: More = {}): Step {
  const limit = ['--set', 'evaluation.limit=20', '--backend', 'wasm'];
  return step(['evaluate', '--model', model, '--data', 'data', '--langs', 'en', ...limit], null, more);
}

export function panx(args: readonly string[], more: More = {}): Step {
  return step(args, null, more);
}

/** `out` may be given as text of its own, where it is an odd one, or is not what panx may write to. */
function step(args: readonly string[], out: Out | null, { more = [], ...rest }: More): Step {
  const own = rest.out ?? (out === null ? [] : [out]);
  return { do: 'panx', fixed: true, args: [words(...args), ...more], ...rest, out: own };
}

/** An argument that may be left out. */
export function option(...list: string[]): Argument {
  return { words: list };
}

/** Writers of a folder. */
export type Writer = 'train' | 'sweep' | 'init' | 'rerun';
export const writers: readonly Writer[] = ['train', 'train', 'sweep', 'init', 'rerun'];

/** A command that writes to `out`; what lies there is panx's own only where the case says so. */
export function write(writer: Writer, out: string, more: More = {}, own?: true): Step[] {
  const as: Out['as'] = { train: 'run', sweep: 'sweep', init: 'model', rerun: 'sweep' }[writer] as Out['as'];
  const place: Out = { path: out, as, ...(own === undefined ? {} : { own }) };
  const rest = { out: [place], ...more };
  switch (writer) {
    case 'train':
      return [train(out, rest)];
    case 'sweep':
      return [sweep(out, rest)];
    case 'init':
      return [init(out, rest)];
    case 'rerun':
      return [
        { do: 'fixture', name: 'run', to: 'run', fixed: true },
        verify('run', { ...rest, more: [{ words: ['--rerun', '--out', out], fixed: true }, ...(more.more ?? [])] }),
      ];
  }
}
