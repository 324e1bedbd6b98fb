import type { Config } from '../config/schema.js';
import { type ResplitCounts, resplit } from '../data/resplit.js';
import type { RowIndex } from '../data/row-index.js';
import {
  fractionSteps,
  limitSteps,
  type Part,
  type RowSet,
  rowsOfFraction,
  selectRows,
  subsetSteps,
} from '../data/row-sets.js';
import type { SplitName } from '../data/splits.js';
import { PanxError } from '../errors.js';
import { formatCount } from '../system/console.js';

/** The split that is scored at the end: a re-split holds rows of train out, and validation serves as test. */
export function endSplitOf({ training }: Pick<Config, 'training'>): SplitName {
  return training.resplit ? 'validation' : 'test';
}

/** What is scored after each epoch, as logs and tables call it: the validation splits, or what a re-split holds out. */
export function epochSplitOf({ training }: Pick<Config, 'training'>): SplitName | Part {
  return training.resplit ? 'held' : 'validation';
}

/** How many rows of a split the fraction of its language leaves. @param rows of the split */
export function rowsLeft({ training }: Pick<Config, 'training'>, lang: string, rows: number): number {
  const fraction = ofLanguage(training.fractions, lang);
  return fraction === undefined ? rows : rowsOfFraction(fraction, rows);
}

/** The rows of a language that training takes, before a re-split. @param rows of its train split */
function trainingSet(config: Config, lang: string, rows: number): RowSet {
  const { training } = config;
  const cut = cutOf(config, lang, 'train', rows);
  const size = sizeOf(training, lang);
  const left = rowsLeft(config, lang, rows);
  if (size !== null && size > left) {
    const setting = Object.hasOwn(training.sizes, lang) ? 'training.sizes' : 'training.size';
    throw new PanxError(
      `${setting} asks for ${formatCount(size)} rows of ${lang}, and ${cut === null ? 'its train split has' : 'training.fractions leaves'} ${formatCount(left)}; expected at most as many.`,
      { exitCode: 2 },
    );
  }
  return { lang, split: 'train', steps: subsetSteps({ ...training, size }, cut) };
}

/** The rows of a split that are scored. @param rows of the split */
export function scoredSet(config: Config, lang: string, split: SplitName, rows: number): RowSet {
  const { limit } = config.evaluation;
  const cut = cutOf(config, lang, split, rows);
  return { lang, split, steps: [...(cut ?? []), ...limitSteps(limit, rowsLeft(config, lang, rows))] };
}

/** The steps that leave a language's fraction; null where it has none. */
function cutOf({ training }: Config, lang: string, split: SplitName, rows: number): RowSet['steps'] | null {
  const fraction = ofLanguage(training.fractions, lang);
  if (fraction === undefined) return null;
  if (rowsOfFraction(fraction, rows) > 0) return fractionSteps(fraction, rows);
  throw new PanxError(
    `training.fractions leaves no row of ${lang} ${split}: ${fraction} of ${formatCount(rows)}; expected at least one.`,
    { hint: `Choose a larger share for ${lang}.`, exitCode: 2 },
  );
}

/** The rows that are taken of a language's train split; null takes all. */
export function sizeOf({ size, sizes }: Pick<Config['training'], 'size' | 'sizes'>, lang: string): number | null {
  return ofLanguage(sizes, lang) ?? size;
}

/** A language may be called as a method of every object is. */
function ofLanguage<T>(values: Readonly<Record<string, T>>, lang: string): T | undefined {
  return Object.hasOwn(values, lang) ? values[lang] : undefined;
}

/** What a configuration trains on. */
export interface TrainingSets {
  /** The rows of its languages, one set after the other. */
  training: RowSet[];
  /** Those that a re-split holds out; none without one. */
  held: RowSet[];
  /** How many these are; null without a re-split. */
  resplit: ResplitCounts | null;
}

/**
 * The rows that a configuration trains on, and what a re-split of them holds out.
 *
 * @param indexOf of a train split: its rows, and the words of each
 * @throws PanxError where it asks for rows that are not there, and as `resplit` does
 */
export function trainingSetsOf(
  config: Config,
  indexOf: (lang: string, split: SplitName) => Pick<RowIndex, 'rows' | 'lengths'>,
): TrainingSets {
  const { langs, ...training } = config.training;
  const indexes = langs.map(lang => indexOf(lang, 'train'));
  const sets = langs.map((lang, i) => trainingSet(config, lang, indexes[i]!.rows));
  if (!training.resplit) return { training: sets, held: [], resplit: null };
  const lengths = sets.map(({ steps }, i) => {
    const { rows, lengths } = indexes[i]!;
    return selectRows(rows, steps).map(row => lengths[row]!);
  });
  const { fitRows, heldRows, ...counts } = resplit(lengths, training);
  const partOf = (part: Part, taken: readonly Int32Array[]) =>
    sets.map((set, i): RowSet => {
      const take = taken[i]!;
      if (take.length > 0) return { ...set, part, steps: [...set.steps, { take }] };
      throw new PanxError(
        `The re-split has no row of ${set.lang} ${part === 'fit' ? 'to train on' : 'held out'}: ${formatCount(lengths[i]!.length)} of its rows are split together with the others; expected some of each language.`,
        { hint: `Take more rows of ${set.lang}, or leave it out.`, exitCode: 2 },
      );
    });
  const limit = (set: RowSet, rows: number): RowSet => {
    return { ...set, steps: [...set.steps, ...limitSteps(config.evaluation.limit, rows)] };
  };
  return {
    training: partOf('fit', fitRows),
    held: partOf('held', heldRows).map((set, i) => limit(set, heldRows[i]!.length)),
    resplit: counts,
  };
}

/**
 * Check what settings say of rows before a file is read.
 *
 * @param scored languages that are scored at the end
 * @throws PanxError for a language that a setting names and that is not there, or that two settings name
 */
export function checkRowSettings({ training }: Pick<Config, 'training'>, scored: readonly string[]): void {
  const { langs, sizes, fractions, resplit, monitorLangs } = training;
  for (const lang of resplit ? monitorLangs : []) {
    if (!langs.includes(lang))
      throw notThere('monitorLangs', lang, langs, 'trained on, so that no re-split holds its rows out');
  }
  for (const lang of Object.keys(sizes)) {
    if (Object.hasOwn(fractions, lang)) {
      throw new PanxError(`training.sizes and training.fractions both name ${lang}; expected one of them.`, {
        hint: 'A size of part of a split is training.size, or study.sizes, beside training.fractions.',
        exitCode: 2,
      });
    }
    if (!langs.includes(lang)) throw notThere('sizes', lang, langs, 'trained on');
  }
  for (const lang of Object.keys(fractions)) {
    const known = [...new Set([...langs, ...scored])];
    if (!known.includes(lang)) throw notThere('fractions', lang, known, 'trained on or scored');
  }
}

function notThere(setting: string, lang: string, langs: readonly string[], what: string): PanxError {
  return new PanxError(
    `training.${setting} names ${lang}, which is not ${what}; expected one of ${langs.join(', ')}.`,
    { exitCode: 2 },
  );
}
