import { relative } from 'node:path';
import { type Command, Option } from 'commander';
import { inline, settingIn } from '../config/describe.js';
import { isLanguage } from '../config/kinds.js';
import { type LoadedConfig, loadConfig } from '../config/load.js';
import { type Config, type Key, settings } from '../config/schema.js';
import {
  refuseUnusedSettings,
  type SettingsUser,
  settingsUser,
  settingsUsers,
  usesSetting,
} from '../config/used-settings.js';
import { parseYaml } from '../config/yaml.js';
import { PanxError } from '../errors.js';
import { samplePaths } from '../hub/sample.js';
import { everyOne } from './lists.js';

/** The help of --store, the same wherever it is taken. */
export const storeHelp = 'folder in which trained stages are found again (default: PANX_STORE, else results/store)';

/** The help of --data where what was trained says where its data lay. */
export const dataHelp = 'where the data lies, if it was moved';

/** The help of --sample. @param what of a sample the command takes @param readsData whether the languages that it reads choose one of the samples */
export function sampleHelp(what: string, readsData = true): string {
  const which = readsData ? '; for languages other than en and tr, from the one of eight languages' : '';
  return `take ${what} from the small synthetic sample that comes with panx${which}`;
}

/** What a command does with the model: it trains from there, or scores or tags with it. */
type Use = 'start' | 'trained';

/**
 * Add the options of every command that takes a configuration.
 *
 * @param options file: whether it comes by --config, not as an argument; as: what the model is to be
 */
export function addConfigOptions(
  command: Command,
  { file = true, as = 'start' }: { file?: boolean; as?: Use } = {},
): void {
  if (file) command.option('--config <file>', 'YAML file with settings; its "extends: other.yaml" is read first');
  command.option(
    '--set <key=value>',
    `set one setting, such as ${exampleFor(command)}; may be repeated (panx config lists all)`,
    everyOne,
  );
  addOptions(command, sharedOptions.slice(0, 2));
  const sampled = as === 'start' ? 'model and data' : 'a fine-tuned model and data';
  const readsData = !isOfOthers(command, 'data');
  command.option('--sample', sampleHelp(readsData ? sampled : 'a fine-tuned model', readsData));
  addOptions(command, sharedOptions.slice(2));
}

/** An assignment that a command takes. */
function exampleFor(command: Command): string {
  if (!isOfOthers(command, 'training.epochs')) return 'training.epochs=1';
  return isOfOthers(command, 'evaluation.limit') ? 'tokenization.maxLength=128' : 'evaluation.limit=100';
}

/** Add the options that say how to train; a command that trains on given rows adds `addRowOptions` too. */
export function addTrainingOptions(command: Command): void {
  addOptions(command, trainingOptions);
}

/** Add the options that say on which rows to train and what to score. */
export function addRowOptions(command: Command): void {
  addOptions(command, rowOptions);
}

/** Add the options that shape a sweep. */
export function addSweepOptions(command: Command): void {
  addOptions(command, sweepOptions);
}

/**
 * The configuration that a parsed command line asks for: the defaults, then --config, then --sample, then --set, then the options of their
 * own.
 *
 * @param options file: the YAML file, where --config does not name it; langsOf: languages that the command reads by an argument of its own, beside
 *   those that settings name; as: what the model is to be
 * @throws PanxError as `loadConfig` does, naming the option that a wrong value came from; for a setting that is typed and that the command
 *   does not use; where no sample has the languages; and where the model is to be trained and none is named
 */
