import type { Out, Step, Verdict } from '../case.js';
import type { Random } from '../random.js';
import { evaluate, type More, option, predict, verify, type Writer, write } from './commands.js';

/** Locks of the dead, the living, and of nobody. */
export function locks(random: Random): Step[] {
  const writer = random.pick(['train', 'sweep'] as const);
  const own = random.chance(0.5);
  const fixture = writer === 'train' ? 'interrupted' : 'sweep';
  const holder = random.pick(['dead', 'living', 'elsewhere', 'garbage', 'garbage'] as const);
  const steps: Step[] = own ? [{ do: 'fixture', name: fixture, to: 'out', fixed: true }] : [];
  if (holder === 'garbage') {
    const content = random.pick([
      '',
      'null',
      '{}',
      '5',
      '[]',
      '{"pid": null, "host": null}',
      '{"pid": -1, "host": "x"}',
      '{"pid": 1e308}',
      '['.repeat(200_000),
      '\u0000',
    ]);
    steps.push({
      do: 'write',
      path: 'out/lock/holder.json',
      content,
      verdict: 'either',
      what: 'a lock that names nobody',
    });
  } else {
    const verdict = holder === 'dead' ? 'fine' : 'refuse';
    steps.push({ do: 'lock', path: 'out/lock', holder, verdict, what: `a lock of a ${holder} process` });
  }
  const settings: More =
    writer === 'train' && own
      ? {
          more: [
            { words: longOptions, fixed: true },
            { words: ['--resume'], fixed: true },
          ],
        }
      : {};
  return [...steps, ...write(writer, 'out', settings, true)];
}

const longOptions = ['--size', '96', '--epochs', '3', '--batch-size', '16', '--set', 'checkpoint.everySteps=3'];

/** What a kill leaves: it is cleared by the next command, and does not make a folder somebody's. */
export function leftovers(random: Random): Step[] {
  const writer = random.pick(['train', 'sweep', 'init'] as const);
  const pid = 2 ** 22 + random.integer(1, 99);
  const hex = '0a1b2c3d';
  const names = {
    train: ['identity.json', 'config.json', 'checkpoint', 'lock', 'metrics.json', 'panx.json'],
    sweep: ['config.json', 'sweep.json', 'sweep.csv', 'lock', 'learning-curve.png', 'panx.json'],
    init: ['config.json', 'model.safetensors', 'panx.json'],
  }[writer];
  const steps = random.some(names, 2).map((name): Step => {
    const path = `out/${name}.${pid}-${hex}.tmp`;
    const what = `what a kill left of ${name}`;
    const verdict = writer === 'init' ? 'either' : 'fine';
    if (name === 'checkpoint' || name === 'lock') return { do: 'folder', path, what, verdict };
    return { do: 'write', path, content: 'half', what, verdict };
  });
  return [...steps, ...write(writer, 'out', { gone: ['out/*.tmp'] }, true)];
}

/** --force on what is panx's own, with things of others among it. */
export function forced(random: Random): Step[] {
  const [writer, fixture] = random.pick([
    ['train', 'run'],
    ['train', 'interrupted'],
    ['sweep', 'sweep'],
    ['init', 'init'],
    ['train', 'sweep'],
    ['sweep', 'run'],
    ['init', 'run'],
  ] as const);
  const like =
    (writer === 'train') === (fixture === 'run' || fixture === 'interrupted') &&
    (writer === 'sweep') === (fixture === 'sweep');
  const names = {
    run: [
      'notes.txt',
      'checkpoint/notes.txt',
      'state/notes.txt',
      'lock/notes.txt',
      'results/a.csv',
      'phase-1-tr/a',
      'config.yaml',
      'checkpoint/old/model.bin',
    ],
    interrupted: [
      'notes.txt',
      'state/notes.txt',
      'state/backup/model.safetensors',
      'state/step-00000003/notes.txt',
      'lock/notes.txt',
      'figures/a.png',
    ],
    sweep: [
      'notes.txt',
      'phase-1-tr/notes.txt',
      'phase-2-en/checkpoint/notes.txt',
      'phase-9-mine/a',
      'sweep.xlsx',
      'phase-3.1-tr-20/state/a',
    ],
    init: ['notes.txt', 'README.md', 'pytorch_model.bin', 'onnx/model.onnx', 'vocab.txt', 'tokenizer/tokenizer.json'],
  }[fixture];
  const kind = fixture === 'init' ? 'model' : fixture === 'sweep' ? 'sweep' : 'run';
  const foreign = random.some(names, random.integer(0, 2)).map(
    (name): Step => ({
      do: 'write',
      path: `out/${name}`,
      content: 'mine\n',
      verdict: 'either',
      what: `a file of somebody's among panx's own (${name})`,
    }),
  );
  const seed = writer === 'init' ? option('--seed', '7') : option('--seed', '7');
  // Another kind of folder than the command makes is not the command's to clear.
  const out: Out[] = [{ path: 'out', as: kind, ...(like ? { own: true as const } : {}) }];
  const verdict: Step[] = like
    ? []
    : [{ do: 'folder', path: 'home/x', verdict: 'either', what: `--force of ${writer} on what ${fixture} made` }];
  return [
    { do: 'fixture', name: fixture, to: 'out', fixed: true },
    ...foreign,
    ...verdict,
    ...write(writer, 'out', { out, more: [{ words: ['--force'], fixed: true }, seed] }),
  ];
}

