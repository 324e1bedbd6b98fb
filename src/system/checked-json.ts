import { cutText, PanxError } from '../errors.js';
import { readBoundedJson } from './bounded-json.js';
import { isObject, parseJson } from './json.js';
import { NotTheFile } from './stand-in.js';
import { visible } from './visible.js';

/**
 * What a JSON value must be: a function that gives the value back as what it is.
 *
 * @throws Misfit where it is something else
 */
export type Shape<T> = (value: unknown) => T;

/** A file of panx's own is some kilobytes; what is larger is none. Parsed, JSON may take 20 times as much memory. */
const largestJsonBytes = 4_000_000;

/**
 * Read a JSON file of panx's own.
 *
 * @throws PanxError naming the file where it is absent, too large, not JSON, nested too deeply, or of another shape;
 *   then also the place in it, what is there and what is expected
 */
export async function readJsonAs<T>(path: string, shape: Shape<T>, hint?: string): Promise<T> {
  const value = await readBoundedJson(path, largestJsonBytes).catch((error: unknown) => {
    if (!(error instanceof PanxError) || hint === undefined) throw error;
    throw new PanxError(error.message, { hint: error instanceof NotTheFile ? error.hint : hint, cause: error });
  });
  return checkJson(value, shape, path, hint);
}

/**
 * Parse JSON of panx's own.
 *
 * @param subject what the sentence of an error begins with
 * @throws PanxError as `readJsonAs`
 */
export function parseJsonAs<T>(text: string, shape: Shape<T>, subject: string, hint?: string): T {
  return checkJson(parseJson(text, subject, hint), shape, subject, hint);
}

/** Check JSON that was parsed. @throws PanxError as `readJsonAs` */
export function checkJson<T>(value: unknown, shape: Shape<T>, subject: string, hint?: string): T {
  try {
    return shape(value);
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    const { place, found, expected } = error;
    const what = place.length === 0 ? `${subject} holds ${found}` : `${subject}: ${placeText(place)} is ${found}`;
    throw new PanxError(`${what}, expected ${expected}.`, hint === undefined ? {} : { hint });
  }
}

/** An object with these keys and no others; `optional` ones may be left out. The result has the keys in this order. */
export function object<F extends Fields, O extends Fields = Record<never, never>>(
  fields: F,
  optional?: O,
): Shape<Values<F> & Partial<Values<O>>> {
  const all: Fields = { ...fields, ...optional };
  const entries = Object.entries(all).map(([key, shape]) => ({ key, shape, needed: Object.hasOwn(fields, key) }));
  return value => {
    const given = expectObject(value);
    for (const key of Object.keys(given)) {
      if (!Object.hasOwn(all, key)) {
        throw new Misfit('there', `no key but ${Object.keys(all).join(', ')}`, [key]);
      }
    }
    const made: Record<string, unknown> = {};
    for (const { key, shape, needed } of entries) {
      const present = Object.hasOwn(given, key);
      if (present || needed) made[key] = within(key, shape, present ? given[key] : undefined);
    }
    return made as Values<F> & Partial<Values<O>>;
  };
}

/** An object from names to values of one shape. @param name says of each key whether it may stand there */
export function record<T>(
  shape: Shape<T>,
  name: { accepts: (key: string) => boolean; expected: string } = { accepts: () => true, expected: 'a name' },
): Shape<Record<string, T>> {
  return value =>
    Object.fromEntries(
      Object.entries(expectObject(value)).map(([key, item]) => {
        if (!name.accepts(key)) throw new Misfit('there', `${name.expected} as a key`, [key]);
        return [key, within(key, shape, item)];
      }),
    );
}

export function arrayOf<T>(shape: Shape<T>): Shape<T[]> {
  return value => {
    if (!Array.isArray(value)) throw misfit(value, 'a list');
    return value.map((item, i) => within(i, shape, item));
  };
}

/** A text, of this form where one is given. */
export function text(
  form: { pattern: RegExp; expected: string } = { pattern: /^/, expected: 'a text' },
): Shape<string> {
  return value => {
    if (typeof value === 'string' && form.pattern.test(value)) return value;
    throw misfit(value, form.expected);
  };
}

