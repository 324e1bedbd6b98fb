import { Command } from 'commander';
import { expect, it } from 'vitest';
import { define, expandSizes } from '../../src/commands/sweep.js';

function parse(...argv: string[]): Promise<Command> {
  const command = new Command('sweep').exitOverride().configureOutput({ writeErr: () => {} });
  define(command);
  return command.parseAsync(argv, { from: 'user' });
}

it('reads --<lang>-sizes as the target and its sizes', () => {
  expect(expandSizes(['--tr-sizes', '250,500', '--epochs', '1'])).toEqual([
    ...['--target', 'tr', '--sizes', '250,500', '--epochs', '1'],
  ]);
  expect(expandSizes(['--zh-classical-sizes=250'])).toEqual(['--target', 'zh-classical', '--sizes=250']);
  expect(expandSizes(['--sizes', '250', '--out', 'x-sizes'])).toEqual(['--sizes', '250', '--out', 'x-sizes']);
});

it.each([
  [['--target', 'de', '--tr-sizes', '250'], '--target is given more than once: de and tr.'],
  [['--tr-sizes', '250', '--de-sizes', '500'], '--target is given more than once: tr and de.'],
  [['--tr-sizes', '500,250'], 'study.sizes is [500,250], from --sizes; expected a list of whole numbers'],
  [['--protocoll', 'x'], "unknown option '--protocoll'\n(Did you mean --protocol?)"],
  [['--tr-sized', '250'], "unknown option '--tr-sized'"],
  [['--lang', 'tr'], "unknown option '--lang'"],
])('refuses %s', async (argv, sentence) => {
  await expect(parse(...argv)).rejects.toThrow(sentence);
});
