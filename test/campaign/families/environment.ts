import type { Argument, Case, Command, Out, Step, Verdict } from '../case.js';
import type { Random } from '../random.js';
import { evaluate, init, panx, predict, train } from './commands.js';

/** Family 8: a surrounding that no command expects. */
export function environmentCase(random: Random): Case {
  const part = random.pick([
    variables,
    variables,
    variables,
    limits,
    limits,
    streams,
    streams,
    workingFolder,
    cache,
    setup,
    fixedThings,
  ]);
  return { family: 'environment', steps: part(random) };
}

type More = Partial<Omit<Command, 'args'>> & { more?: readonly Argument[] };

/** A command that is right, but for what surrounds it. */
function someCommand(random: Random, more: More): Step[] {
  const which = random.pick(['train', 'train', 'predict', 'evaluate', 'stats', 'config', 'doctor', 'init', 'version']);
  const checkpoint: Step = { do: 'fixture', name: 'checkpoint', to: 'm', fixed: true };
  switch (which) {
    case 'train':
      return [train('out', { ...more, verify: undefined })];
    case 'predict':
      return [checkpoint, predict('m', more)];
    case 'evaluate':
      return [checkpoint, evaluate('m', more)];
    case 'stats':
      return [panx(['data', 'stats', '--data', 'data', '--langs', 'en', '--model', 'model'], more)];
    case 'config':
      return [panx(['config'], more)];
    // What it finds may well be a problem.
    case 'doctor':
      return [
        panx(['doctor', ...(random.chance(0.5) ? ['--json'] : [])], {
          ...more,
          expect: more.expect === 'refuse' ? 'refuse' : 'either',
        }),
      ];
    case 'init':
      return [init('made', more)];
    default:
      return [panx(['--version'], more)];
  }
}

const places = [
  '',
  ' ',
  '/proc',
  '/sys/x',
  '{box}/beside.txt',
  '{box}/beside.txt/x',
  '{box}/nowhere/deep',
  '{box}/loop',
  '{box}/home/\n',
  '/dev/null',
  'relative',
  '~',
  '$HOME',
  '{box}/home/\u001b[31m',
  `{box}/${'a'.repeat(300)}`,
  '{box}/foreign',
];

function variables(random: Random): Step[] {
  const env: Record<string, string | null> = {};
  for (let i = random.integer(1, 2); i > 0; i--) {
    const name = random.pick([
      'HOME',
      'HOME',
      'TMPDIR',
      'PANX_CACHE',
      'PANX_CACHE',
      'XDG_CACHE_HOME',
      'HF_HOME',
      'HF_HUB_CACHE',
      'PANX_LIBTENSORFLOW',
      'LANG',
      'COLUMNS',
      'HF_ENDPOINT',
      'HF_TOKEN',
      'HF_HUB_DOWNLOAD_TIMEOUT',
      'OMP_NUM_THREADS',
      'PATH',
      'TZ',
      'NO_COLOR',
      'FORCE_COLOR',
      'TERM',
    ]);
    const odd =
      {
        LANG: ['xx', '', 'C', 'tr_TR.UTF-8'],
        COLUMNS: ['0', '-1', 'x', '1e9', '1'],
        HF_ENDPOINT: ['x', 'file:///etc', 'http://', 'http://[::1', ''],
        HF_TOKEN: ['x', 'hf_\n', ''],
        HF_HUB_DOWNLOAD_TIMEOUT: ['-1', 'x', '0', '1e9'],
        OMP_NUM_THREADS: ['0', '-1', 'x', '9999'],
        PATH: ['', '/nowhere'],
        TZ: ['x'],
        NO_COLOR: [''],
        FORCE_COLOR: ['9'],
        TERM: ['dumb', ''],
      }[name] ?? places;
    env[name] = random.chance(0.15) ? null : random.pick(odd);
  }
  const command = someCommand(random, { env, expect: 'either', out: [{ path: '', as: 'sweep' }, ...cachePlaces] });
  return [
    { do: 'link', path: 'loop', to: 'loop', fixed: true },
    ...command.map(step => (step.do === 'panx' ? { ...step, out: [...(step.out ?? []), ...cachePlaces] } : step)),
  ];
}

/** Where a cache may come to lie. */
const cachePlaces = ['nowhere', 'relative', '~', '$HOME', 'home', 'foreign', 'out', 'made', '.cache'].map(path => ({
  path,
  as: 'cache-place' as const,
}));

