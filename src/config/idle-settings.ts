import { listed, PanxError } from '../errors.js';
import { inline, settingIn } from './describe.js';
import { withCell } from './grid.js';
import type { LoadedConfig } from './load.js';
import { type Config, type Key, settings } from './schema.js';

/** When a training uses settings that have an effect only beside certain values of others. */
interface Condition {
  keys: readonly Key[];
  isUsed(config: Config): boolean;
  /** Completes "it is used only ...". */
  when: string;
  /** The settings that decide it. */
  by: readonly Key[];
  /** What to do but leave it out. */
  instead: string;
}

/**
 * Every setting that another one may make idle, once. What of a study's settings is, `ofStudies` says beside them. evaluation.limit and batchSize
 * are none: where a training scores nothing, what scores it later goes by them.
 */
export const conditions: readonly Condition[] = [
  {
    keys: ['training.plateauPatience', 'training.plateauFactor'],
    isUsed: ({ training }) => training.schedule === 'plateau',
    when: 'with training.schedule plateau',
    by: ['training.schedule'],
    instead: 'set training.schedule=plateau',
  },
  {
    keys: ['training.monitor', 'training.monitorLangs'],
    isUsed: listens,
    when: 'with training.patience, training.schedule plateau or training.select best',
    by: ['training.patience', 'training.schedule', 'training.select'],
    instead: 'set one of these',
  },
  {
    keys: ['training.epochs'],
    isUsed: ({ training }) => training.maxSteps === null,
    when: 'without training.maxSteps',
    by: ['training.maxSteps'],
    instead: 'set training.maxSteps=null',
  },
  {
    keys: ['training.accumulation'],
    isUsed: ({ training }) => training.gradientAccumulationSteps > 1,
    when: 'with training.gradientAccumulationSteps above 1',
    by: ['training.gradientAccumulationSteps'],
    instead: 'set training.gradientAccumulationSteps to more',
  },
  {
    keys: ['training.temperature'],
    isUsed: ({ training: { langs } }) => langs.length > 1,
    when: 'where a training has several languages',
    by: ['training.langs'],
    instead: 'train on several languages',
  },
  {
    keys: ['training.size'],
    isUsed: ({ training: { langs, sizes } }) => langs.some(lang => !Object.hasOwn(sizes, lang)),
    when: 'for languages that training.sizes does not name',
    by: ['training.langs', 'training.sizes'],
    instead: 'leave the languages out of training.sizes',
  },
  {
    keys: ['training.subset'],
    isUsed: ({ training }) =>
      takesSize(training) || training.langs.some(lang => !Object.hasOwn(training.fractions, lang)),
    when: 'with a size, or for languages that training.fractions does not name',
    by: ['training.size', 'training.fractions'],
    instead: 'set training.size',
  },
  {
    keys: ['training.dataSeed', 'study.dataSeeds'],
    isUsed: ({ training }) => training.resplit || (takesSize(training) && training.subset === 'shuffled'),
    when: 'where a training takes a size of the shuffled rows, or with training.resplit',
    by: ['training.size', 'training.subset', 'training.resplit'],
    instead: 'set one of these',
  },
  {
    keys: ['training.lengthBins', 'training.beyondBins'],
    isUsed: ({ training }) => training.resplit,
    when: 'with training.resplit',
    by: ['training.resplit'],
    instead: 'set training.resplit=true',
  },
  {
    keys: ['evaluation.atEnd', 'evaluation.eachEpoch'],
    isUsed: ({ evaluation }) => evaluation.enabled,
    when: 'with evaluation.enabled',
    by: ['evaluation.enabled'],
    instead: 'set evaluation.enabled=true',
  },
  {
    keys: ['evaluation.langs'],
    isUsed: ({ evaluation }) => evaluation.enabled && evaluation.atEnd,
    when: 'with evaluation.enabled and evaluation.atEnd',
    by: ['evaluation.enabled', 'evaluation.atEnd'],
    instead: 'set both to true',
  },
];

/** Of the settings that a study's own settings take the place of. */
export const ofStudies: readonly Condition[] = [
  {
    keys: ['seed'],
    isUsed: ({ study }) => !Array.isArray(study.seeds),
    when: 'where study.seeds is a number of seeds, and not a list',
    by: ['study.seeds'],
    instead: 'set study.seeds to their number',
  },
  {
    keys: ['training.dataSeed'],
    isUsed: ({ study }) => !Array.isArray(study.dataSeeds),
    when: 'where study.dataSeeds is a number of seeds, and not a list',
    by: ['study.dataSeeds'],
    instead: 'set study.dataSeeds to their number',
  },
  {
    keys: ['study.source'],
    isUsed: ({ study: { protocol, train, source } }) =>
      [protocol].flat().some(name => name !== 'mixtures' && name !== 'zero-shot') ||
      train.length === 0 ||
      train.some(set => set.length === 1 && set[0] === source),
    when: 'by zero-shot where study.train is [] or has it as a set',
    by: ['study.train'],
    instead: 'name it in study.train',
  },
];

