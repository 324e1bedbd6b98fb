import type { Argument, Out, Step, Verdict } from '../case.js';
import type { Random } from '../random.js';
import { init, option, sweep, train, type Writer, write, writers } from './commands.js';

const foreignNames = [
  ...['notes.txt', 'state/a', 'state/step-00000001/model.safetensors', 'checkpoint/mine.bin', 'checkpoint/config.json'],
  ...['lock/x', 'config.json', 'metrics.json', 'identity.json', 'checksums.json', 'environment.json', 'panx.json'],
  ...['events.jsonl', 'times.jsonl', 'trace.json', 'phase-1-tr/keep.txt', 'phase-1-tr/identity.json', 'sweep.json'],
  ...[
    'sweep.csv',
    'learning-curve.png',
    'model.safetensors',
    'tokenizer.json',
    '.git/HEAD',
    '.hidden',
    'state',
    'lock',
  ],
  ...['checkpoint', 'thesis.tmp', 'config.json.bak', 'checkpoint.previous/a', 'a/b/c/d', 'run/keep.txt', 'sub/'],
];

const foreignContents = [
  'mine\n',
  '',
  '{}',
  'null',
  '5',
  '[]',
  '{"kind": "run"}',
  '{"id": "train", "key": "x"}',
  '{"a": {"b": 1}}',
];

export function foreignFolder(random: Random): Step[] {
  const writer = random.pick(writers);
  const names = random.some(foreignNames, random.integer(1, 3));
  // With --rerun the run goes into a folder of its own name below.
  const verdict: Verdict = 'refuse';
  const steps = names.map((name): Step => {
    const what = `a folder of somebody's as --out (${name})`;
    if (name.endsWith('/')) return { do: 'folder', path: `out/${name}`, what, verdict: 'either' };
    return { do: 'write', path: `out/${name}`, content: random.pick(foreignContents), what, verdict };
  });
  return [...steps, ...write(writer, 'out', { more: maybeForced(writer, random) })];
}

export function linkedFolder(random: Random): Step[] {
  const writer = random.pick(writers);
  const [target, verdict, fixture]: [string, Verdict, boolean] = random.pick([
    ['foreign', 'refuse', false],
    ['empty', 'fine', false],
    ['model', 'refuse', false],
    ['data', 'refuse', false],
    ['data/PAN-X.en', 'refuse', false],
    ['beside.txt', 'refuse', false],
    ['nowhere', 'either', false],
    ['out', 'refuse', false],
    ['run', 'refuse', true],
    ['/proc', 'refuse', false],
    ['device', 'refuse', false],
    ['.', 'refuse', false],
  ]);
  const absolute = !target.startsWith('/') && target !== 'out' && random.chance(0.3);
  const slash = random.chance(0.2) ? '/' : '';
  const below = random.chance(0.2) && verdict === 'refuse' && target !== 'foreign' ? '/sub' : '';
  // What a command does not read is no input of its own; only the names of folders can tell panx that it is one.
  const unread = target.startsWith('data') && writer === 'init';
  const inFree = below !== '' && (['data', '.', 'run'].includes(target) || unread);
  const force = verdict === 'fine' || target === 'run' ? [] : maybeForced(writer, random);
  return [
    ...(fixture && writer !== 'rerun' ? [{ do: 'fixture', name: 'run', to: 'run', fixed: true } as const] : []),
    { do: 'folder', path: 'empty', fixed: true },
    { do: 'device', path: 'device', fixed: true },
    {
      do: 'link',
      path: 'out',
      to: absolute ? `{box}/${target}` : target,
      verdict: inFree ? 'either' : verdict,
      what: `--out is a link to ${target}${below}`,
    },
    ...write(writer, `out${below}${slash}`, { more: force }),
  ];
}

