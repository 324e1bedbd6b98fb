import type { Case, HubPlan, Step, Verdict } from '../case.js';
import { servedData, servedModel } from '../hostile-hub.js';
import type { Random } from '../random.js';
import { panx } from './commands.js';

/** Family 9: a hub that lies, trickles, or breaks off. */
export function hubCase(random: Random): Case {
  const [plan, verdict, what] = random.pick(plans)(random);
  const data = ['--data', servedData, '--langs', 'en'];
  const command = random.pick<Step>([
    panx(['fetch', '--model', servedModel, ...data]),
    panx(['fetch', '--model', servedModel, '--no-data']),
    panx(['fetch', '--no-model', ...data]),
    panx(['init', '--size', 'tiny', '--tokenizer', servedModel, '--out', 'made'], {
      out: [{ path: 'made', as: 'model' }],
    }),
    panx(['data', 'stats', '--data', servedData, '--langs', 'en']),
  ]);
  // It depends on the command whether what is hostile is met.
  const expect: Verdict = verdict === 'fine' ? 'fine' : 'either';
  const hub: Step = { do: 'hub', hub: plan, what: `hub: ${what}`, fixed: true };
  const env = { HF_HUB_DOWNLOAD_TIMEOUT: '2' };
  const steps: Step[] = [
    hub,
    { ...command, env, expect, out: [...hubPlaces, ...((command as { out?: [] }).out ?? [])] } as Step,
  ];
  if (random.chance(0.3))
    steps.push(cached(random), {
      ...command,
      env,
      expect: 'either',
      out: [...hubPlaces, ...((command as { out?: [] }).out ?? [])].map(out => ({ ...out, own: true })),
    } as Step);
  return { family: 'hub', steps };
}

const hubPlaces = [{ path: 'home/.cache', as: 'cache-place' as const }];

/** A file of the cache is damaged: it is found, and fetched again or refused. */
function cached(random: Random): Step {
  const path = random.pick([
    'home/.cache/huggingface/hub/*/blobs/*',
    'home/.cache/huggingface/hub/*/refs/main',
    'home/.cache/huggingface/hub/*/snapshots/*',
  ]);
  return {
    do: 'damage',
    path,
    how: { kind: 'cut', at: random.pick([0, 0.5]) },
    what: 'a file of the cache is cut short',
  };
}

type Plan = [HubPlan, Verdict, string];

const plans: readonly ((random: Random) => Plan)[] = [
  () => [{}, 'fine', 'as it should be'],
  random => {
    const path = random.pick([
      '../../../../foreign/keep.txt',
      '/etc/x',
      '..',
      '.',
      '',
      'a/../../x',
      'PAN-X.en/../../x.parquet',
      'PAN-X.en/../../../../../beside.txt',
      'config.json/x',
      'C:\\x',
      'a\\..\\..\\x',
      'new\nline',
      '\u001b[31m',
      '\u0000',
      'model.safetensors/../../../../../foreign/keep.txt',
      'tokenizer.json/..',
      'x'.repeat(5000),
      'PAN-X.en/train-00000-of-00001.parquet/../../../../../../../foreign/keep.txt',
      'special_tokens_map.json/../../x',
      '~/x',
    ]);
    return [
      { listed: [{ path, type: random.pick(['file', 'file', 'directory'] as const) }] },
      'either',
      `lists ${JSON.stringify(path.slice(0, 40))}`,
    ];
  },
  random => [
    {
      answers: [
        {
          match: '/tree/',
          body: random.pick([
            '',
            'null',
            '5',
            '{}',
            '[null]',
            '[5]',
            '[{}]',
            '[{"path": null}]',
            '[{"type": "file", "path": 5}]',
            '<html>',
            '[',
            '['.repeat(200_000),
            '[{"type":"file","oid":null,"size":-1,"path":"config.json"}]',
            '[{"type":"file","oid":"x","size":1e999,"path":"config.json"}]',
          ]),
        },
      ],
    },
    'either',
    'a listing that is none',
  ],
  random => [
    {
      answers: [
        {
          match: '/revision/',
          body: random.pick([
            '',
            'null',
            '5',
            '{}',
            '{"sha": null}',
            '{"sha": "../../x"}',
            '{"sha": "/etc"}',
            '{"sha": ""}',
            '<html>',
            '['.repeat(200_000),
            '{"sha": "main"}',
            `{"sha": "${'a'.repeat(5000)}"}`,
          ]),
        },
      ],
    },
    'either',
    'information that is none',
  ],
  random => [
    {
      answers: [
        {
          match: random.pick(['/tree/', '/revision/', 'GET .*resolve', 'HEAD .*resolve', '.']),
          status: random.pick([301, 302, 307, 400, 401, 403, 404, 410, 418, 429, 500, 502, 503]),
        },
      ],
    },
    'either',
    'a status that is none of success',
  ],
  random => [
    {
      answers: [
        {
          match: random.pick(['GET .*resolve.*json', 'GET .*resolve']),
          body: random.pick(['', 'x', 'null', '<html>', '{}', '['.repeat(200_000), 'x'.repeat(2_000_000)]),
        },
      ],
    },
    'either',
    'other bytes than listed',
  ],
  random => [
    { answers: [{ match: random.pick(['/tree/', 'GET .*resolve', '/revision/']), cut: random.pick([0, 1, 1000]) }] },
    'either',
    'breaks off',
  ],
  random => [
    {
      answers: [
        { match: random.pick(['GET .*resolve', '/tree/', '/revision/']), bytesPerSecond: random.pick([1, 10, 100]) },
      ],
    },
    'either',
    'trickles',
  ],
];
