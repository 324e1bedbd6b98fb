import type { Case, Step, Verdict } from '../case.js';
import type { Damage } from '../damage.js';
import type { JsonText } from '../json-change.js';
import { anyDamage, jsonDamage, nameOfDamage, oddJson } from '../odd-values.js';
import type { Random } from '../random.js';
import { evaluate, predict, sweep, train, trainLong, verify } from './commands.js';

/** Family 2: panx's own files, damaged or forged; then a command that reads them. */
export function ownFilesCase(random: Random): Case {
  const scene = random.pick([
    verifyRun,
    verifyRun,
    verifySweep,
    verifySweep,
    resume,
    resume,
    sweepAgain,
    useRun,
    tokenCache,
  ]);
  return { family: 'own', steps: scene(random) };
}

const sealed = ['config.json', 'identity.json', 'events.jsonl', 'metrics.json'];
const inCheckpoint = ['checkpoint/config.json', 'checkpoint/model.safetensors', 'checkpoint/tokenizer.json'];
const unsealed = ['environment.json', 'times.jsonl', 'panx.json'];

function damaged(path: string, how: Damage, verdict: Verdict): Step {
  return {
    do: 'damage',
    path,
    how,
    verdict,
    what: `${path.replace(/^.*?\//, '')} is not as it was (${nameOfDamage(how)})`,
  };
}

function someDamage(path: string, random: Random): Damage {
  if (/\.jsonl$|\.csv$|\.md$/.test(path) && random.chance(0.6)) {
    return { kind: 'line', how: random.pick(['drop', 'repeat', 'swap']), at: random.next() };
  }
  return path.endsWith('.json') ? jsonDamage(random) : anyDamage(random);
}

/** One thing wrong with a finished run in `root`: panx verify must tell, unless it stands in no sealed file. */
function damageOfRun(root: string, random: Random): Step[] {
  switch (random.integer(0, 8)) {
    case 0:
      return [checksumsDamage(root, random)];
    case 1: {
      const path = random.pick([
        'checkpoint/extra.bin',
        'checkpoint/adapter.safetensors',
        'checkpoint/vocab.json',
        'checkpoint/sub/x',
        'checkpoint/model-00002-of-00002.safetensors',
      ]);
      return [
        {
          do: 'write',
          path: `${root}/${path}`,
          content: '{}',
          verdict: 'refuse',
          what: 'a file too many in checkpoint/',
        },
      ];
    }
    case 2: {
      const path = random.pick([...sealed, ...inCheckpoint, 'checksums.json', 'checkpoint', 'environment.json']);
      return [
        {
          do: 'remove',
          path: `${root}/${path}`,
          verdict: path === 'environment.json' ? 'either' : 'refuse',
          what: `${path} is gone`,
        },
      ];
    }
    case 3: {
      const path = random.pick(unsealed);
      return [damaged(`${root}/${path}`, someDamage(path, random), 'either')];
    }
    case 4:
    case 5: {
      const path = random.pick(inCheckpoint);
      return [damaged(`${root}/${path}`, someDamage(path, random), 'refuse')];
    }
    case 6: {
      // A file in whose place there is something else.
      const path = random.pick([...sealed, 'checksums.json', 'checkpoint/config.json']);
      const instead: Step = random.pick<Step>([
        { do: 'folder', path: `${root}/${path}` },
        { do: 'link', path: `${root}/${path}`, to: 'nowhere' },
        { do: 'link', path: `${root}/${path}`, to: path.split('/').at(-1)! },
        { do: 'link', path: `${root}/${path}`, to: '{box}/model/config.json' },
      ]);
      return [
        { do: 'remove', path: `${root}/${path}`, fixed: true },
        { ...instead, verdict: 'refuse', what: `${path} is a ${instead.do}` },
      ];
    }
    default: {
      const path = random.pick(sealed);
      return [damaged(`${root}/${path}`, someDamage(path, random), 'refuse')];
    }
  }
}

function checksumsDamage(root: string, random: Random): Step {
  const path = `${root}/checksums.json`;
  const key = random.pick([...sealed, ...inCheckpoint]);
  const how = random.pick<Damage>([
    { kind: 'json', at: [key], value: null },
    { kind: 'json', at: [key], value: random.pick(oddJson) },
    { kind: 'json', at: ['not-there.bin'], value: '"00"' },
    { kind: 'json', at: ['../model/config.json'], value: '"00"' },
    {
      kind: 'json',
      at: [],
      value: random.pick<JsonText>(['{}', '[]', 'null', '5', '""', '[{}]', { nested: 200_000 }]),
    },
    anyDamage(random),
  ]);
  // Other bytes may be the same JSON.
  return damaged(path, how, how.kind === 'json' ? 'refuse' : 'either');
}

