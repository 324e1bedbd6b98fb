import { everyLanguage, isLanguage, isWholeNumber, type Setting } from './kinds.js';

/** Kinds of settings that shape a study. */

/** One of the words listed, or a list of names. */
export function names<const T extends string>(
  words: readonly T[],
  byDefault: NoInfer<T>,
  meaning: string,
): Setting<T | string[]> {
  return {
    default: byDefault,
    expected: `${words.join(', ')}, or a list of different names`,
    meaning,
    accepts: (value): value is T | string[] =>
      words.some(word => word === value) ||
      (Array.isArray(value) &&
        value.every(name => typeof name === 'string' && /^[\w.=-]{1,80}$/.test(name)) &&
        new Set(value).size === value.length),
  };
}

/** One of the words listed, or a list of different ones. */
export function choices<const T extends string>(
  words: readonly T[],
  byDefault: NoInfer<T>,
  meaning: string,
): Setting<T | T[]> {
  const isWord = (value: unknown): value is T => words.some(word => word === value);
  return {
    default: byDefault,
    expected: `one of ${words.join(', ')}, or a list of different ones`,
    meaning,
    words,
    accepts: (value): value is T | T[] =>
      isWord(value) || (isListOfDifferent(value, item => String(item)) && value.every(isWord)),
  };
}

/** Lists of different languages, no two of which have the same ones. */
export function languageSets(byDefault: string[][], meaning: string): Setting<string[][]> {
  const isSet = (value: unknown): value is string[] =>
    isListOfDifferent(value, item => String(item)) &&
    (value.every(isLanguage) || (value.length === 1 && value[0] === everyLanguage));
  return {
    default: byDefault,
    expected: 'a list of different lists of language codes such as [[de], [de, fr]] or [[all]], or []',
    meaning,
    accepts: (value): value is string[][] =>
      Array.isArray(value) &&
      value.every(isSet) &&
      (value.length === 0 || isListOfDifferent(value, set => [...(set as string[])].sort().join(' '))),
    withLanguages: (value, named) => withNames(value, named) as string[][],
  };
}

/** Combinations of the values of a study's axes. Which these are, experiment/exclusions.ts looks at. */
export function exclusions(byDefault: Record<string, unknown>[], meaning: string): Setting<Record<string, unknown>[]> {
  return {
    default: byDefault,
    expected: 'a list of different maps such as [{model: NAME, train: [[de], [fr]]}], or []',
    meaning,
    accepts: (value): value is Record<string, unknown>[] =>
      Array.isArray(value) &&
      value.every(entry => isMap(entry) && Object.keys(entry).length > 0 && !hasEmptyValue(entry)) &&
      (value.length === 0 || isListOfDifferent(value, entry => JSON.stringify(entry))),
    withLanguages: (value: unknown, named) =>
      (Array.isArray(value) ? value.map(entry => withTrainNames(entry, named)) : value) as Record<string, unknown>[],
  };
}

/** {model:NAME}, without a space behind the colon, is one name with nothing behind it. */
function hasEmptyValue(entry: Record<string, unknown>): boolean {
  return Object.values(entry).some(value => value === undefined || value === null);
}

function withTrainNames(entry: unknown, named: (lang: string) => string): unknown {
  if (!isMap(entry) || !Object.hasOwn(entry, 'train')) return entry;
  return { ...entry, train: withNames(entry.train, named) };
}

/** Every text in lists of lists, as `named` writes it. */
function withNames(value: unknown, named: (lang: string) => string): unknown {
  if (Array.isArray(value)) return value.map(item => withNames(item, named));
  return typeof value === 'string' ? named(value) : value;
}

/** How many seeds there are, or which. */
export function seeds(byDefault: number, meaning: string): Setting<number | number[]> {
  const isSeed = (value: unknown): value is number => isWholeNumber(value, 0) && value < 2 ** 32;
  return {
    default: byDefault,
    expected: `a whole number from 1 to ${mostSeeds}, or a list of different whole numbers from 0 to 4294967295`,
    meaning,
    accepts: (value): value is number | number[] =>
      (isWholeNumber(value, 1) && value <= mostSeeds) ||
      (isListOfDifferent(value, item => item) && value.every(isSeed) && value.length <= mostSeeds),
  };
}

const mostSeeds = 1000;

/** Settings with the values to try of each. Which settings those may be, and which values they take, grid.ts says. */
export function grid(byDefault: Record<string, unknown[]>, meaning: string): Setting<Record<string, unknown[]>> {
  return {
    default: byDefault,
    expected: 'a map from settings to lists of different values, such as {training.learningRate: [1e-4, 2e-5]}, or {}',
    meaning,
    accepts: (value): value is Record<string, unknown[]> =>
      isMap(value) && Object.values(value).every(values => isListOfDifferent(values, item => JSON.stringify(item))),
  };
}

/** A list that has something in it, and nothing twice. */
function isListOfDifferent(value: unknown, idOf: (item: unknown) => unknown): value is unknown[] {
  return Array.isArray(value) && value.length > 0 && new Set(value.map(idOf)).size === value.length;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