export async function configOf(
  command: Command,
  options: { file?: string; langsOf?: (config: Config) => readonly string[]; as?: Use } = {},
): Promise<LoadedConfig> {
  const { file, langsOf = () => [], as = 'start' } = options;
  const parsed = command.opts<{ config?: string; set?: string[]; sample?: boolean }>();
  const typed = typedOptions(command);
  const loaded = await loadConfig({ file: file ?? parsed.config, assignments: parsed.set, options: typed });
  const user = settingsUser(command.name(), option => command.getOptionValueSource(option) === 'cli');
  if (user !== undefined) refuseUnusedSettings(loaded, user);
  const given = new Set([...settings.keys()].filter(key => loaded.origins[key].startsWith('--')));
  // One model that is asked for takes the place of those that a file tries, and one of an option also of those of --set.
  const ofOptions = new Set(typed.map(({ key }) => key));
  const isModelAsked = parsed.sample || ofOptions.has('model');
  if (isModelAsked ? !ofOptions.has('study.grid') : given.has('model') && !given.has('study.grid'))
    leaveModels(loaded.config);
  if (!parsed.sample) {
    if (as === 'trained' && loaded.origins.model === 'default') throw noModel();
    return loaded;
  }
  refuseIdleSample(user, key => given.has(key));
  // Data of one's own may be of any language: they choose no sample.
  const read = given.has('data') ? [] : [...langsOf(loaded.config), ...languagesRead(command, loaded.config)];
  const { modelDir, taggerDir, dataDir } = samplePaths(read);
  for (const [key, folder] of [
    ['model', as === 'start' ? modelDir : taggerDir],
    ['data', dataDir],
  ] as const) {
    if (given.has(key)) continue;
    loaded.config[key] = short(folder);
    loaded.origins[key] = '--sample';
  }
  return loaded;
}

/** The configuration as it is worked with and saved: what is logged beside a training is asked for each time, and is no part of what it is. */
export function withoutLog(config: Config): { log: Config['log']; config: Config } {
  return { log: config.log, config: { ...config, log: settings.get('log')!.default as 'none' } };
}

/** @throws PanxError where --sample is typed beside all that it would stand for */
export function refuseIdleSample(user: SettingsUser | undefined, isGiven: (key: 'model' | 'data') => boolean): void {
  const used = (['model', 'data'] as const).filter(key => user === undefined || usesSetting(user, key));
  if (!used.every(isGiven)) return;
  throw new PanxError(
    `--sample is given, and ${used.join(' and ')}, for which it would stand, ${used.length === 1 ? 'is' : 'are'} given too; expected one or the other.`,
    { hint: 'Leave --sample out, or what it is to stand for.', exitCode: 2 },
  );
}

/** The default is a pretrained encoder: it would be brought, a gigabyte, only to be refused. */
function noModel(): PanxError {
  return new PanxError('There is no model to score or tag with: expected --model with a fine-tuned checkpoint.', {
    hint: 'Give --model RUN/checkpoint, which panx train makes, or try the small one that comes with panx: --sample.',
    exitCode: 2,
  });
}

/** Leave a study's models out: the one of the settings takes the place of all. */
function leaveModels({ study }: Config): void {
  delete study.grid.model;
  study.exclude = study.exclude.filter(entry => !Object.hasOwn(entry, 'model'));
}

/** A relative path where it can be, since a run saves its settings. */
function short(path: string): string {
  const fromHere = relative('', path);
  return fromHere.startsWith('..') ? path : fromHere;
}

/** The settings that name languages, by an option that marks the commands which read them. */
export const languageSettings = {
  '--lang': ['training.langs', 'evaluation.langs'],
  '--monitor': ['training.monitorLangs'],
  '--source': ['study.source', 'study.target', 'study.score', 'study.train'],
} as const satisfies Record<string, readonly Key[]>;

/** The languages of the settings that this command reads: what a study is on does not matter to panx train. */
function languagesRead(command: Command, config: Config): string[] {
  return Object.entries(languageSettings).flatMap(([option, keys]) => {
    if (!command.options.some(({ short, long }) => short === option || long === option)) return [];
    return keys.flatMap(key => [settingIn(config, key)].flat(Number.POSITIVE_INFINITY)).filter(isLanguage);
  });
}

interface TypedOption {
  key: Key;
  value: unknown;
  origin: string;
}

interface ConfigOption {
  flags: string;
  key: Key;
  /** The value of what was typed, once for each use of the option. */
  read: (typed: readonly string[]) => unknown;
}

const sharedOptions: ConfigOption[] = [
  { flags: '--model <folder|id>', key: 'model', read: lastText },
  { flags: '--data <folder|id>', key: 'data', read: lastText },
  { flags: '--backend <name>', key: 'backend', read: lastText },
  { flags: '--precision <kind>', key: 'precision', read: lastText },
  { flags: '--seed <n>', key: 'seed', read: lastValue },
];

