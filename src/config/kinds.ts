/**
 * One setting: what it means, what it is when nobody sets it, and which values it takes. `expected` completes the
 * sentence "expected ..."; `accepts` is the same statement as code.
 */
export interface Setting<T> {
  readonly default: T;
  readonly expected: string;
  readonly meaning: string;
  /** The words that it takes, where these are all that it takes: what a shell completes. */
  readonly words?: readonly string[];
  accepts(value: unknown): value is T;
  /** How what is given later joins what was given before; absent: it takes its place. @throws PanxError */
  join?(before: unknown, given: unknown, origin: string): unknown;
  /** The value once all is given. @throws PanxError where something is missing */
  complete?(joined: unknown, origin: string): T;
  /** Of a setting that holds languages: the value with each of them as `named` writes it. */
  withLanguages?(value: T, named: (lang: string) => string): T;
}

/** Any text that is not empty: a path, a hub id. */
export function text(byDefault: string, meaning: string): Setting<string> {
  return {
    default: byDefault,
    expected: 'text',
    meaning,
    // No path of any system holds a NUL, and Node.js throws where one does.
    accepts: (value): value is string => typeof value === 'string' && value.trim() !== '' && !value.includes('\0'),
  };
}

/** One of the words listed. */
export function choice<const T extends string>(
  words: readonly T[],
  byDefault: NoInfer<T>,
  meaning: string,
): Setting<T> {
  return {
    default: byDefault,
    expected: words.length === 2 ? words.join(' or ') : `one of ${words.join(', ')}`,
    meaning,
    words,
    accepts: (value): value is T => words.some(word => word === value),
  };
}

/** true or false. */
export function toggle(byDefault: boolean, meaning: string): Setting<boolean> {
  return {
    default: byDefault,
    expected: 'true or false',
    meaning,
    words: ['true', 'false'],
    accepts: value => typeof value === 'boolean',
  };
}

/** A whole number from `min` to `max`, both included. */
export function integer(byDefault: number, range: { min: number; max?: number }, meaning: string): Setting<number> {
  const { min, max = Number.MAX_SAFE_INTEGER } = range;
  return {
    default: byDefault,
    expected: `a whole number ${range.max === undefined ? `of at least ${min}` : `from ${min} to ${max}`}`,
    meaning,
    accepts: (value): value is number => isWholeNumber(value, min) && value <= max,
  };
}

/** A finite number; `above` and `below` are excluded, `min` and `max` included. */
export function number(
  byDefault: number,
  range: { min?: number; above?: number; max?: number; below?: number },
  meaning: string,
): Setting<number> {
  const { min = -Infinity, above = -Infinity, max = Infinity, below = Infinity } = range;
  const words = [
    range.min === undefined ? [] : [`of at least ${min}`],
    range.above === undefined ? [] : [`above ${above}`],
    range.max === undefined ? [] : [`at most ${max}`],
    range.below === undefined ? [] : [`below ${below}`],
  ];
  return {
    default: byDefault,
    expected: `a number ${words.flat().join(' and ')}`,
    meaning,
    accepts: (value): value is number =>
      typeof value === 'number' &&
      Number.isFinite(value) &&
      value >= min &&
      value > above &&
      value <= max &&
      value < below,
  };
}

/**
 * A number as `number` takes it that is computed with in float32, and so has to be one there: 1e-50 would become 0, 0.99999999 become 1 and
 * 1e50 infinite.
 */
export function float32(
  byDefault: number,
  range: { min?: number; above?: number; max?: number; below?: number },
  meaning: string,
): Setting<number> {
  const setting = number(byDefault, range, meaning);
  return {
    ...setting,
    expected: setting.expected.replace('a number', 'a float32 number'),
    accepts: (value): value is number =>
      setting.accepts(value) && isFloat32(value) && setting.accepts(Math.fround(value)),
  };
}

/** Whether rounding to float32 keeps a number what it is: neither infinite nor, without being 0, below the normal numbers. */
export function isFloat32(value: number): boolean {
  const rounded = Math.abs(Math.fround(value));
  return value === 0 || (rounded >= 2 ** -126 && rounded < Number.POSITIVE_INFINITY);
}

