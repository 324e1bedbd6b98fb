import type { Case, Command, Step } from '../case.js';
import { longTraining, shortSweep } from '../fixtures.js';
import type { Random } from '../random.js';
import { option, panx, sweep, train, trainLong, verify } from './commands.js';

/** Family 7: commands that are ended, stopped, or started twice. What comes after has the bytes of an unbroken run. */
export function killsCase(random: Random): Case {
  const part = random.pick([
    killedTraining,
    killedTraining,
    killedTraining,
    killedSweep,
    stoppedBefore,
    twice,
    killedForce,
  ]);
  return { family: 'kills', steps: part(random) };
}

type Signal = 'SIGKILL' | 'SIGINT' | 'SIGTERM' | 'SIGHUP';

function signal(random: Random): Signal {
  return random.pick(['SIGKILL', 'SIGKILL', 'SIGKILL', 'SIGINT', 'SIGTERM', 'SIGHUP']);
}

/** With --resume where something is begun, and not at all where it is done. */
const resuming = {
  more: [{ words: ['--resume'], onlyIf: 'out/identity.json', fixed: true as const }],
  unless: 'out/metrics.json',
};
const ownRun = [{ path: 'out', as: 'run' as const, own: true as const }];

function killedTraining(random: Random): Step[] {
  const kills = Array.from({ length: random.integer(1, 3) }, (): Step => {
    const name = signal(random);
    const second = name !== 'SIGKILL' && random.chance(0.2) ? [{ name, at: 1.1 * random.next() + 0.01 }] : [];
    const { fixed: _, ...step } = trainLong('out', {
      ...resuming,
      out: ownRun,
      verify: undefined,
      signals: [{ name, at: 1.15 * random.next() }, ...second],
    });
    return step;
  });
  return [
    ...kills,
    trainLong('out', { ...resuming, out: ownRun, expect: 'fine' }),
    // Where the killed one had got to the end.
    verify('out', { expect: 'fine', whenFine: [{ file: 'out/checksums.json', as: 'unbroken/checksums.json' }] }),
    clean(['out/lock', 'out/state', 'out/*.tmp', 'out*.tmp']),
  ];
}

function killedSweep(random: Random): Step[] {
  const out = [{ path: 'out', as: 'sweep' as const, own: true as const }];
  const kills = Array.from({ length: random.integer(1, 2) }, (): Step => {
    const { fixed: _, ...step } = sweep('out', {
      out,
      verify: undefined,
      signals: [{ name: signal(random), at: 1.1 * random.next() }],
    });
    return step;
  });
  const same = ['sweep.json', 'sweep.csv', 'sweep.md', 'learning-curve.svg'].map(name => ({
    file: `out/${name}`,
    as: `sweep/${name}`,
  }));
  return [...kills, sweep('out', { out, expect: 'fine', whenFine: same }), clean(['*/lock', '*.tmp'])];
}

/** Replacing a finished run is interrupted: then there is either run, whole, or one that can be gone on with. */
function killedForce(random: Random): Step[] {
  const seed = { words: ['--seed', '7'], fixed: true as const };
  return [
    { do: 'fixture', name: 'run', to: 'out', fixed: true },
    train('out', {
      out: ownRun,
      more: [{ words: ['--force'], fixed: true }, seed],
      verify: undefined,
      signals: [{ name: signal(random), at: 0.6 * random.next() }],
    }),
    train('out', {
      out: ownRun,
      more: [{ words: ['--force'], fixed: true }],
      expect: 'fine',
      whenFine: [{ file: 'out/checksums.json', as: 'run/checksums.json' }],
    }),
    clean(['out/lock', 'out/state', 'out/*.tmp', 'out*.tmp']),
  ];
}

/** A process that is stopped at any moment, while another does its work in the same folder; then it goes on. */
function stoppedBefore(random: Random): Step[] {
  const at = 0.02 + 0.5 * random.next();
  const kind = random.pick(['train', 'train', 'sweep']);
  const args = kind === 'train' ? longTraining('out') : shortSweep('out');
  const as = kind === 'train' ? ('run' as const) : ('sweep' as const);
  const command = (more: Partial<Command> & { startAt: number; seed: string }): Command & { startAt: number } => {
    const { seed, ...rest } = more;
    return {
      args: [
        { words: args, fixed: true },
        { words: ['--seed', seed], fixed: true },
      ],
      out: [{ path: 'out', as, own: true }],
      expect: 'either',
      ...rest,
    };
  };
  return [
    {
      do: 'together',
      fixed: true,
      oneWinner: true,
      commands: [
        command({
          seed: '42',
          startAt: 0,
          signals: [
            { name: 'SIGSTOP', at },
            { name: 'SIGCONT', at: at + 2.2 },
          ],
        }),
        command({ seed: '7', startAt: at + 0.02 }),
      ],
    },
    verify('out', { expect: 'fine' }),
    clean(['*/lock', '*.tmp']),
  ];
}

/** Two at once, of the same kind or of two. */
function twice(random: Random): Step[] {
  const startAt = random.pick([0, 0, 0.01, 0.3 * random.next()]);
  const first: Command = {
    args: [{ words: longTraining('out'), fixed: true }],
    out: [{ path: 'out', as: 'sweep', own: true }],
    expect: 'either',
  };
  const second: Command = random.chance(0.6)
    ? {
        ...first,
        args: [
          ...first.args,
          { words: ['--seed', '7'], fixed: true },
          ...(random.chance(0.3) ? [option('--force')] : []),
        ],
      }
    : { ...first, args: [{ words: shortSweep('out'), fixed: true }] };
  const forced = second.args.some(({ words }) => words[0] === '--force');
  return [
    {
      do: 'together',
      fixed: true,
      oneWinner: !forced,
      commands: [
        { ...first, startAt: 0 },
        { ...second, startAt },
      ],
    },
    verify('out', { expect: 'either' }),
    clean(['*/lock', '*.tmp']),
  ];
}

/** What must be gone when all is done; `panx --version` is only there to be looked at. */
function clean(gone: readonly string[]): Step {
  return { ...panx(['--version'], { expect: 'fine' }), gone } as Step;
}
