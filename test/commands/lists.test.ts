import type { Command, Option } from 'commander';
import { expect, it } from 'vitest';
import { everyCommand } from '../../src/commands/completion.js';
import { everyText, languagesOf, splitsOf, toLanguage } from '../../src/commands/lists.js';
import { loadConfig } from '../../src/config/load.js';

it('reads languages with commas between, each once', () => {
  expect(languagesOf('--langs', 'en, tr,en,zh-min-nan')).toEqual(['en', 'tr', 'zh-min-nan']);
  expect(toLanguage('--lang', 'de')).toBe('de');
});

// What would be looked up in a folder elsewhere, or be no key of an object.
it.each(['__proto__', '../en', 'EN', 'e', 'en_US', 'en-', '\u001b[31m', 'en/..'])('refuses %j as a language', name => {
  expect(() => toLanguage('--lang', name)).toThrow(`--lang has "${name}"; expected a language code such as tr.`);
  expect(() => languagesOf('--langs', `tr,${name}`)).toThrow(`--langs has "${name}"`);
});

it('no command drops a part of a list that is typed by several options', async () => {
  const optionsOf = (command: Command): Option[] => [...command.options, ...command.commands.flatMap(optionsOf)];
  const lists = optionsOf(await everyCommand()).filter(
    // The order of labels is that of their ids: they are given at once.
    ({ description, long }) => description.includes('with commas between') && long !== '--labels',
  );
  expect(new Set(lists.map(({ long }) => long))).toEqual(new Set(['--langs', '--splits', '--stages', '--tables']));
  for (const { flags, parseArg, defaultValue } of lists) {
    expect([flags, defaultValue]).toEqual([flags, undefined]);
    expect([flags, parseArg!('tr', parseArg!('de,en', undefined as never))]).toEqual([flags, 'de,en,tr']);
  }
  expect(splitsOf('test,train')).toEqual(['test', 'train']);
  expect(splitsOf(undefined)).toEqual(['train', 'validation', 'test']);
});

it('refuses a text that came in another encoding', () => {
  expect(['Köln', 'Bonn'].reduce<string[]>((before, typed) => everyText(typed, before), [])).toEqual(['Köln', 'Bonn']);
  expect(() => everyText('K\ufffdln', undefined)).toThrow(
    '--text holds U+FFFD, which stands for what is not UTF-8; expected text in UTF-8.',
  );
});

it('reads languages of named corpora, and their names alone', async () => {
  const assignments = [
    'corpora={conll: {format: conll, files: {train: "{lang}"}}, notes: {format: jsonl, files: {train: n}}}',
  ];
  const { corpora } = (await loadConfig({ assignments })).config;
  expect(languagesOf('--langs', 'en,conll=de,notes,notes=und', corpora)).toEqual(['en', 'conll=de', 'notes=und']);
  expect(() => languagesOf('--langs', 'conll', corpora)).toThrow(
    '--langs has conll, a corpus with several languages; expected conll=LANG',
  );
  expect(() => toLanguage('--lang', 'conll=DE', corpora)).toThrow(
    '--lang has "conll=DE"; expected a language code such as tr.',
  );
  expect(() => toLanguage('--lang', 'conll=de')).toThrow('--lang has "conll=de", but there is no corpus "conll".');
});
