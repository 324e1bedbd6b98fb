import type { Damage } from './damage.js';
import type { JsonText } from './json-change.js';
import type { Random } from './random.js';

/** JSON that stands where another value is expected. */
export const oddJson: readonly JsonText[] = [
  'null',
  'true',
  'false',
  '0',
  '-1',
  '1',
  '5',
  '0.5',
  '1e-300',
  '2147483648',
  '10000000',
  '1000000000',
  '9007199254740993',
  '1e308',
  '1e999',
  '-1e999',
  '""',
  '" "',
  '"x"',
  '"null"',
  '"\\u0000"',
  '"../../x"',
  '"/etc/passwd"',
  '"\\u001b[31mred"',
  '"a\\nb"',
  '[]',
  '{}',
  '[null]',
  '[[]]',
  '[{}]',
  '{"0": null}',
  '{"__proto__": {"x": 1}}',
  '{"constructor": 1}',
  '{"length": 1e9}',
  { nested: 90 },
  { nested: 200_000 },
  { long: 300_000 },
];

/** A few bytes in hexadecimal: zeros, ones, text, or any. */
export function oddBytes(random: Random): string {
  const length = random.pick([1, 1, 2, 4, 8, 16, 64]);
  const kind = random.pick(['00', 'ff', '7f', '22', '0a', 'any', 'any']);
  return Array.from({ length }, () =>
    kind === 'any' ? random.integer(0, 255).toString(16).padStart(2, '0') : kind,
  ).join('');
}

/** Damage that any file may suffer. */
export function anyDamage(random: Random): Damage {
  const at = random.next();
  switch (random.integer(0, 6)) {
    case 0:
    case 1:
      return { kind: 'flip', at, mask: 1 << random.integer(0, 7) };
    case 2:
      return { kind: 'put', at, hex: oddBytes(random) };
    case 3:
      return { kind: 'insert', at, hex: oddBytes(random) };
    case 4:
      return { kind: 'cut', at: random.pick([0, at, at, 0.999999]) };
    case 5:
      return { kind: 'append', hex: oddBytes(random) };
    default:
      return { kind: 'zeros', at, length: random.pick([1, 16, 4096, 1 << 20]) };
  }
}

/** Damage that a JSON file may suffer: mostly one that is still JSON. */
export function jsonDamage(random: Random): Damage {
  if (random.chance(0.2)) return anyDamage(random);
  const whole = random.chance(0.15);
  const at = whole ? [] : random.next();
  return { kind: 'json', at, value: !whole && random.chance(0.25) ? null : random.pick(oddJson) };
}

/** What is said of a damage in the signature of a failure. */
export function nameOfDamage(how: Damage): string {
  switch (how.kind) {
    case 'flip':
    case 'put':
    case 'zeros':
      return 'bytes changed';
    case 'insert':
    case 'append':
      return 'bytes added';
    case 'cut':
      return 'cut short';
    case 'line':
      return `a line ${{ drop: 'dropped', repeat: 'repeated', swap: 'swapped' }[how.how]}`;
    case 'text':
      return `${how.from} made ${how.to}`;
    case 'json':
    case 'header': {
      const place = typeof how.at === 'number' ? 'a value' : how.at.length === 0 ? 'the whole' : how.at.join('.');
      return `${place} ${how.value === null ? 'removed' : `made ${shortText(how.value)}`}`;
    }
    case 'element':
      return `${how.value} in ${how.tensor}`;
    case 'tokenizer':
      return 'a damaged tokenizer';
  }
}

function shortText(value: JsonText): string {
  if (typeof value === 'string') return value.length > 30 ? `${value.slice(0, 30)}…` : value;
  return 'nested' in value ? `${value.nested} levels` : 'a long text';
}

/** Texts that no option expects. */
export const oddTexts: readonly string[] = [
  ' ',
  '\t',
  '-1',
  '0',
  '1e999',
  'NaN',
  'Infinity',
  '-0',
  '0x10',
  '1_000',
  '4294967296',
  '99999999999999999999',
  '0.99999999',
  'null',
  '~',
  'true',
  '[]',
  '{}',
  '[1',
  '*a',
  '&a',
  '&a *a',
  '!!binary x',
  '!!js/function x',
  '<<: *a',
  '| x',
  '> x',
  '? x',
  '%x',
  '@x',
  '`x`',
  "'",
  '"',
  '"\\x"',
  '#',
  '--',
  '__proto__',
  'constructor',
  'toString',
  'ünïcödé',
  '\u202etxt',
  '\u0007',
  '\u001b[31mred',
  'a\nb',
  'a,b',
  ',',
  'en,en',
  '../..',
  'x'.repeat(5000),
];
