import type { Argument, Case, Step } from '../case.js';
import { oddTexts } from '../odd-values.js';
import type { Random } from '../random.js';
import { panx, predict, sweep, train } from './commands.js';
import { configBombs, configFiles } from './config-files.js';

/** Family 5: options, --set and configuration files with values that nobody expects. */
export function settingsCase(random: Random): Case {
  const parts = [
    empty,
    empty,
    options,
    options,
    assignments,
    assignments,
    configFiles,
    configFiles,
    configFiles,
    configFiles,
    configBombs,
    usage,
    control,
  ];
  // Most end within a moment, so that there is room for several in a case.
  const steps = Array.from({ length: 4 }, () => random.pick(parts)(random)).flat();
  return {
    family: 'settings',
    steps: steps.map(step => (step.do === 'panx' ? ({ ...step, fixed: undefined } as unknown as Step) : step)),
  };
}

const numbers = [
  '--size',
  '--epochs',
  '--batch-size',
  '--learning-rate',
  '--weight-decay',
  '--warmup-steps',
  '--gradient-accumulation-steps',
  '--max-steps',
  '--dropout',
  '--max-length',
  '--eval-limit',
  '--seed',
  '--data-seed',
  '--temperature',
];
const texts = [
  '--model',
  '--data',
  '--backend',
  '--precision',
  '--lang',
  '--eval-langs',
  '--subset',
  '--config',
  '--out',
];
const keys = [
  ...[
    'model',
    'data',
    'backend',
    'precision',
    'seed',
    'tokenization.maxLength',
    'tokenization.emptyWords',
    'training.langs',
  ],
  ...[
    'training.size',
    'training.subset',
    'training.epochs',
    'training.batchSize',
    'training.learningRate',
    'training.weightDecay',
  ],
  ...['training.maxGradNorm', 'training.warmupSteps', 'training.gradientAccumulationSteps', 'training.accumulation'],
  ...[
    'training.groupByLength',
    'training.maxSteps',
    'training.dropout',
    'evaluation.enabled',
    'evaluation.langs',
    'evaluation.eachEpoch',
  ],
  ...[
    'evaluation.batchSize',
    'evaluation.limit',
    'checkpoint.everyMinutes',
    'checkpoint.everySteps',
    'study.source',
    'study.target',
  ],
  ...['training.sizes', 'training.sizes.en', 'training.fractions', 'training.fractions.tr', 'training.dataSeed'],
  ...['training.temperature', 'training.resplit', 'training.lengthBins', 'training.beyondBins', 'study.rows'],
  ...['study.sizes', 'study.protocol', 'training', 'evaluation', 'sweep', ''],
];

/** An option or a setting without a value, as an unset variable of a shell leaves it. */
function empty(random: Random): Step[] {
  const value = random.pick(['', '', '', ' ', '\t', '\n']);
  const what = (name: string) => `${name} is empty`;
  if (random.chance(0.3)) {
    const key = random.pick(keys.filter(name => name.includes('.') || name === 'seed'));
    const argument: Argument = {
      words: ['--set', `${key}=${value}`],
      verdict: 'refuse',
      what: what(`--set ${key}`),
      fixed: true,
    };
    return [random.chance(0.5) ? panx(['config'], { more: [argument] }) : train('out', { more: [argument] })];
  }
  const name = random.pick([...numbers, ...texts]);
  // A blank may be the name of a folder.
  const verdict = name === '--out' && value !== '' ? 'either' : 'refuse';
  const argument: Argument = { words: [name, value], verdict, what: what(name), fixed: true };
  const more = name === '--out' ? { more: [argument], out: value === '' ? [] : anywhere } : { more: [argument] };
  const others: Step[] = [
    train('out', more),
    train('out', more),
    ...(['--lang', '--eval-langs', '--size', '--temperature'].includes(name) ? [] : [sweep('out', more)]),
    ...(name === '--size' || name === '--seed'
      ? [panx(['init', '--size', 'tiny', '--sample', '--out', 'made'], { more: [argument] })]
      : []),
    ...(['--model', '--data', '--config', '--backend', '--precision', '--seed'].includes(name)
      ? [predict('m', { more: [argument], expect: 'refuse' })]
      : []),
  ];
  return [random.pick(others)];
}

function options(random: Random): Step[] {
  const args = Array.from({ length: random.integer(1, 3) }, (): Argument => {
    const name = random.chance(0.75)
      ? random.pick(numbers)
      : random.pick([...texts, '--set', '--sizes', '--protocol', '--text', '--format', '--nope']);
    const value = random.pick(oddTexts);
    return {
      words: random.chance(0.3) ? [`${name}=${value}`] : [name, value],
      verdict: 'either',
      what: `${name} ${value.length > 30 ? 'long' : JSON.stringify(value)}`,
    };
  });
  // Without work: what is right would train for ever.
  const base: Step = random.pick([
    panx(['config'], { more: args }),
    train('out', { more: args, enoughMs: 15_000 }),
    sweep('out', { more: [{ words: ['--dry-run'], fixed: true }, ...args], enoughMs: 15_000 }),
  ]);
  return [{ ...base, out: anywhere, expect: 'either', verify: undefined } as Step];
}

/** Some odd values are the names of folders to write to. */
const anywhere = [{ path: '', as: 'sweep' as const, own: true as const }];