/** One language code as PAN-X writes it: en, tr, zh-classical; or name=de, a language of a named corpus. It becomes part of a file name. */
export function language(byDefault: string, meaning: string): Setting<string> {
  return {
    default: byDefault,
    expected: 'a language code such as tr',
    meaning,
    accepts: isLanguage,
    withLanguages: (value, named) => (typeof value === 'string' ? named(value) : value),
  };
}

/** Different language codes, or `all` by itself; with `min: 0` the list may be empty. */
export function languages(byDefault: string[], range: { min: number }, meaning: string): Setting<string[]> {
  return {
    default: byDefault,
    expected: `a list of different language codes such as [en, tr]${range.min === 0 ? ', [all], or []' : ', or [all]'}`,
    meaning,
    accepts: (value): value is string[] =>
      Array.isArray(value) &&
      ((value.length >= range.min && value.every(isLanguage) && new Set(value).size === value.length) ||
        (value.length === 1 && value[0] === everyLanguage)),
    withLanguages: (value, named) =>
      Array.isArray(value)
        ? value.map((lang: unknown) => (typeof lang === 'string' ? named(lang) : lang) as string)
        : value,
  };
}

/** Row counts, each larger than the one before. */
export function sizes(byDefault: number[], meaning: string): Setting<number[]> {
  return {
    default: byDefault,
    expected: 'a list of whole numbers of at least 1, each larger than the one before, such as [250, 500]',
    meaning,
    accepts: (value): value is number[] =>
      Array.isArray(value) &&
      value.length > 0 &&
      value.every((size, i) => isWholeNumber(size, 1) && (i === 0 || size > value[i - 1])),
  };
}

/** Whole numbers, each larger than the one before: where one bin ends and the next begins. */
export function edges(byDefault: number[], meaning: string): Setting<number[]> {
  return {
    default: byDefault,
    expected: `a list of 2 to ${mostEdges} whole numbers, each larger than the one before, such as [0, 10, 20]`,
    meaning,
    accepts: (value): value is number[] =>
      Array.isArray(value) &&
      value.length >= 2 &&
      value.length <= mostEdges &&
      value.every((edge, i) => isWholeNumber(edge, 0) && (i === 0 || edge > value[i - 1])),
  };
}

const mostEdges = 1000;

/** A value for each of some languages; none by default. */
export function perLanguage<T>(
  value: Setting<T>,
  meaning: string,
): Setting<Record<string, T>> & { ofEach: Setting<T> } {
  return {
    default: {},
    expected: `${value.expected} for each of some languages, such as {tr: ${value.default}}, or {}`,
    meaning,
    ofEach: value,
    accepts: (given): given is Record<string, T> =>
      typeof given === 'object' &&
      given !== null &&
      !Array.isArray(given) &&
      Object.entries(given).every(([lang, one]) => isLanguage(lang) && value.accepts(one)),
    withLanguages: (value, named) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).map(([lang, one]) => [named(lang), one as T]))
        : value,
  };
}

/** The same setting, which may also be null; its default becomes null, and `meaning` must say what that stands for. */
export function orNull<T>(setting: Setting<T>): Setting<T | null> {
  return {
    default: null,
    expected: `${setting.expected}, or null`,
    meaning: setting.meaning,
    ...(setting.words === undefined ? {} : { words: [...setting.words, 'null'] }),
    accepts: (value): value is T | null => value === null || setting.accepts(value),
    ...(setting.withLanguages === undefined
      ? {}
      : { withLanguages: (value, named) => (value === null ? null : setting.withLanguages!(value, named)) }),
  };
}

export function isWholeNumber(value: unknown, min: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= min;
}

/** Stands in a list of languages for every one that the corpus has. */
export const everyLanguage = 'all';

/** A language code, or one of a named corpus: `conll=de`. */
export function isLanguage(value: unknown): value is string {
  return (
    typeof value === 'string' && /^([A-Za-z][\w.-]{0,39}=)?[a-z]{2,}(-[a-z]+)*$/.test(value) && value !== everyLanguage
  );
}