function verifyRun(random: Random): Step[] {
  const forged = random.chance(0.15);
  const steps = forged ? [...forgedF1('run'), verify('run', { more: [{ words: ['--rerun'], fixed: true }] })] : [];
  const control = random.chance(0.08);
  return [
    { do: 'fixture', name: 'run', to: 'run', fixed: true },
    ...(forged
      ? steps
      : [
          ...(control ? [] : damageOfRun('run', random)),
          verify('run', random.chance(0.2) ? { more: [{ words: ['--json'] }] } : {}),
        ]),
  ];
}

/** A better score, sealed again: only a repetition can tell. */
function forgedF1(root: string): Step[] {
  const sum = '7b7ba6c4d1d4b7a3d0a7a0a3a2ed0ba97a7cc7fdd6ef9b2f96f4f1e0cbe7e2d1';
  return [
    damaged(`${root}/metrics.json`, { kind: 'json', at: ['test', 'en', 'f1'], value: '0.99' }, 'refuse'),
    damaged(`${root}/checksums.json`, { kind: 'json', at: ['metrics.json'], value: `"${sum}"` }, 'refuse'),
  ];
}

const stages = ['phase-1-tr', 'phase-2-en', 'phase-3.1-tr-20', 'phase-3.2-tr-40'];

function verifySweep(random: Random): Step[] {
  const kind = random.pick(['report', 'report', 'report', 'stage', 'gone', 'none']);
  const steps: Step[] = [];
  if (kind === 'report') {
    const name = random.pick(['sweep.json', 'sweep.json', 'sweep.csv', 'sweep.md', 'learning-curve.svg']);
    const forged: Damage[] = [
      someDamage(name, random),
      ...(name === 'sweep.json'
        ? [
            { kind: 'json', at: ['rows'], value: '[]' } as const,
            { kind: 'json', at: ['rows', random.integer(0, 3), 'f1', 'tr'], value: '0.95' } as const,
            { kind: 'json', at: ['rows', random.integer(0, 3), 'status'], value: '"not run"' } as const,
            { kind: 'json', at: ['rows', random.integer(0, 3)], value: null } as const,
            { kind: 'json', at: ['rows', random.integer(0, 3), 'samples'], value: '7' } as const,
            {
              kind: 'json',
              at: [],
              value: random.pick(['{}', 'null', '[]', '{"rows": null}', '{"rows": [null]}']),
            } as const,
          ]
        : [{ kind: 'text', from: '0.0', to: '0.9' } as const]),
    ];
    const how = random.pick(forged);
    // White space in JSON says nothing.
    steps.push(damaged(`sweep/${name}`, how, name === 'sweep.json' && how.kind !== 'json' ? 'either' : 'refuse'));
  } else if (kind === 'stage') steps.push(...damageOfRun(`sweep/${random.pick(stages)}`, random));
  else if (kind === 'gone') {
    const path = random.pick([...stages, 'sweep.json', 'sweep.csv', 'sweep.md', 'learning-curve.svg']);
    steps.push({ do: 'remove', path: `sweep/${path}`, verdict: 'refuse', what: `${path} is gone` });
  }
  return [{ do: 'fixture', name: 'sweep', to: 'sweep', fixed: true }, ...steps, verify('sweep')];
}

/** A damaged interrupted run: it is refused, or ends with the bytes of a whole one. */
function resume(random: Random): Step[] {
  const path = random.pick([
    ...['events.jsonl', 'events.jsonl', 'times.jsonl', 'identity.json', 'config.json', 'environment.json', 'panx.json'],
    ...['state', 'state/*/state.json', 'state/*/model.safetensors', 'state/*', 'lock', 'state/extra', 'checkpoint'],
  ]);
  const what = `resume with a damaged ${path}`;
  const inState = `interrupted/${path}`;
  const steps: Step[] =
    path === 'state' || path === 'state/*'
      ? [{ do: 'remove', path: 'interrupted/state', verdict: 'either', what: 'resume without a state' }]
      : path === 'lock'
        ? [
            {
              do: 'lock',
              path: 'interrupted/lock',
              holder: 'dead',
              verdict: 'fine',
              what: 'the lock of a dead process',
            },
          ]
        : path === 'state/extra' || path === 'checkpoint'
          ? [
              path === 'checkpoint'
                ? {
                    do: 'copy',
                    from: 'model',
                    to: 'interrupted/checkpoint',
                    verdict: 'either',
                    what: 'a checkpoint that no run wrote',
                  }
                : {
                    do: 'copy',
                    from: 'interrupted/state',
                    to: 'interrupted/state/step-99999999',
                    verdict: 'either',
                    what: 'a state of later steps',
                  },
            ]
          : [
              {
                ...damaged(inState, someDamage(path, random), 'either'),
                what,
              },
            ];
  const version = random.chance(0.12)
    ? [
        damaged(
          'interrupted/identity.json',
          {
            kind: 'json',
            at: random.pick([['settings'], ['data'], ['start'], ['key'], ['settings', 'precision']]),
            value: null,
          },
          'either',
        ),
      ]
    : steps;
  return [
    { do: 'fixture', name: 'interrupted', to: 'interrupted', fixed: true },
    ...version,
    trainLong('interrupted', {
      out: [{ path: 'interrupted', as: 'run', own: true }],
      more: [{ words: ['--resume'], fixed: true }],
      whenFine: [{ file: 'interrupted/checksums.json', as: 'unbroken/checksums.json' }],
    }),
  ];
}