const rowOptions: ConfigOption[] = [
  { flags: '--lang, --langs <lang>', key: 'training.langs', read: everyItem },
  { flags: '--size <rows>', key: 'training.size', read: lastValue },
  { flags: '--eval-langs <langs>', key: 'evaluation.langs', read: everyItem },
  { flags: '--resplit', key: 'training.resplit', read: () => true },
  { flags: '--temperature <T>', key: 'training.temperature', read: lastValue },
  { flags: '--no-eval', key: 'evaluation.enabled', read: () => false },
];

const trainingOptions: ConfigOption[] = [
  { flags: '--subset <kind>', key: 'training.subset', read: lastText },
  { flags: '--data-seed <n>', key: 'training.dataSeed', read: lastValue },
  { flags: '--epochs <n>', key: 'training.epochs', read: lastValue },
  { flags: '--batch-size <rows>', key: 'training.batchSize', read: lastValue },
  { flags: '--learning-rate <rate>', key: 'training.learningRate', read: lastValue },
  { flags: '--weight-decay <rate>', key: 'training.weightDecay', read: lastValue },
  { flags: '--schedule <name>', key: 'training.schedule', read: lastText },
  { flags: '--warmup-steps <n>', key: 'training.warmupSteps', read: lastValue },
  { flags: '--warmup-ratio <share>', key: 'training.warmupRatio', read: lastValue },
  { flags: '--gradient-accumulation-steps <n>', key: 'training.gradientAccumulationSteps', read: lastValue },
  { flags: '--group-by-length', key: 'training.groupByLength', read: () => true },
  { flags: '--monitor <score>', key: 'training.monitor', read: lastText },
  { flags: '--patience <epochs>', key: 'training.patience', read: lastValue },
  { flags: '--select <weights>', key: 'training.select', read: lastText },
  { flags: '--new-head', key: 'training.newHead', read: () => true },
  { flags: '--max-steps <n>', key: 'training.maxSteps', read: lastValue },
  { flags: '--dropout <probability>', key: 'training.dropout', read: lastValue },
  { flags: '--max-length <subwords>', key: 'tokenization.maxLength', read: lastValue },
  { flags: '--lower-case <true|false>', key: 'tokenization.lowerCase', read: lastValue },
  { flags: '--log <kind>', key: 'log', read: lastText },
  { flags: '--eval-limit <rows>', key: 'evaluation.limit', read: lastValue },
];

const sweepOptions: ConfigOption[] = [
  { flags: '--source <lang>', key: 'study.source', read: typed => once('--source', typed) },
  { flags: '--target <lang>', key: 'study.target', read: typed => once('--target', typed) },
  {
    flags: '--sizes <rows,...>',
    key: 'study.sizes',
    read: typed => once('--sizes', typed).split(',').map(yamlValue),
  },
  { flags: '--protocol <names>', key: 'study.protocol', read: oneOrMore },
  { flags: '--train <langs>', key: 'study.train', read: typed => typed.map(list => everyItem([list])) },
  { flags: '--score <langs>', key: 'study.score', read: everyItem },
  { flags: '--seeds <n>', key: 'study.seeds', read: countOrList },
  { flags: '--data-seeds <n>', key: 'study.dataSeeds', read: countOrList },
  { flags: '--grid <key=values>', key: 'study.grid', read: gridOf },
];

function addOptions(command: Command, options: readonly ConfigOption[]): void {
  for (const { flags, key } of options) {
    const option = new Option(flags, helpOf(key, flags));
    if (isOfOthers(command, key)) option.hideHelp();
    // Read later: commander stores the empty text where a parser gives null.
    if (!option.negate) option.argParser(everyOne);
    command.addOption(option);
  }
}

const configOptions = [...sharedOptions, ...rowOptions, ...trainingOptions, ...sweepOptions];

/** Whether no form of a command uses a setting: its option is there for the sentence that says so. */
function isOfOthers(command: Command, key: Key): boolean {
  const users = settingsUsers(command.name());
  return users.length > 0 && !users.some(user => usesSetting(user, key));
}

/** The setting that an option stands for, where there is one. */
export function settingOfOption({ flags }: Option): Key | undefined {
  return configOptions.find(option => option.flags === flags)?.key;
}

/** The setting that an option of this name stands for, in whatever command: `--max-length`. */
export function settingNamed(name: string): Key | undefined {
  return configOptions.find(({ flags }) => namesIn(flags).includes(name))?.key;
}

/** A command that has such an option: "panx train". */
export function commandWith(name: string): string {
  return sweepOptions.some(({ flags }) => namesIn(flags).includes(name)) ? 'panx sweep' : 'panx train';
}