/** Somebody's folder with a mark in it that a copy may have brought: names that panx makes may go, and no others. */
export function forgedMark(random: Random): Step[] {
  const [writer, kind] = random.pick([
    ['train', 'run'],
    ['sweep', 'sweep'],
    ['init', 'model'],
  ] as const);
  const names = [
    'notes.txt',
    'state/a',
    'state/step-1/b',
    'checkpoint/mine.bin',
    'lock/x',
    'phase-1-tr/a',
    'onnx/a',
    'old',
  ];
  const mark = random.pick(['', ' ', '\n']);
  const what = 'a mark of panx in the folder of somebody';
  return [
    { do: 'write', path: 'out/panx.json', content: `{"kind": "${kind}", "format": 1}${mark}`, verdict: 'either', what },
    ...random.some(names, 2).map((name): Step => ({ do: 'write', path: `out/${name}`, content: 'mine\n' })),
    ...write(
      writer,
      'out',
      { more: random.chance(0.7) ? [option('--force')] : [], verify: undefined, expect: 'either' },
      true,
    ),
  ];
}

/** A part of a run that is a link: what it leads to is not followed for deletion. */
export function linkedInside(random: Random): Step[] {
  const [fixture, part] = random.pick([
    ['interrupted', 'state'],
    ['interrupted', 'lock'],
    ['run', 'checkpoint'],
    ['run', 'state'],
    ['run', 'events.jsonl'],
    ['run', 'checkpoint.previous'],
    ['run', 'metrics.json'],
    ['sweep', 'phase-1-tr'],
    ['sweep', 'phase-2-en/checkpoint'],
    ['sweep', 'sweep.csv'],
    ['init', 'model.safetensors'],
  ] as const);
  const target = /\.(json|jsonl|csv|safetensors)$/.test(part)
    ? 'beside.txt'
    : random.pick(['foreign', 'model', 'data/PAN-X.en', 'home']);
  const writer: Writer = fixture === 'sweep' ? 'sweep' : fixture === 'init' ? 'init' : 'train';
  const as = { train: 'run', sweep: 'sweep', init: 'model' }[writer] as Out['as'];
  const resume = fixture === 'interrupted' && random.chance(0.4);
  const more = resume ? [{ words: [...longOptions, '--resume'], fixed: true as const }] : [option('--force')];
  return [
    { do: 'fixture', name: fixture, to: 'out', fixed: true },
    { do: 'remove', path: `out/${part}`, verdict: 'either' },
    {
      do: 'link',
      path: `out/${part}`,
      to: `{box}/${target}`,
      verdict: 'either',
      what: `${part} of a run is a link to something else`,
    },
    ...write(writer, 'out', { out: [{ path: 'out', as, own: true }], more, expect: 'either', verify: undefined }),
  ];
}

