import { describe, expect, it } from 'vitest';
import { mutateTokenizer } from '../tokenization/mutate.js';
import { caseOf } from './campaign.js';
import type { Case, Command, Step } from './case.js';
import { applyDamage, type Damage } from './damage.js';
import { randomOf } from './random.js';

const many = 1000;
const cases = Array.from({ length: many }, (_, index) => caseOf(7, index));

describe('the cases of a seed', () => {
  it('are the same each time, whichever come before', () => {
    for (const index of [999, 3, 500, 3]) expect(caseOf(7, index)).toEqual(cases[index]);
  });

  it('are others for another seed', () => {
    expect(Array.from({ length: 100 }, (_, index) => caseOf(8, index))).not.toEqual(cases.slice(0, 100));
  });

  it('come from nine families, each with what must be refused or may be, and with what is right', () => {
    const families = new Map<string, string[]>();
    for (const { family, steps } of cases) {
      families.set(family, [...(families.get(family) ?? []), ...steps.flatMap(verdictsIn)]);
    }
    expect([...families.keys()].sort()).toEqual(
      ['data', 'environment', 'hub', 'kills', 'model', 'outputs', 'own', 'settings', 'text'].sort(),
    );
    for (const [family, verdicts] of families) {
      expect(verdicts, family).toContain('either');
      // What is right in own and in model stands without a verdict.
      if (!['own', 'model'].includes(family)) expect(verdicts, family).toContain('fine');
      if (!['kills', 'hub'].includes(family)) expect(verdicts, family).toContain('refuse');
    }
  });

  it('run something, and prepare nothing outside their sandbox', () => {
    for (const [index, testCase] of cases.entries()) {
      expect(commandsOf(testCase).length, `case ${index}`).toBeGreaterThan(0);
      for (const step of testCase.steps) {
        for (const path of pathsOf(step)) expect(path, `case ${index}`).not.toMatch(/^\/|(^|\/)\.\.(\/|$)/);
      }
      // The machine's own devices are no place to write to: a program of root's could replace them.
      for (const { args } of commandsOf(testCase)) {
        const all = args.flatMap(({ words }) => [...words]);
        const out = all[all.lastIndexOf('--out') + 1] ?? '';
        expect(out, `case ${index}`).not.toMatch(/^\/(dev|etc|usr|home|root|tmp|$)/);
      }
    }
  });

  it('differ: hardly one is like another', () => {
    expect(new Set(cases.map(testCase => JSON.stringify(testCase))).size).toBeGreaterThan(0.8 * many);
  });
});

function commandsOf({ steps }: Case): Command[] {
  return steps.flatMap((step): Command[] =>
    step.do === 'panx' ? [step] : step.do === 'together' ? [...step.commands] : [],
  );
}

function verdictsIn(step: Step): string[] {
  const commands = commandsOf({ family: '', steps: [step] });
  return [
    step.verdict,
    ...commands.flatMap(({ expect: expected, args }) => [expected, ...args.map(({ verdict }) => verdict)]),
  ].filter(verdict => verdict !== undefined);
}

function pathsOf(step: Step): string[] {
  const { path, from, to } = step as { path?: string; from?: string; to?: string };
  return [path, from, step.do === 'link' ? undefined : to].filter(part => part !== undefined);
}

describe('damage', () => {
  const bytes = Buffer.from('{"a": [1, 2], "b": {"c": "x"}}\nline\n');
  const json = Buffer.from('{"a": [1, 2], "b": {"c": "x"}}');
  it.each<[Damage, string]>([
    [{ kind: 'flip', at: 0, mask: 1 }, 'z"a": [1, 2], "b": {"c": "x"}}\nline\n'],
    [{ kind: 'put', at: 0.5, hex: '2121' }, '{"a": [1, 2], "b": !!c": "x"}}\nline\n'.replace('!!', '!!')],
    [{ kind: 'insert', at: 0, hex: '2121' }, '!!{"a": [1, 2], "b": {"c": "x"}}\nline\n'],
    [{ kind: 'cut', at: 0.2 }, '{"a": [1'.slice(0, 7)],
    [{ kind: 'append', hex: '21' }, '{"a": [1, 2], "b": {"c": "x"}}\nline\n!'],
    [{ kind: 'zeros', at: 0, length: 2 }, '\0\0a": [1, 2], "b": {"c": "x"}}\nline\n'],
    [{ kind: 'line', how: 'drop', at: 0 }, 'line\n'],
    [{ kind: 'line', how: 'repeat', at: 0.6 }, '{"a": [1, 2], "b": {"c": "x"}}\nline\nline\n'],
    [{ kind: 'line', how: 'swap', at: 0 }, 'line\n{"a": [1, 2], "b": {"c": "x"}}\n'],
    [{ kind: 'text', from: 'line', to: '$&' }, '{"a": [1, 2], "b": {"c": "x"}}\n$&\n'],
  ])('%j', (how, expected) => {
    if (how.kind === 'put') expect(applyDamage(bytes, how).length).toBe(bytes.length);
    else expect(applyDamage(bytes, how).toString()).toBe(expected);
    expect(applyDamage(bytes, how).equals(bytes)).toBe(false);
  });

  it.each<[Damage, string]>([
    [{ kind: 'json', at: ['a', 0], value: '1e999' }, '{"a":[1e999,2],"b":{"c":"x"}}'],
    [{ kind: 'json', at: ['a', 0], value: null }, '{"a":[2],"b":{"c":"x"}}'],
    [{ kind: 'json', at: ['b'], value: { nested: 3 } }, '{"a":[1,2],"b":[[[]]]}'],
    [{ kind: 'json', at: [], value: 'null' }, 'null'],
    [{ kind: 'json', at: ['new'], value: '"$&"' }, '{"a":[1,2],"b":{"c":"x"},"new":"$&"}'],
  ])('%j', (how, expected) => {
    expect(applyDamage(json, how).toString().replaceAll(/\s/g, '')).toBe(expected);
  });

  it('puts values that are no number into tensors of any float', () => {
    for (const [dtype, bytesEach, read] of [
      ['F32', 4, (file: Buffer) => file.readFloatLE(file.length - 4)],
      ['BF16', 2, (file: Buffer) => Buffer.from([0, 0, ...file.subarray(-2)]).readFloatLE(0)],
    ] as const) {
      const header = Buffer.from(JSON.stringify({ w: { dtype, shape: [2], data_offsets: [0, 2 * bytesEach] } }));
      const start = Buffer.alloc(8);
      start.writeBigUInt64LE(BigInt(header.length));
      const file = Buffer.concat([start, header, Buffer.alloc(2 * bytesEach)]);
      for (const value of ['NaN', 'Infinity', '-Infinity'] as const) {
        expect(read(applyDamage(file, { kind: 'element', tensor: 'w', at: 0.99, value })), `${dtype} ${value}`).toBe(
          Number(value),
        );
      }
    }
  });
});

it('a damaged tokenizer is another text, and the same for the same stream', () => {
  const sample = JSON.stringify({
    added_tokens: [{ id: 0, content: '<s>' }],
    model: { type: 'Unigram', vocab: [['a', 0]], unk_id: 0 },
  });
  const mutants = Array.from({ length: 300 }, (_, seed) => mutateTokenizer(sample, randomOf(seed).next));
  expect(mutants).toEqual(Array.from({ length: 300 }, (_, seed) => mutateTokenizer(sample, randomOf(seed).next)));
  expect(mutants.filter(mutant => mutant !== sample).length).toBeGreaterThan(200);
  expect(new Set(mutants).size).toBeGreaterThan(150);
});