function namesIn(flags: string): string[] {
  return flags.split(/[ ,]+/).filter(word => word.startsWith('--'));
}

/** The settings whose options were typed, with the values given. */
function typedOptions(command: Command): TypedOption[] {
  return configOptions.flatMap(({ flags, key, read }) => {
    const option = command.options.find(candidate => candidate.flags === flags);
    const name = option?.attributeName();
    if (option === undefined || name === undefined || command.getOptionValueSource(name) !== 'cli') return [];
    return [{ key, value: read(command.getOptionValue(name) as string[]), origin: flags.split(/[ ,]/, 1)[0]! }];
  });
}

function helpOf(key: Key, flags: string): string {
  if (flags === '--no-eval')
    return 'do not score: neither at the end nor after each epoch, but for what training listens to (--patience, --select best)';
  const { meaning, default: byDefault } = settings.get(key)!;
  const several = severalText[flags] ?? (flags.includes('<lang>') ? '; may be repeated, and take en,tr' : '');
  return `${meaning}${several}${byDefault === null ? '' : ` (default: ${inline(byDefault)})`}`;
}

/** How options that take several values are typed. */
const severalText: Readonly<Record<string, string>> = {
  '--target <lang>': '',
  '--source <lang>': '',
  '--protocol <names>': '; takes cumulative,from-source',
  '--train <langs>': '; a set each time, such as --train de --train de,fr',
  '--score <langs>': '; takes en,tr',
  '--seeds <n>': '; takes 5, or 1,2,3',
  '--data-seeds <n>': '; takes 5, or 1,2,3',
  '--grid <key=values>': '; may be repeated, and takes training.learningRate=1e-4,2e-5',
};

function lastText(typed: readonly string[]): string | undefined {
  return typed.at(-1);
}

function lastValue(typed: readonly string[]): unknown {
  return yamlValue(typed.at(-1) ?? '');
}

/** The items of all lists typed: --lang en,tr --lang de gives [en, tr, de]. */
function everyItem(typed: readonly string[]): string[] {
  return typed.flatMap(list => list.split(',').map(item => item.trim()));
}

/** The same; one word stands for itself. */
function oneOrMore(typed: readonly string[]): string | string[] {
  const items = everyItem(typed);
  return items.length === 1 ? items[0]! : items;
}

/** 5 as so many; 1,2,3 as a list. */
function countOrList(typed: readonly string[]): unknown {
  const last = typed.at(-1) ?? '';
  return last.includes(',') && !last.includes('[') ? yamlValue(`[${last}]`) : yamlValue(last);
}

/** --grid training.learningRate=1e-3,1e-4 --grid training.epochs=1,3 as one grid. @throws PanxError where a setting is typed twice */
function gridOf(typed: readonly string[]): unknown {
  const grid: Record<string, unknown> = {};
  for (const text of typed) {
    const at = text.indexOf('=');
    if (at < 1) {
      throw new PanxError(`--grid is "${text}"; expected KEY=VALUES, such as training.learningRate=1e-4,2e-5.`, {
        exitCode: 2,
      });
    }
    const key = text.slice(0, at).trim();
    if (Object.hasOwn(grid, key)) {
      throw new PanxError(`--grid has ${key} twice; expected all of its values in one list.`, {
        hint: `Type --grid ${key}=A,B.`,
        exitCode: 2,
      });
    }
    grid[key] = yamlValue(`[${text.slice(at + 1)}]`);
  }
  return grid;
}

/** The only text typed. @throws PanxError where a second one would silently replace the first. */
function once(name: string, typed: readonly string[]): string {
  if (typed.length > 1) {
    throw new PanxError(`${name} is given more than once: ${typed.join(' and ')}.`, {
      hint: 'A sweep has one source, one target and one list of sizes; --tr-sizes LIST stands for --target tr --sizes LIST.',
      exitCode: 2,
    });
  }
  return typed[0] ?? '';
}

/** A number, null, true: as --set reads it; undefined for what is only a comment. What is not YAML stays text, which the schema then refuses by name. */
function yamlValue(typed: string): unknown {
  if (/^(0|[1-9]\d{0,14})$/.test(typed)) return Number(typed);
  try {
    return parseYaml(typed, 'it');
  } catch {
    return typed;
  }
}
