import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../built-cli.js';
import type { Case, Step, Verdict } from '../case.js';
import { applyDamage, type Damage } from '../damage.js';
import { type JsonText, jsonChanges } from '../json-change.js';
import { anyDamage, nameOfDamage, oddJson } from '../odd-values.js';
import type { Random } from '../random.js';
import { evaluate, init, panx, predict, train } from './commands.js';

/** Family 3: a model's files, damaged or made to mislead. */
export function modelCase(random: Random): Case {
  const part = random.pick([
    config,
    config,
    tensors,
    tensors,
    nonFinite,
    nonFinite,
    shards,
    tokenizer,
    tokenizer,
    tokenizer,
    files,
    control,
  ]);
  return { family: 'model', steps: [{ do: 'fixture', name: 'checkpoint', to: 'm', fixed: true }, ...part(random)] };
}

type Reader = 'predict' | 'evaluate' | 'train' | 'init' | 'show' | 'stats';

function read(reader: Reader): Step {
  switch (reader) {
    case 'predict':
      return predict('m');
    case 'evaluate':
      return evaluate('m');
    case 'train':
      return train('out', { more: [{ words: ['--model', 'm'], fixed: true }] });
    case 'init':
      return init('made', { more: [{ words: ['--tokenizer', 'm'], fixed: true }] });
    case 'show':
      return panx(['data', 'show', '--data', 'data', '--row', '3', '--tokens', '--model', 'm']);
    case 'stats':
      return panx(['data', 'stats', '--data', 'data', '--langs', 'en', '--splits', 'test', '--model', 'm']);
  }
}

const modelReaders: readonly Reader[] = ['predict', 'evaluate', 'train'];
const tokenizerReaders: readonly Reader[] = ['predict', 'predict', 'evaluate', 'train', 'init', 'show', 'stats'];

function damaged(path: string, how: Damage, verdict: Verdict): Step {
  return { do: 'damage', path: `m/${path}`, how, verdict, what: `${path}: ${nameOfDamage(how)}` };
}

function control(random: Random): Step[] {
  return [read(random.pick(tokenizerReaders))];
}

const refused: readonly [string, readonly JsonText[]][] = [
  ['num_hidden_layers', ['10000000', '3', '-1', '1.5', '"2"', 'null', '1e999']],
  ['hidden_size', ['127', '0', '-128', '1000000000', '"128"', 'null', '129', '256']],
  ['num_attention_heads', ['3', '0', '-4', '1000000000', '"4"', '0.5']],
  ['intermediate_size', ['511', '0', '1000000000', 'null', '-1']],
  ['vocab_size', ['2499', '2501', '1000000000', '0', '-1', 'null']],
  ['max_position_embeddings', ['129', '131', '1000000000', '0', '-1']],
  ['type_vocab_size', ['2', '0', '1000000000']],
  ['model_type', ['"bert"', '5', 'null', '""', '"xlm-roberta-xl"', '[]']],
  ['hidden_act', ['"relu"', '5', '[]', '"__proto__"']],
  ['position_embedding_type', ['"relative_key"', '5']],
];

const doubtful: readonly [string, readonly JsonText[]][] = [
  ['layer_norm_eps', ['0', '-1', '1e999', '"x"', 'null', '1e300']],
  ['pad_token_id', ['99999', '-1', '"x"', 'null', '0', '1e999', '2499']],
  ['hidden_dropout_prob', ['1.5', '-1', '1', '0.99999999', '"x"', 'null', '1e999']],
  ['attention_probs_dropout_prob', ['1.5', '-1', '1', '0.99999999', '"x"']],
  ['classifier_dropout', ['1.5', '1', '0.99999999', '"x"', '[]']],
  [
    'id2label',
    [
      '{}',
      '[]',
      '5',
      'null',
      '{"0": "O"}',
      '{"0": null}',
      '{"-1": "O"}',
      '{"1000000000": "O"}',
      '{"0": "\\u001b[31mO", "1": "B-\\n"}',
      '["O", "O"]',
      { nested: 200_000 },
    ],
  ],
  ['label2id', ['{}', '5', 'null', '{"O": 99}']],
  ['num_labels', ['1000000000', '-1', '"7"', '1e999']],
  ['architectures', ['5', '[]', '["x"]', 'null']],
  ['torch_dtype', ['"float16"', '5', 'null']],
  ['initializer_range', ['1e999', '-1', '"x"']],
  ['num_hidden_layers', ['1', '0']],
];