export function oneOf<const T extends string>(...words: T[]): Shape<T> {
  return value => {
    const word = words.find(candidate => candidate === value);
    if (word === undefined) throw misfit(value, words.map(one => `"${one}"`).join(' or '));
    return word;
  };
}

/** A number; JSON has no other than finite ones, but for some that are too large for the type. */
export function number({ min = -Infinity, max = Infinity } = {}): Shape<number> {
  return value => {
    if (typeof value === 'number' && Number.isFinite(value) && value >= min && value <= max) return value;
    throw misfit(value, `a number${range(min, max)}`);
  };
}

export function integer({ min = -Infinity, max = Infinity } = {}): Shape<number> {
  return value => {
    if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) return value as number;
    throw misfit(value, `a whole number${range(min, max)}`);
  };
}

export const boolean: Shape<boolean> = value => {
  if (typeof value === 'boolean') return value;
  throw misfit(value, 'true or false');
};

export function orNull<T>(shape: Shape<T>): Shape<T | null> {
  return value => {
    if (value === null) return null;
    try {
      return shape(value);
    } catch (error) {
      // Only of the value itself is null another possibility.
      throw error instanceof Misfit && error.place.length === 0 ? misfit(value, `${error.expected}, or null`) : error;
    }
  };
}

/** Whatever JSON holds; it must be there. */
export const anything: Shape<unknown> = value => {
  if (value === undefined) throw misfit(value, 'a value');
  return value;
};

/** A SHA-256 in hexadecimal, as panx writes it. */
export const sha256Text = text({ pattern: /^[0-9a-f]{64}$/, expected: 'a SHA-256 of 64 hexadecimal digits' });

/** The path of a file inside a folder, with slashes: it does not leave the folder. */
export const insidePath: Shape<string> = value => {
  if (typeof value === 'string' && staysInside(value)) return value;
  throw misfit(value, 'the path of a file inside the folder');
};

/** Whether a path with slashes names something inside the folder that it starts from, and can be printed. */
export function staysInside(path: string): boolean {
  return path.length <= 500 && /^[^\\\p{Cc}]+$/u.test(path) && !/(^|\/)\.{0,2}(\/|$)/.test(path);
}

/** A value of which a shape says that it is another; `checkJson` makes a sentence of it. */
export class Misfit extends Error {
  constructor(
    readonly found: string,
    readonly expected: string,
    /** Keys and numbers on the way to it; filled in by the shapes around it, so that a fitting value costs nothing. */
    readonly place: (string | number)[] = [],
  ) {
    super(`found ${found}, expected ${expected}`);
  }
}

/** A value that does not fit. */
function misfit(value: unknown, expected: string): Misfit {
  return new Misfit(value === undefined ? 'missing' : shown(value), expected);
}

/** A JSON value on one line, short enough for a sentence, and without what would steer a terminal. */
export function shown(value: unknown): string {
  return cutText(visible(JSON.stringify(value) ?? String(value)), 60);
}

type Fields = Record<string, Shape<unknown>>;
type Values<F extends Fields> = { [K in keyof F]: F[K] extends Shape<infer T> ? T : never };

function within<T>(key: string | number, shape: Shape<T>, value: unknown): T {
  try {
    return shape(value);
  } catch (error) {
    if (error instanceof Misfit) error.place.unshift(key);
    throw error;
  }
}

function expectObject(value: unknown): Record<string, unknown> {
  if (isObject(value)) return value;
  throw misfit(value, 'an object');
}

/** "test.en.f1", "sessions[0].command", "data["a/b"]" */
function placeText(place: readonly (string | number)[]): string {
  return place
    .map((key, i) => {
      if (typeof key === 'string' && /^[\w-]{1,60}$/.test(key)) return i === 0 ? key : `.${key}`;
      return `[${shown(key)}]`;
    })
    .join('');
}

function range(min: number, max: number): string {
  if (min === -Infinity && max === Infinity) return '';
  if (max === Infinity) return ` of at least ${min}`;
  return min === -Infinity ? ` of at most ${max}` : ` from ${min} to ${max}`;
}
