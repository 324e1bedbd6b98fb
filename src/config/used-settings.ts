import { PanxError } from '../errors.js';
import { isTyped } from './idle-settings.js';
import type { LoadedConfig } from './load.js';
import { type Config, type Key, settings } from './schema.js';

/** A setting, or a section with all of its settings. */
type Part = Key | 'tokenization' | 'training' | 'evaluation' | 'checkpoint' | 'study';

interface Uses {
  all: readonly Part[];
  /** What of these it does not use. */
  but?: readonly Part[];
}

const corpus = ['data', 'corpora'] as const;
const computing = ['backend', 'precision'] as const;
const ofTraining = [
  'model',
  'seed',
  'log',
  'tokenization',
  'training',
  'evaluation',
  'checkpoint',
  ...corpus,
  ...computing,
] as const;
/** A study itself chooses the languages of each stage, and is told by study.score what to score. */
const chosenByStudies = ['training.langs', 'evaluation.langs'] as const;

/** Which settings each command that takes settings uses, `panx config` aside, which prints all. */
export const usedSettings = {
  train: { all: ofTraining },
  sweep: {
    all: [...ofTraining, 'study'],
    // Of study.metrics it says itself what a sweep cannot count.
    but: [...chosenByStudies, 'study.keep'],
  },
  run: { all: [...ofTraining, 'study'], but: chosenByStudies },
  evaluate: {
    all: ['model', 'tokenization', 'evaluation.batchSize', 'evaluation.limit', ...corpus, ...computing],
  },
  'evaluate --ci': {
    all: ['model', 'seed', 'tokenization', 'evaluation.batchSize', 'evaluation.limit', ...corpus, ...computing],
  },
  predict: { all: ['model', 'tokenization', ...computing] },
  // Nothing is cut where subwords are counted, and rows that would be are told.
  tokenizers: { all: ['model', 'tokenization', ...corpus], but: ['tokenization.longRows'] },
  'tokenizers --text': { all: ['model', 'tokenization.lowerCase'] },
  'data stats': { all: corpus },
  'data stats --model': { all: ['model', 'tokenization', ...corpus] },
  'data show': { all: corpus },
  'data show --tokens': { all: ['model', 'tokenization', ...corpus] },
  'data convert': { all: corpus },
} as const satisfies Record<string, Uses>;

/** A command, with the option that makes it use more where there is one. */
export type SettingsUser = keyof typeof usedSettings;

/** The forms of a command; none where it takes no settings, or all. */
export function settingsUsers(name: string): SettingsUser[] {
  return (Object.keys(usedSettings) as SettingsUser[]).filter(user => user === name || user.startsWith(`${name} --`));
}

/** A command as it was typed. @param isTyped whether an option was, by its name without hyphens */
export function settingsUser(name: string, isTyped: (option: string) => boolean): SettingsUser | undefined {
  const users = settingsUsers(name);
  return users.find(user => user !== name && isTyped(user.slice(name.length + 3))) ?? users[0];
}

/** Whether a command uses a setting. */
export function usesSetting(command: SettingsUser, key: Key): boolean {
  const { all, but = [] }: Uses = usedSettings[command];
  const holds = (parts: readonly Part[]) => parts.some(part => key === part || key.startsWith(`${part}.`));
  return holds(all) && !holds(but);
}

/**
 * A setting that is typed for one command, by --set or an option of its own, is to have an effect on it. A file of settings may hold those of
 * several commands.
 *
 * @throws PanxError naming the first that it does not use, and the commands that do
 */
export function refuseUnusedSettings({ config, origins }: LoadedConfig, command: SettingsUser): void {
  for (const key of settings.keys()) {
    const origin = origins[key];
    if (!isTyped(origin)) continue;
    const isUsed = usesSetting(command, key);
    const protocols = isUsed && key.startsWith('study.') ? protocolsWithout(key, config) : null;
    if (isUsed && protocols === null) continue;
    const subject = protocols === null ? nameOf(command, key) : `panx ${command} with study.protocol ${protocols}`;
    throw new PanxError(`${subject} does not use ${key}, from ${origin}; expected a setting that it uses.`, {
      hint: protocols === null ? hintFor(command, key) : 'Leave it out, or choose another protocol.',
      exitCode: 2,
    });
  }
}

/** The protocols of a study, where none of them uses a setting; null where one does. */
function protocolsWithout(key: Key, { study: { protocol, score } }: Config): string | null {
  const protocols = [protocol].flat();
  const isUsed = protocols.some(name => {
    if (name !== 'mixtures' && name !== 'zero-shot') return true;
    if (key === 'study.sizes') return false;
    if (key === 'study.target') return name === 'zero-shot' && score.length === 0;
    return key !== 'study.source' || name === 'zero-shot';
  });
  return isUsed ? null : protocols.join(', ');
}

/** With its option where the command uses the setting without it. */
function nameOf(command: SettingsUser, key: Key): string {
  const [name] = command.split(' --') as [SettingsUser];
  return `panx ${usesSetting(name, key) ? command : name}`;
}

function hintFor(command: SettingsUser, key: Key): string {
  const users = (Object.keys(usedSettings) as SettingsUser[]).filter(user => usesSetting(user, key));
  const own = users.find(user => user.startsWith(`${command} --`));
  if (own !== undefined) return `Leave it out, or type panx ${own}.`;
  if ((chosenByStudies as readonly Key[]).includes(key) && usesSetting(command, 'study.score')) {
    return 'A study is told its languages by study.source, study.target and study.train, and what to score by study.score.';
  }
  const names = [...new Set(users.map(user => `panx ${user.replace(/ --.*/, '')}`))];
  const all = names.length === 1 ? names[0]! : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  return `Leave it out: it is a setting of ${all}. A file of settings (--config) may hold it.`;
}