function config(random: Random): Step[] {
  const reader = random.pick(modelReaders);
  const steps: Step[] = [];
  const kind = random.pick(['refused', 'refused', 'doubtful', 'doubtful', 'whole', 'bytes', 'labels']);
  if (kind === 'refused' || kind === 'doubtful') {
    const [key, values] = random.pick(kind === 'refused' ? refused : doubtful);
    const how: Damage = { kind: 'json', at: [key], value: random.pick(values) };
    steps.push(damaged('config.json', how, kind === 'refused' ? 'refuse' : 'either'));
  } else if (kind === 'whole') {
    const value = random.pick<JsonText>([
      'null',
      '5',
      '[]',
      '{}',
      '""',
      '[{}]',
      { nested: 200_000 },
      { long: 300_000 },
    ]);
    steps.push(damaged('config.json', { kind: 'json', at: [], value }, 'refuse'));
  } else if (kind === 'labels') {
    steps.push(damaged('config.json', { kind: 'json', at: ['id2label'], value: null }, 'either'));
    steps.push(
      damaged(
        'config.json',
        { kind: 'json', at: ['num_labels'], value: random.pick(['1000000000', '10000000', '2147483647', '8']) },
        'refuse',
      ),
    );
  } else
    steps.push(
      damaged(
        'config.json',
        random.chance(0.5) ? anyDamage(random) : { kind: 'json', at: random.next(), value: random.pick(oddJson) },
        'either',
      ),
    );
  const command = read(reader);
  return [...steps, { ...command, quick: true } as Step];
}

/** The tensors of the sample's model, and its classifier. */
const tensorNames: readonly string[] = (() => {
  const bytes = readFileSync(join(root, 'sample', 'model', 'model.safetensors'));
  const header = JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString('utf8')) as object;
  const encoder = Object.keys(header).filter(name => name.startsWith('roberta.') && !name.includes('position_ids'));
  return [...encoder, 'classifier.weight', 'classifier.bias'];
})();

function tensors(random: Random): Step[] {
  const name = random.pick(tensorNames);
  const reader = random.pick(modelReaders);
  const file = 'model.safetensors';
  // A checkpoint without its classifier is one to train on, and so is one with other labels.
  const verdict: Verdict = name.startsWith('classifier') && reader === 'train' ? 'either' : 'refuse';
  const step = random.pick<() => Step>([
    () => damaged(file, { kind: 'header', at: [name], value: null }, 'refuse'),
    () =>
      damaged(
        file,
        {
          kind: 'header',
          at: [name, 'dtype'],
          value: random.pick<JsonText>(['"F64"', '"F16"', '"I32"', '"X"', 'null', '5', '"__proto__"']),
        },
        verdict,
      ),
    () =>
      damaged(
        file,
        {
          kind: 'header',
          at: [name, 'shape'],
          value: random.pick<JsonText>([
            '[]',
            '[1e9, 1e9]',
            '[-1]',
            '[1.5]',
            'null',
            '"x"',
            '[9007199254740993]',
            '[0]',
            { nested: 200_000 },
          ]),
        },
        verdict,
      ),
    () =>
      damaged(
        file,
        {
          kind: 'header',
          at: [name, 'data_offsets'],
          value: random.pick<JsonText>([
            '[0, 4]',
            '[-4, 0]',
            '[0, 1e18]',
            'null',
            '[0]',
            '[4, 0]',
            '["0", "4"]',
            '[0.5, 4.5]',
          ]),
        },
        'refuse',
      ),
    () =>
      damaged(
        file,
        { kind: 'header', at: ['x'.repeat(random.pick([1, 100_000]))], value: random.pick(oddJson) },
        'either',
      ),
    () => damaged(file, { kind: 'header', at: ['__metadata__'], value: random.pick(oddJson) }, 'either'),
    () =>
      damaged(
        file,
        { kind: 'header', at: [], value: random.pick<JsonText>(['null', '5', '[]', '{}', '""', { nested: 200_000 }]) },
        'refuse',
      ),
    () => damaged(file, { kind: 'cut', at: random.pick([0, 0.000001, random.next(), 0.999999]) }, 'refuse'),
    () => damaged(file, { kind: 'append', hex: '00'.repeat(random.pick([1, 4, 64])) }, 'refuse'),
    () =>
      damaged(
        file,
        {
          kind: 'put',
          at: 0,
          hex: random.pick(['ffffffffffffffff', '0000000000000000', 'ffffff0500000000', '0000000000000080', '01']),
        },
        'refuse',
      ),
    () =>
      damaged(
        file,
        { kind: 'put', at: 0.000003 + random.next() * 0.001, hex: random.pick(['22', '7b', '00', 'ff', '2c']) },
        'either',
      ),
    () => damaged(file, anyDamage(random), 'either'),
  ])();
  return [step, read(reader)];
}

function nonFinite(random: Random): Step[] {
  const reader = random.pick(modelReaders);
  const tensor = random.pick(tensorNames);
  const value = random.pick(['NaN', 'Infinity', '-Infinity'] as const);
  // Of the tables, predict and evaluate read the rows that they use.
  const partly = /embeddings\.(word|position)/.test(tensor) && reader !== 'train';
  const how: Damage = { kind: 'element', tensor, at: random.next(), value };
  const step = damaged('model.safetensors', how, partly ? 'either' : 'refuse');
  return [{ ...step, what: `a weight is ${value}` }, read(reader)];
}