/** A sweep typed again takes what is done, if it is what it was. */
function sweepAgain(random: Random): Step[] {
  const stage = random.pick(stages);
  const kind = random.pick(['forged', 'stage', 'report', 'none', 'unfinished']);
  const steps: Step[] = [];
  if (kind === 'forged') {
    const how = random.pick<Damage>([
      { kind: 'json', at: ['test', 'tr', 'f1'], value: random.pick(['0.99', 'null', '"x"', '{}', '-1', '1e999']) },
      { kind: 'json', at: ['test', 'tr'], value: null },
      { kind: 'json', at: ['test'], value: random.pick(['{}', 'null', '[]']) },
      { kind: 'json', at: [], value: random.pick(['{}', 'null', '5', '[]']) },
      jsonDamage(random),
    ]);
    steps.push(damaged(`sweep/${stage}/metrics.json`, how, 'either'));
  } else if (kind === 'stage')
    steps.push(...damageOfRun(`sweep/${stage}`, random).map(step => ({ ...step, verdict: 'either' as const })));
  else if (kind === 'report') {
    const name = random.pick([
      'sweep.json',
      'sweep.csv',
      'sweep.md',
      'learning-curve.svg',
      'sweep-times.csv',
      'config.json',
      'panx.json',
    ]);
    steps.push(damaged(`sweep/${name}`, someDamage(name, random), 'either'));
  } else if (kind === 'unfinished') {
    steps.push({
      do: 'remove',
      path: `sweep/${stage}/metrics.json`,
      verdict: 'either',
      what: 'a stage without metrics.json',
    });
  }
  const same = ['sweep.json', 'sweep.csv', 'sweep.md'].map(name => ({ file: `sweep/${name}`, as: `sweep/${name}` }));
  return [
    { do: 'fixture', name: 'sweep', to: 'sweep', fixed: true },
    ...steps,
    sweep('sweep', { out: [{ path: 'sweep', as: 'sweep', own: true }], whenFine: same, verify: undefined }),
  ];
}

/** A run as model, or its settings as configuration. */
function useRun(random: Random): Step[] {
  const path = random.pick([
    'config.json',
    'config.json',
    'identity.json',
    'checksums.json',
    'metrics.json',
    'environment.json',
  ]);
  const whole = random.chance(0.25);
  const how = whole ? ({ kind: 'json', at: [], value: random.pick(oddJson) } as const) : someDamage(path, random);
  const command = random.pick<Step>([
    train('again', { more: [{ words: ['--config', 'run/config.json'], fixed: true }] }),
    evaluate('run/checkpoint'),
    predict('run/checkpoint'),
    verify('run', { expect: 'either', more: [{ words: ['--data', 'data', '--model', 'model'] }] }),
    verify('{box}/home/notes.txt', { expect: 'refuse' }),
    verify('foreign', { expect: 'refuse' }),
    verify('/etc/passwd', { expect: 'refuse' }),
    verify('run/config.json', { expect: 'refuse' }),
    verify('run/checkpoint', { expect: 'refuse' }),
    verify('run/', { expect: 'either' }),
    verify('', { expect: 'refuse' }),
  ]);
  return [{ do: 'fixture', name: 'run', to: 'run', fixed: true }, damaged(`run/${path}`, how, 'either'), command];
}

/** The cache of tokens holds what another program has put there. */
function tokenCache(random: Random): Step[] {
  const name = 'cache/tokens/*';
  const how = anyDamage(random);
  return [
    { ...damaged(name, how, 'either'), what: `cached tokens: ${nameOfDamage(how)}` },
    train('out', { whenFine: [{ file: 'out/checksums.json', as: 'run/checksums.json' }] }),
  ];
}