function limits(random: Random): Step[] {
  // With fewer files than 20 Node.js itself does not start.
  const [shell, expect]: [string, Verdict] = random.pick([
    ['ulimit -n 20', 'either'],
    ['ulimit -n 25', 'either'],
    ['ulimit -n 32', 'either'],
    ['ulimit -n 64', 'either'],
    ['ulimit -f 0', 'either'],
    ['ulimit -f 100', 'either'],
    ['ulimit -f 3000', 'either'],
    ['ulimit -c 0', 'fine'],
    ['umask 777', 'either'],
    ['umask 077', 'fine'],
  ]);
  return someCommand(random, { shell, expect, more: [{ words: [], what: shell, fixed: true }] });
}

function streams(random: Random): Step[] {
  const redirect = random.pick([
    '<&-',
    '>&-',
    '2>&-',
    '>&- 2>&-',
    '<&- >&- 2>&-',
    '>{full}',
    '2>{full}',
    '>{full} 2>{full}',
    '</dev/null',
    '< foreign',
    '> closed',
    '2>&1',
  ]);
  const full = redirect.replaceAll('{full}', '/dev/full');
  const expect: Verdict = /full|>&-|> closed/.test(redirect) ? 'either' : 'fine';
  if (redirect === '< foreign') {
    const checkpoint: Step = { do: 'fixture', name: 'checkpoint', to: 'm', fixed: true };
    return [checkpoint, predict('m', { stdin: '', redirect, expect: 'refuse' })];
  }
  const closed: Out = { path: 'closed', as: 'file' };
  return someCommand(random, { redirect: full, expect }).map(step =>
    step.do === 'panx' ? { ...step, out: [...(step.out ?? []), closed] } : step,
  );
}

function workingFolder(random: Random): Step[] {
  const shell = random.pick(['cd gone && rmdir ../gone', 'cd gone && rmdir ../gone', 'mv gone gone2 && cd gone2']);
  const run = (args: readonly string[], expect: Verdict, made: readonly Out[] = []) =>
    panx(args, { shell, expect, out: [{ path: 'gone', as: 'file' }, { path: 'gone2', as: 'run' }, ...made] });
  const training = [
    'train',
    '--sample',
    '--lang',
    'en',
    '--size',
    '40',
    '--epochs',
    '1',
    '--backend',
    'wasm',
    '--out',
    'out',
  ];
  const command = random.pick<Step>([
    run(['config'], 'either'),
    run(training, 'either', [{ path: 'gone2/out', as: 'run' }]),
    run(['predict', '--model', '{box}/model', '--text', 'a'], 'refuse'),
    run(['verify', '.'], 'refuse'),
    run(['init', '--size', 'tiny', '--sample', '--out', 'x'], 'either', [{ path: 'gone2/x', as: 'model' }]),
    run(['doctor'], 'either'),
    run(['--version'], 'fine'),
  ]);
  return [{ do: 'folder', path: 'gone', fixed: true }, command];
}

function cache(random: Random): Step[] {
  const place = random.pick(['cache', 'cache/tokens', 'cache/tokens/x']);
  const instead = random.pick<Step>([
    { do: 'write', path: place, content: 'x' },
    { do: 'link', path: place, to: 'loop-to-itself' },
    { do: 'link', path: place, to: '{box}/foreign' },
    { do: 'mode', path: 'cache', mode: 0o500 },
    { do: 'link', path: place, to: '/proc' },
  ]);
  return [
    { do: 'remove', path: place, fixed: true },
    { ...instead, what: `the cache's ${place} is a ${instead.do}`, fixed: true },
    ...someCommand(random, { expect: 'either', out: cachePlaces }).map(step =>
      step.do === 'panx'
        ? {
            ...step,
            out: [...cachePlaces, { path: 'out', as: 'run' as const }, { path: 'made', as: 'model' as const }],
          }
        : step,
    ),
  ];
}

/** Without pip or a network nothing can be brought, and that is said. */
function setup(random: Random): Step[] {
  const env = {
    PATH: '/nowhere',
    ...random.pick([
      {},
      { PANX_LIBTENSORFLOW: '{box}/foreign' },
      { PANX_LIBTENSORFLOW: '/nowhere' },
      { PANX_CACHE: '{box}/beside.txt' },
      { PANX_CACHE: '/proc' },
    ]),
  };
  const more = [random.chance(0.4) ? ['--force'] : [], random.chance(0.3) ? ['--device', 'cuda'] : []].flat();
  return [panx(['setup', ...more], { env, expect: 'refuse' })];
}

/** What surrounds it is odd and harmless. */
function fixedThings(random: Random): Step[] {
  return someCommand(
    random,
    random.pick<More>([
      { env: { LANG: 'tr_TR.UTF-8' }, expect: 'fine' },
      { env: { TZ: 'Asia/Kathmandu' }, expect: 'fine' },
      { redirect: '</dev/null', expect: 'fine' },
      { env: { COLUMNS: '1' }, expect: 'fine' },
      { env: { FORCE_COLOR: '1' }, expect: 'fine' },
    ]),
  );
}