function shards(random: Random): Step[] {
  const shard = 'model-00001-of-00001.safetensors';
  const map = (to: (name: string) => unknown) => Object.fromEntries(tensorNames.map(name => [name, to(name)]));
  const one = random.pick(tensorNames);
  const [content, verdict, what]: [string, Verdict, string] = random.pick([
    [JSON.stringify({ weight_map: map(() => shard) }), 'fine', 'one shard'],
    [
      JSON.stringify({ weight_map: map(name => (name === one ? '../m/secret.safetensors' : shard)) }),
      'refuse',
      'a shard with .. in its name',
    ],
    [
      JSON.stringify({ weight_map: map(name => (name === one ? '/etc/passwd' : shard)) }),
      'refuse',
      'an absolute shard',
    ],
    [
      JSON.stringify({ weight_map: map(name => (name === one ? 'model-00002-of-00002.safetensors' : shard)) }),
      'refuse',
      'a shard that is missing',
    ],
    [JSON.stringify({ weight_map: map(name => (name === one ? null : shard)) }), 'refuse', 'a shard null'],
    [JSON.stringify({ weight_map: map(name => (name === one ? [shard] : shard)) }), 'refuse', 'a shard in a list'],
    [JSON.stringify({ weight_map: { [one]: shard } }), 'either', 'a map of one tensor'],
    [
      JSON.stringify({ weight_map: { ...map(() => shard), 'not.there': shard } }),
      'either',
      'a tensor that no shard has',
    ],
    [JSON.stringify({ weight_map: [] }), 'refuse', 'weight_map []'],
    [JSON.stringify({ weight_map: {} }), 'refuse', 'weight_map {}'],
    [JSON.stringify({}), 'refuse', 'no weight_map'],
    ['null', 'refuse', 'an index null'],
    ['5', 'refuse', 'an index 5'],
    ['', 'refuse', 'an empty index'],
    ['['.repeat(200_000), 'refuse', 'an index of 200,000 levels'],
  ]);
  return [
    { do: 'move', from: 'm/model.safetensors', to: `m/${shard}`, fixed: true },
    { do: 'copy', from: 'model/model.safetensors', to: 'secret.safetensors', fixed: true },
    {
      do: 'write',
      path: 'm/model.safetensors.index.json',
      content,
      verdict,
      what: `index: ${what}`,
      whole: true,
      fixed: true,
    },
    read(random.pick(modelReaders)),
  ];
}

function tokenizer(random: Random): Step[] {
  const contradicting: Damage[] = [
    { kind: 'json', at: ['added_tokens', 4, 'id'], value: random.pick(['7', '0', '100']) },
    { kind: 'json', at: ['added_tokens', 0, 'id'], value: random.pick(['1', '5', '2000']) },
    { kind: 'json', at: ['added_tokens', random.integer(0, 4), 'id'], value: '-1' },
    { kind: 'json', at: ['model', 'unk_id'], value: random.pick(['99999', '-1', '2500']) },
    { kind: 'json', at: ['model', 'vocab'], value: '[]' },
    { kind: 'json', at: [], value: random.pick<JsonText>(['null', '5', '[]', '{}', { nested: 200_000 }]) },
  ];
  const reader = random.pick(tokenizerReaders);
  if (random.chance(0.2)) {
    const how = random.pick(contradicting);
    return [damaged('tokenizer.json', how, 'refuse'), read(reader)];
  }
  return [...mutations(random.integer(0, 2 ** 31)), read(reader)];
}

/** A damaged tokenizer, change by change where it can be told so: then each can be left out. */
function mutations(seed: number): Step[] {
  const whole: Damage = { kind: 'tokenizer', seed };
  const changes = jsonChanges(sampleTokenizer, applyDamage(Buffer.from(sampleTokenizer), whole).toString('utf8'));
  const damages = changes?.map(([at, value]): Damage => ({ kind: 'json', at, value })) ?? [whole];
  return damages.map(how => ({ ...damaged('tokenizer.json', how, 'either'), what: nameOfDamage(whole) }));
}

const sampleTokenizer = readFileSync(join(root, 'sample', 'model', 'tokenizer.json'), 'utf8');

/** Whole files that are missing, empty, or something else. */
function files(random: Random): Step[] {
  const name = random.pick(['config.json', 'model.safetensors', 'tokenizer.json']);
  const path = `m/${name}`;
  const instead = random.pick<Step | null>([
    null,
    { do: 'folder', path },
    { do: 'link', path, to: 'nowhere' },
    { do: 'link', path, to: name },
    { do: 'write', path, content: '' },
    { do: 'write', path, content: 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n' },
    { do: 'pipe', path },
    { do: 'link', path, to: '{box}/endless' },
  ]);
  const kind = instead === null ? 'gone' : instead.do === 'link' ? `a link to ${instead.to}` : `a ${instead.do}`;
  const what = `${name} is ${kind}`;
  const readers: readonly Reader[] = name === 'tokenizer.json' ? tokenizerReaders : modelReaders;
  return [
    { do: 'device', path: 'endless', endless: true, fixed: true },
    { do: 'remove', path, fixed: true, verdict: 'refuse', what },
    ...(instead === null ? [] : [{ ...instead, fixed: true } as Step]),
    { ...read(random.pick(readers)), limitMs: 20_000 } as Step,
  ];
}