/** --out is, holds, or lies inside what the command reads. */
export function insideInputs(random: Random): Step[] {
  const kind = random.pick(['model', 'data', 'run', 'around']);
  const disguise = (path: string) =>
    random.pick([
      path,
      `./${path}`,
      `${path}/`,
      `{box}/${path}`,
      `${path}/../${path.split('/').at(-1)}`,
      `./home/../${path}`,
      `alias/${path}`,
    ]);
  const force = random.chance(0.5) ? [option('--force')] : [];
  const refuse = (what: string): Step => ({ do: 'link', path: 'alias', to: '.', verdict: 'refuse', what, fixed: true });
  const as = { as: 'run' as const };
  switch (kind) {
    case 'model': {
      const out = disguise(random.pick(['model', 'model/out', 'model/a/b']));
      return [
        refuse('--out is or lies in the model folder'),
        random.chance(0.6) ? train(out, { more: force, out: [] }) : init(out, { more: force, out: [] }),
      ];
    }
    case 'data': {
      const out = disguise(random.pick(['data/PAN-X.en', 'data/PAN-X.en/out', 'data/PAN-X.tr', 'data/PAN-X.en/a/b']));
      const run = random.chance(0.6);
      return [
        refuse('--out is or lies in a folder PAN-X.<lang>'),
        run ? train(out, { more: force, out: [] }) : sweep(out, { more: force, out: [] }),
      ];
    }
    case 'run': {
      const out = disguise(random.pick(['run', 'run/checkpoint', 'run/checkpoint/out', 'run/state', 'run/out']));
      const model: Argument = { words: ['--model', 'run/checkpoint'], fixed: true };
      return [
        { do: 'fixture', name: 'run', to: 'run', fixed: true },
        refuse('--out is or lies in the run that --model is of'),
        train(out, { more: [model, ...force], out: [] }),
      ];
    }
    default: {
      const inner = random.pick(['holder/model', 'holder/deep/model']);
      const model: Argument = { words: ['--model', inner], fixed: true };
      return [
        { do: 'folder', path: 'holder/deep', fixed: true },
        { do: 'move', from: 'model', to: inner, fixed: true },
        refuse('--out holds the model folder'),
        train(disguise('holder'), { more: [model, ...force], out: [{ path: 'nothing', ...as }] }),
      ];
    }
  }
}

export function notAFolder(random: Random): Step[] {
  const out = random.pick([
    'beside.txt',
    'beside.txt/sub',
    'device',
    'device/x',
    '/proc/panx',
    '/proc/self/out',
    '/sys/panx',
    'pipe',
    'model/config.json',
    '',
  ]);
  const writer = random.pick(writers);
  const what = `--out is ${out === '' ? 'empty' : out}`;
  return [
    { do: 'pipe', path: 'pipe', fixed: true },
    { do: 'device', path: 'device', fixed: true },
    ...write(writer, out, {
      more: [...maybeForced(writer, random), { words: [], what, verdict: 'refuse', fixed: true }],
      out: [],
    }),
  ];
}

export function oddName(random: Random): Step[] {
  const [out, verdict]: [string, Verdict] = random.pick([
    ['with space', 'fine'],
    ['new\nline', 'fine'],
    ['ünïcödé', 'fine'],
    ['日本語', 'fine'],
    ['🙂', 'fine'],
    ["it's", 'fine'],
    ['a"b', 'fine'],
    ['$HOME', 'fine'],
    ['*', 'fine'],
    ['#x', 'fine'],
    ['%s%n', 'fine'],
    ['a;b', 'fine'],
    ['tab\there', 'fine'],
    ['./-dash', 'fine'],
    ['-dash', 'either'],
    ['--force', 'either'],
    ['\u001b[31mred', 'either'],
    ['\u0007bell', 'either'],
    ['__proto__', 'fine'],
    ['constructor', 'fine'],
    ['con', 'fine'],
    ['a/../b', 'fine'],
    ['deep/er/and/deep/er', 'fine'],
    ['.hidden', 'fine'],
    ['x.tmp', 'fine'],
    ['a\\b', 'fine'],
    ['~', 'either'],
    ['~/out', 'either'],
    ['a'.repeat(200), 'fine'],
    ['a'.repeat(240), 'either'],
    ['a'.repeat(300), 'refuse'],
    ['a/'.repeat(2500), 'refuse'],
    ['\u202eevil', 'fine'],
    [' ', 'either'],
    ['.', 'refuse'],
    ['..', 'refuse'],
    ['../box/out', 'either'],
  ]);
  const writer = random.pick(writers);
  const what = `--out is ${JSON.stringify(out.length > 30 ? `${out.slice(0, 20)}… (${out.length})` : out)}`;
  const place: Out[] = [{ path: out, as: 'sweep' }];
  return write(writer, out, {
    more: [
      ...(random.chance(0.2) && verdict !== 'fine' ? maybeForced(writer, random) : []),
      { words: [], what, verdict, fixed: true },
    ],
    out:
      verdict === 'either'
        ? [
            ...place,
            { path: '~', as: 'sweep' },
            { path: 'home', as: 'sweep', own: true },
            { path: '', as: 'sweep', own: true },
          ]
        : place,
  });
}

function maybeForced(writer: Writer, random: Random): Argument[] {
  if (writer === 'rerun') return [];
  const profile = writer === 'train' && random.chance(0.15) ? [option('--profile')] : [];
  if (random.chance(0.45)) return [option('--force'), ...profile];
  return writer === 'train' && random.chance(0.3) ? [option('--resume'), ...profile] : profile;
}
