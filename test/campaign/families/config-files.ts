import type { Argument, Step, Verdict } from '../case.js';
import type { Random } from '../random.js';
import { panx } from './commands.js';

/** A configuration with a line or two that are odd. */
export function configFiles(random: Random): Step[] {
  const lines = Array.from({ length: random.pick([1, 1, 2, 3]) }, () => random.pick(configLines));
  // Of its own in each: another of the same case may have left one that is right.
  const id = random.integer(0, 1e6);
  const own = (text: string) => text.replaceAll(/\b([cd])\.yaml/g, `$1${id}.yaml`);
  const content = own(lines.map(([line]) => line).join('\n'));
  const verdict: Verdict = lines.some(([, wrong]) => wrong === 'refuse') ? 'refuse' : 'either';
  const name = own('c.yaml');
  const what = `a configuration with ${lines.map(([line]) => JSON.stringify(line.slice(0, 30))).join(', ')}`;
  const use: Argument = { words: ['--config', name], verdict, what, fixed: true };
  return [
    { do: 'write', path: name, content: `${content}\n`, whole: true },
    { do: 'write', path: own('d.yaml'), content: own('extends: c.yaml\n'), whole: true },
    panx(['config'], { more: [use] }),
  ];
}

/** Lines, and what must become of a file that holds one: `refuse` where it is wrong whatever the others say. */
const configLines: readonly (readonly [string, Verdict])[] = [
  ['seed: 7', 'fine'],
  ['training: {epochs: 1}', 'fine'],
  ['# nothing', 'fine'],
  ['training:', 'fine'],
  ['sed: 7', 'refuse'],
  ['seed: -1', 'refuse'],
  ['seed: "7"', 'refuse'],
  ['seed: *a', 'refuse'],
  ['seed: &a *a', 'refuse'],
  ['seed: !!binary aGVsbG8=', 'refuse'],
  ['seed: 2001-01-01', 'refuse'],
  ['seed: .nan', 'refuse'],
  ['seed: [7]', 'refuse'],
  ['<<: *a', 'refuse'],
  ['<<: [*a]', 'refuse'],
  ['<<: {seed: 7}', 'either'],
  ['<<: [1]', 'either'],
  ['<<: 5', 'either'],
  ['base: &a {seed: 7}', 'refuse'],
  ['training: &a {epochs: 1}\nevaluation: *a', 'refuse'],
  ['training: &a {epochs: 1}\n<<: *a', 'either'],
  ['training: &a [*a]', 'refuse'],
  ['training: !x {epochs: 1}', 'either'],
  ['training: [1, 2]', 'refuse'],
  ['__proto__: {seed: 7}', 'refuse'],
  ['constructor: 1', 'refuse'],
  ['training: {__proto__: {epochs: 1}}', 'either'],
  ['"training.epochs": 1', 'either'],
  ['? [a, b]\n: c', 'refuse'],
  ['? {a: b}\n: c', 'refuse'],
  ['1: 2', 'refuse'],
  ['null: 2', 'refuse'],
  ['extends: c.yaml', 'refuse'],
  ['extends: d.yaml', 'refuse'],
  ['extends: nothing.yaml', 'refuse'],
  ['extends: .', 'refuse'],
  ['extends: [c.yaml]', 'refuse'],
  ['extends: ""', 'refuse'],
  ['extends: /dev/null', 'either'],
  ['- a', 'refuse'],
  ['text', 'refuse'],
  ['{', 'refuse'],
  ['\t\tseed: 1', 'either'],
  ['seed: 1\nseed: 2', 'refuse'],
  ['---', 'either'],
  ['--- \nseed: 1\n---\nseed: 2', 'refuse'],
  ['...', 'either'],
  ['%TAG ! x', 'refuse'],
  ['\u0000', 'refuse'],
  ['\ufeffseed: 1', 'either'],
  ['seed: "\\x"', 'refuse'],
  ['seed: |\n  7', 'refuse'],
  ['training: {langs: [en, en]}', 'refuse'],
  ['training: {langs: en}', 'refuse'],
  ['training: {langs: [[en]]}', 'refuse'],
  ['training: {size: 1e400}', 'refuse'],
  ['training: {dropout: 0.99999999}', 'either'],
  ['sweep: {sizes: [2, 1]}', 'refuse'],
  ['sweep: {sizes: {0: 1, length: 1}}', 'refuse'],
];

/** Small files that are large when they are read. */
export function configBombs(random: Random): Step[] {
  const laughs = [
    'a: &a [x, x, x, x, x, x, x, x, x]',
    ...'bcdefghi'.split('').map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[i]}`).join(', ')}]`),
  ].join('\n');
  const merges = [
    'a: &a {x: 1}',
    ...Array.from({ length: 40 }, (_, i) => `b${i}: &b${i} {<<: [${i === 0 ? '*a' : `*b${i - 1}, *b${i - 1}`}]}`),
  ].join('\n');
  const [content, what]: [string | { repeat: string; times: number }, string] = random.pick<
    [string | { repeat: string; times: number }, string]
  >([
    [laughs, 'billion laughs'],
    [`training: &t {epochs: 1}\n${laughs.replaceAll('x', '*t')}`, 'billion laughs of a section'],
    [`training:\n  langs: &a [en]\n  size: [${'*a, '.repeat(20_000)}]`, '20,000 aliases'],
    [merges, 'merges of merges'],
    [{ repeat: '[', times: 200_000 }, '200,000 levels'],
    [{ repeat: '{a: ', times: 100_000 }, '100,000 mappings inside one another'],
    [{ repeat: '- ', times: 100_000 }, '100,000 lists inside one another'],
    [{ repeat: 'a: 1\n', times: 3_000_000 }, 'a file of 15 MB'],
    [{ repeat: 'x', times: 100_000_000 }, 'a line of 100 MB'],
    [{ repeat: '# comment\n', times: 5_000_000 }, 'comments of 50 MB'],
    [`seed: ${'9'.repeat(1_000_000)}`, 'a number of a million digits'],
  ]);
  const verdict = what.startsWith('comments') ? 'either' : 'refuse';
  const use: Argument = { words: ['--config', 'bomb.yaml'], verdict, what: `YAML: ${what}`, fixed: true };
  return [{ do: 'write', path: 'bomb.yaml', content, whole: true }, panx(['config'], { more: [use], quick: true })];
}
