import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { everyCommand } from '../../src/commands/completion.js';
import { withOwnOptions } from '../../src/commands/named-options.js';

const program = await everyCommand();
const named = (name: string) => program.commands.find(command => command.name() === name)!;

describe('an option that a hint names', () => {
  it.each([
    ['train', 'Set tokenization.maxLength (--max-length) to 126.', 'Set tokenization.maxLength (--max-length) to 126.'],
    ['predict', 'Set it (--max-length) to 126.', 'Set it (--set tokenization.maxLength=...) to 126.'],
    ['evaluate', '--new-head or --patience 3', '--set training.newHead=... or --set training.patience=... 3'],
    [
      'verify',
      'Use a lower learning rate (--learning-rate).',
      'Use a lower learning rate (panx train --learning-rate).',
    ],
    ['analyze', 'Type --seeds 3.', 'Type panx sweep --seeds 3.'],
    [
      'predict',
      'Score it: panx train --new-head. Then --langs',
      'Score it: panx train --new-head. Then --set training.langs=...',
    ],
    [
      'verify',
      'start anew (panx train: with --force, --epochs 2)',
      'start anew (panx train: with --force, --epochs 2)',
    ],
    ['predict', 'or --no-eval-at-all', 'or --no-eval-at-all'],
    ['verify', '--rerun', '--rerun'],
    [
      'verify',
      'Run `panx setup --force`, or use --backend wasm.',
      'Run `panx setup --force`, or use panx train --backend wasm.',
    ],
  ])('in panx %s: %s', (command, text, expected) => {
    expect(withOwnOptions(text, named(command))).toBe(expected);
  });
});

/** Every option of a command and of its subcommands. */
function optionsOf(command: Command): string[] {
  const own = command.options.flatMap(({ flags }) => flags.split(/[ ,]+/).filter(word => word.startsWith('--')));
  return ['--help', ...own, ...command.commands.flatMap(optionsOf)];
}

const options = new Map(program.commands.map(command => [command.name(), new Set(optionsOf(command))]));
const everywhere = new Set([...options.values()].flatMap(all => [...all]));
// Written for every language: --tr-sizes.
everywhere.add('--tr-sizes');
options.get('sweep')!.add('--tr-sizes');

const src = fileURLToPath(new URL('../../src', import.meta.url));

/** What the program says: texts of more than a word, without comments, and the options that they name. */
const texts = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter(file => file.endsWith('.ts') && !file.startsWith('commands/completion/'))
  .flatMap(file => {
    const code = readFileSync(join(src, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
    return [...code.matchAll(/'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`/g)]
      .map(([, plain, template]) => ({ file, text: (plain ?? template)! }))
      .filter(({ text }) => / /.test(text) && /(?<![\w-])--[a-z]/.test(text) && !/\bpip\b|^-/.test(text));
  });

it('there are many of them', () => {
  expect(texts.length).toBeGreaterThan(100);
});

it.each(texts)('$file: $text', ({ file, text }) => {
  for (const { 0: option, index } of text.matchAll(/(?<![\w-])--[a-z]+(-[a-z]+)*/g)) {
    const sentence = text.slice(text.slice(0, index).lastIndexOf('. ') + 1, index).replaceAll(/`[^`]*`/g, '');
    const owner = [...sentence.matchAll(/\bpanx ([a-z]+)/g)]
      .map(([, name]) => name!)
      .findLast(name => options.has(name));
    // What panx doctor finds is for all commands.
    const here = /^commands\/(?!doctor)([a-z]+)\b/.exec(file)?.[1];
    const of = owner ?? (here !== undefined && options.has(here) && !file.endsWith('commands.ts') ? here : undefined);
    expect(of === undefined ? everywhere : options.get(of), `${option} of ${of ?? 'any command'}`).toContain(option);
  }
});
