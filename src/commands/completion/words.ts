import type { Argument, Command, Option } from 'commander';
import { gridKeys } from '../../config/grid.js';
import { settings } from '../../config/schema.js';
import { splitNames } from '../../data/splits.js';
import { metricsKinds } from '../../evaluation/entity-scores.js';
import { analysisTableNames } from '../../reporting/analysis-tables.js';
import { entityLengths, filterKinds, seenNames } from '../../reporting/page/filter.js';
import { studyTableNames } from '../../reporting/study-tables.js';
import { sizes } from '../init.js';
import { settingOfOption } from '../options.js';
import { tokenizerTables } from '../tokenizers.js';

/** What a shell completes after the words of a command. */
export interface CommandWords {
  /** `data stats`; '' is panx itself. */
  path: string;
  /** Its subcommands. */
  commands: readonly { name: string; summary: string }[];
  options: readonly OptionWords[];
  /** Its argument; a command with several completes each like the last. */
  argument: Values;
}

export interface OptionWords {
  /** `--lang` and `--langs`. */
  names: readonly string[];
  summary: string;
  /** null for one without a value. */
  value: Values | null;
  /** Whether the value may be left out. */
  optional: boolean;
  repeats: boolean;
}

/** The values of an option or argument: of none a shell knows what they may be. */
export type Values =
  | { kind: 'none' | 'file' | 'folder' | 'settings' | 'grid' }
  /** One of these words; of a list, any of them with commas between. */
  | { kind: 'word' | 'list'; words: readonly string[] };

/** All commands, each with its subcommands behind it. @param program with every command defined */
export function wordsOf(program: Command): CommandWords[] {
  return [...wordsBelow(program, ''), helpWords(program)];
}

function wordsBelow(command: Command, path: string): CommandWords[] {
  const help = command.createHelp();
  const commands = help.visibleCommands(command);
  const own: CommandWords = {
    path,
    commands: commands.map(one => ({ name: one.name(), summary: shortened(one.description()) })),
    options: help.visibleOptions(command).map(option => optionWords(path, option)),
    argument: command.registeredArguments.map(argumentValues).at(-1) ?? { kind: 'none' },
  };
  const inner = commands.filter(one => one.name() !== 'help');
  return [own, ...inner.flatMap(one => wordsBelow(one, `${path} ${one.name()}`.trim()))];
}

/** `panx help train`: commander makes this command where it is typed. */
function helpWords(program: Command): CommandWords {
  const words = program
    .createHelp()
    .visibleCommands(program)
    .map(command => command.name());
  return { path: 'help', commands: [], options: [], argument: { kind: 'word', words } };
}

function optionWords(path: string, option: Option): OptionWords {
  const takesValue = option.required || option.optional;
  return {
    names: [option.short, option.long].filter(name => name !== undefined),
    summary: shortened(option.description),
    value: takesValue ? optionValues(path, option) : null,
    optional: option.optional,
    repeats: takesValue && option.parseArg !== undefined && option.argChoices === undefined,
  };
}

/** The words of options that are neither commander's choices nor those of a setting. */
export const otherWords: Readonly<Record<string, readonly string[]>> = {
  'analyze --tables': [...analysisTableNames, 'all'],
  'evaluate --metrics': metricsKinds,
  'init --size': Object.keys(sizes),
  'init --lower-case': ['true', 'false'],
  'report --kind': filterKinds,
  'report --length': entityLengths,
  'report --seen': seenNames,
  'tables --tables': studyTableNames,
  'tokenizers --tables': tokenizerTables,
};

function optionValues(path: string, option: Option): Values {
  const key = settingOfOption(option);
  const ofSetting = key === undefined ? undefined : settings.get(key)!.words;
  const words = option.argChoices ?? otherWords[`${path} ${option.long}`] ?? ofSetting;
  const placeholder = /[<[](.+)[>\]]$/.exec(option.flags)?.[1] ?? '';
  if (words !== undefined) return { kind: placeholder === 'names' ? 'list' : 'word', words };
  return valuesNamed(placeholder) ?? { kind: 'none' };
}

/** Of an argument whose name says nothing a file is the best guess. */
function argumentValues(argument: Argument): Values {
  if (argument.argChoices !== undefined) return { kind: 'word', words: argument.argChoices };
  return valuesNamed(argument.name()) ?? { kind: 'file' };
}

function valuesNamed(placeholder: string): Values | null {
  switch (placeholder) {
    case 'folder':
    case 'folder|id':
      return { kind: 'folder' };
    case 'file':
    case 'run':
    case 'study':
      return { kind: 'file' };
    case 'split':
      return { kind: 'word', words: splitNames };
    case 'splits':
      return { kind: 'list', words: splitNames };
    case 'key=value':
      return { kind: 'settings' };
    case 'key=values':
      return { kind: 'grid' };
    default:
      return null;
  }
}

/** The settings for --set or --grid, with the words that each takes; [] where it takes others. */
export function settingWords(kind: 'settings' | 'grid'): [key: string, words: readonly string[]][] {
  const keys = kind === 'settings' ? [...settings.keys()] : gridKeys();
  return keys.map(key => [key, settings.get(key)!.words ?? []]);
}

/** The first statement of a description, which a shell shows beside a word. */
function shortened(description: string): string {
  const first = description
    .split(/; |: | \(|, (?:which|such as) /, 1)[0]!
    .replaceAll(/\s+/g, ' ')
    .trim();
  return first.length > 72 ? `${first.slice(0, 71)}…` : first;
}