/** Folders beside, whose names panx uses while it replaces one. */
export function neighbours(random: Random): Step[] {
  const writer = random.pick(['init', 'init', 'train', 'sweep'] as const);
  const beside = random.pick(['m.previous', 'm.tmp', 'm.1-00000000.tmp', 'm.old', 'm.lock', 'm~']);
  const name = random.pick(['keep.txt', 'config.json', 'model.safetensors']);
  const there = writer === 'init' && random.chance(0.6);
  const more = there ? [{ words: ['--force'], fixed: true as const }] : [];
  return [
    ...(there ? [{ do: 'fixture', name: 'init', to: 'm', fixed: true } as const] : []),
    { do: 'write', path: `${beside}/${name}`, content: 'mine\n', what: `${beside} beside --out m`, verdict: 'fine' },
    ...write(writer, 'm', { more }, true),
  ];
}

/** verify --rerun --out at or around the run that is read; a forged run must not pass by comparison with itself. */
export function rerunInto(random: Random): Step[] {
  const [run, out]: [string, string] = random.pick([
    ['runs/run', 'runs'],
    ['runs/run', 'runs/'],
    ['runs/run', './runs'],
    ['runs/run', '{box}/runs'],
    ['runs/run', 'link'],
    ['runs/run', 'runs/run'],
    ['runs/run', 'runs/run/checkpoint'],
    ['runs/run', 'model'],
    ['runs/run', 'data/PAN-X.en'],
    ['runs/run/', 'runs'],
    ['link/run', 'runs'],
  ]);
  const forge = random.chance(0.6);
  const forged: Step[] = forge
    ? [
        {
          do: 'damage',
          path: 'runs/run/metrics.json',
          how: { kind: 'json', at: ['test', 'en', 'f1'], value: '0.99' },
          fixed: true,
        },
        {
          do: 'damage',
          path: 'runs/run/checksums.json',
          how: { kind: 'json', at: ['metrics.json'], value: `"${forgedSum}"` },
          fixed: true,
        },
      ]
    : [];
  return [
    { do: 'folder', path: 'runs', fixed: true },
    { do: 'link', path: 'link', to: 'runs', fixed: true },
    { do: 'fixture', name: 'run', to: 'runs/run', fixed: true },
    ...forged,
    verify(run, {
      out: [],
      more: [
        {
          words: ['--rerun', '--out', out],
          verdict: 'refuse',
          what: 'verify --rerun --out is or holds what is read',
          fixed: true,
        },
      ],
    }),
  ];
}

const forgedSum = '0'.repeat(64);

/** Files that evaluate writes: --out and --profile. */
export function files(random: Random): Step[] {
  const flag = random.pick(['--out', '--out', '--profile']);
  const [path, verdict, own]: [string, Verdict, boolean] = random.pick([
    ['report.json', 'fine', true],
    ['new/folder/report.json', 'fine', true],
    ['beside.txt', 'either', true],
    ['m/config.json', 'refuse', false],
    ['m/model.safetensors', 'refuse', false],
    ['m/report.json', 'either', true],
    ['data/PAN-X.en/test-00000-of-00001.parquet', 'refuse', false],
    ['data/PAN-X.en/report.json', 'either', true],
    ['foreign', 'refuse', false],
    ['model', 'refuse', false],
    ['device', 'either', false],
    ['pipe', 'either', false],
    ['/proc/report.json', 'refuse', false],
    ['beside.txt/report.json', 'refuse', false],
    ['loop', 'either', false],
    ['', 'refuse', false],
    [`${'a'.repeat(300)}.json`, 'refuse', false],
    ['new\nline.json', 'fine', true],
  ]);
  return [
    { do: 'fixture', name: 'checkpoint', to: 'm', fixed: true },
    { do: 'link', path: 'loop', to: 'loop', fixed: true },
    { do: 'device', path: 'device', fixed: true },
    { do: 'pipe', path: 'pipe', fixed: true },
    evaluate('m', {
      out: own ? [{ path, as: 'file' }] : [],
      more: [
        {
          words: [
            flag === '--profile' && path === '' ? '--profile=' : flag,
            ...(flag === '--profile' && path === '' ? [] : [path]),
          ],
          verdict,
          what: `evaluate ${flag} ${path.length > 60 ? 'a long name' : path}`,
          fixed: true,
        },
      ],
    }),
    predict('m'),
  ];
}