/** Whether a training goes by scores of validation: see training/monitor.ts. */
function listens({ training: { patience, schedule, select } }: Config): boolean {
  return patience !== null || schedule === 'plateau' || select === 'best';
}

function takesSize({ langs, size, sizes }: Config['training']): boolean {
  return size !== null || langs.some(lang => Object.hasOwn(sizes, lang));
}

/**
 * A setting that is typed is to have an effect beside the others. One of a file may be idle: another file may extend it, and what is typed may
 * take the place of what made it useful.
 *
 * @param trainings all that are trained with these settings: of a study, the configurations of its stages
 * @param isStudy whether they are those of a study
 * @throws PanxError naming the first that no training uses, and the settings that make it idle
 */
export function refuseIdleSettings(
  { config, origins }: LoadedConfig,
  trainings: readonly Config[],
  isStudy: boolean,
): void {
  for (const key of settings.keys()) {
    const origin = origins[key];
    const value = settingIn(config, key);
    if (!isTyped(origin) || asksForNothing(value)) continue;
    const subject = `${key} is ${inline(value)}, from ${origin}`;
    if (isStudy && Object.hasOwn(config.study.grid, key)) {
      throw new PanxError(
        `${subject}, and study.grid has it too, from ${origins['study.grid']}: ${inline(config.study.grid[key])}; expected one of them.`,
        { hint: 'Leave it out, or leave it out of study.grid.', exitCode: 2 },
      );
    }
    const idle = conditionOf(key, trainings, isStudy);
    if (idle === null) continue;
    throw new PanxError(`${subject}, and is used only ${whyIdle(idle, trainings)}.`, {
      hint: `Leave it out, or ${idle.instead}.`,
      exitCode: 2,
    });
  }
}

/**
 * Named corpora lie where their settings say, and the others in the data: what no language needs is not read.
 *
 * @param langs all that a command reads
 * @throws PanxError where data are typed that none of them is of, or corpora
 */
export function refuseIdleData(
  { config: { data, corpora }, origins }: Pick<LoadedConfig, 'origins'> & { config: Pick<Config, 'data' | 'corpora'> },
  langs: readonly string[],
): void {
  const named = langs.filter(lang => lang.includes('='));
  if (isTyped(origins.data) && langs.length > 0 && named.length === langs.length) {
    throw new PanxError(
      `data is ${inline(data)}, from ${origins.data}, and is read for no language: the files of ${listed(langs)} are those that corpora names.`,
      { hint: 'Leave it out. Paths in corpora are relative to the folder that panx runs in.', exitCode: 2 },
    );
  }
  if (isTyped(origins.corpora) && named.length === 0 && Object.keys(corpora).length > 0) {
    throw new PanxError(
      `corpora is given, from ${origins.corpora}, and no language is of one of them: ${listed(langs)}; expected such as ${Object.keys(corpora)[0]}=${langs[0]?.split('=')[0] ?? 'en'}.`,
      { hint: 'Leave it out, or name a language with its corpus.', exitCode: 2 },
    );
  }
}

/** Whether somebody typed a setting for this one command. */
export function isTyped(origin: string): boolean {
  return origin.startsWith('--') && origin !== '--sample';
}

/** What is switched off or left open asks for no effect that could be missing. */
function asksForNothing(value: unknown): boolean {
  return value === null || value === false || JSON.stringify(value) === '[]' || JSON.stringify(value) === '{}';
}

/** Why none of these trainings uses a setting; null where one does. */
export function conditionOf(key: Key, trainings: readonly Config[], isStudy: boolean): Condition | null {
  const all = isStudy ? [...conditions, ...ofStudies] : conditions;
  return all.find(({ keys, isUsed }) => keys.includes(key) && !trainings.some(isUsed)) ?? null;
}

/** "with training.schedule plateau; training.schedule is linear" */
export function whyIdle({ when, by }: Condition, trainings: readonly Config[]): string {
  const found = by.map(key => {
    const values = new Set(trainings.map(config => inline(settingIn(config, key))));
    return `${key} is ${[...values].slice(0, mostValues).join(' or ')}`;
  });
  const all = found.length === 1 ? found[0]! : `${found.slice(0, -1).join(', ')} and ${found.at(-1)}`;
  return `${when}; ${all}`;
}

const mostValues = 4;

/** The configuration of a training, with the settings that it does not use at their defaults. Two trainings with the same do the same. */
export function withoutIdle(config: Config): Config {
  const idle = conditions.filter(({ isUsed }) => !isUsed(config)).flatMap(({ keys }) => keys);
  return withCell(config, Object.fromEntries(idle.map(key => [key, settings.get(key)!.default])));
}