function assignments(random: Random): Step[] {
  const args = Array.from({ length: random.integer(1, 3) }, (): Argument => {
    const key = random.chance(0.8)
      ? random.pick(keys)
      : random.pick([
          '__proto__',
          '__proto__.seed',
          'constructor.prototype.x',
          'toString',
          'a.b.c.d',
          'training.',
          '.training',
          'seed.x',
          'Seed',
          'training.nope',
          '..',
          'x'.repeat(3000),
        ]);
    const value = random.chance(0.7)
      ? random.pick([...oddTexts, ...yamlValues])
      : random.pick(['3', '[en]', 'null', 'true', '1e-3', 'text']);
    return {
      words: [
        '--set',
        random.pick([
          `${key}=${value}`,
          `${key}=${value}`,
          `${key} = ${value}`,
          `${key}`,
          `=${value}`,
          `${key}==${value}`,
        ]),
      ],
      verdict: 'either',
      what: `--set ${key.length > 30 ? 'long' : key}=${value.length > 30 ? 'long' : JSON.stringify(value)}`,
    };
  });
  return [panx(['config'], { more: args })];
}

const yamlValues = [
  ...[
    '*a',
    '&a [*a]',
    '&a {x: *a}',
    '<<: *a',
    '{<<: [1]}',
    '{<<: {a: 1}}',
    '!!set {a}',
    '!!omap [a: 1]',
    '!!timestamp 2001-01-01',
    '!!int x',
    '!!float .nan',
  ],
  ...[
    '.inf',
    '-.inf',
    '.nan',
    '0o7',
    '0b1',
    '1:30',
    '2001-01-01',
    '{a: 1, a: 2}',
    '? [a]\n: b',
    '- a',
    '[[[[[[[[]]]]]]]]',
    '!<tag:x> y',
    '!x y',
    '"\\uD800"',
    '---\na\n---\nb',
    '...',
    '%YAML 1.2\n---\na',
    'a: b: c',
  ],
  '['.repeat(5000),
  '{a: '.repeat(2000),
];

function usage(random: Random): Step[] {
  const args = random.pick<string[]>([
    ['trian'],
    ['__proto__'],
    ['constructor'],
    ['help', '__proto__'],
    ['help', 'constructor'],
    ['help', 'nope'],
    ['toString'],
    ['train', '--nope'],
    ['train', 'extra'],
    ['train', '--lang'],
    ['train', '--resume', '--force'],
    ['verify'],
    ['verify', 'a', 'b'],
    ['evaluate'],
    ['evaluate', '--langs', 'en', '--ci', '2'],
    ['evaluate', '--langs', 'en', '--ci-samples', '5'],
    ['evaluate', '--langs', ''],
    ['predict', '--format', 'xml'],
    ['predict', '--text', 'a', 'file'],
    ['predict', 'nothing.txt'],
    ['data'],
    ['data', 'nope'],
    ['data', 'show', '--row', '-1', '--sample'],
    ['data', 'show', '--row', '1e3', '--sample'],
    ['data', 'show', '--row', '99999999999999999999', '--sample'],
    ['data', 'stats', '--sample', '--splits', 'x'],
    ['data', 'stats', '--sample', '--format', 'xml'],
    ['init'],
    ['init', '--size', 'huge', '--out', 'x'],
    ['init', '--size', '__proto__', '--out', 'x', '--sample'],
    ['init', '--size', 'tiny', '--out', 'x', '--sample', '--labels', 'O'],
    ['init', '--size', 'tiny', '--out', 'x', '--sample', '--labels', 'O,O'],
    ['init', '--size', 'tiny', '--out', 'x', '--sample', '--seed', '-1'],
    ['init', '--size', 'tiny', '--out', 'x', '--tokenizer', 'home'],
    ['sweep', '--tr-size', '5'],
    ['sweep', '--sizes', '5,4'],
    ['sweep', '--sizes', '1e999'],
    ['sweep', '--source', 'en', '--target', 'en', '--sample'],
    ['sweep', '--source', 'en', '--source', 'tr', '--sample'],
    ['fetch'],
    ['fetch', '--langs', '..'],
    ['fetch', '--langs', 'en', '--splits', 'x'],
    ['fetch', '--no-data', '--model', '../x'],
    ['fetch', '--no-data', '--model', 'a/b@../../x'],
    ['setup', '--device', 'tpu'],
    ['config', '--config', 'home'],
    ['config', '--config', 'nothing.yaml'],
    ['--nope'],
    ['-x'],
    ['train', '--config', '/dev/null', '--nope'],
  ]);
  return [panx(args, { expect: args[0] === 'data' && args.length === 1 ? 'either' : 'refuse' })];
}

function control(random: Random): Step[] {
  const args = random.pick<string[]>([
    ['--help'],
    ['--version'],
    ['train', '--help'],
    ['help', 'sweep'],
    ['config'],
    ['config', '--markdown'],
    ['config', '--set', 'seed=7', '--epochs', '2', '--sizes', '5,6'],
    ['config', '--set', 'training={epochs: 1, size: null}', '--set', 'study.sizes=[5, 6]'],
    ['config', '--lang', 'en,tr', '--lang', 'de', '--no-eval', '--dropout', '0.5', '--learning-rate', '2e-5'],
    ['config', '--config', '{box}/home/../c.yaml'],
    ['data', 'stats', '--sample', '--langs', 'en,tr', '--format', 'json'],
    ['data', 'show', '--sample', '--row', '0', '--tokens'],
    ['fetch', '--sample'],
    [
      'sweep',
      '--sample',
      '--source',
      'en',
      '--target',
      'tr',
      '--sizes',
      '20,40',
      '--max-steps',
      '2',
      '--backend',
      'wasm',
      '--dry-run',
      '--out',
      'out',
    ],
  ]);
  return [
    { do: 'write', path: 'c.yaml', content: 'seed: 7\ntraining:\n  epochs: 1\n', fixed: true },
    panx(args, { expect: 'fine', out: [] }),
  ];
}
