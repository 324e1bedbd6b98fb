import { messageOf, PanxError } from '../errors.js';
import { unsafe, visible } from './visible.js';

/**
 * Arrays and objects inside one another, at most. No file that panx reads nests deeper than 20; thousands would overflow the stack of
 * whatever walks over the value later, such as `JSON.stringify`.
 */
export const deepestJson = 100;

/**
 * Parse JSON that may hold anything.
 *
 * @param source with or without the mark that some editors put first
 * @param subject what the sentence of an error begins with: a path
 * @throws PanxError where it is not JSON, or nested deeper than `deepestJson`
 */
export function parseJson(source: string, subject: string, hint?: string): unknown {
  const text = source.startsWith('\ufeff') ? source.slice(1) : source;
  const options = hint === undefined ? {} : { hint };
  if (nestsDeeperThan(text, deepestJson)) {
    throw new PanxError(
      `${subject} nests arrays or objects more than ${deepestJson} levels deep; expected at most ${deepestJson}.`,
      options,
    );
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new PanxError(`${subject} is not valid JSON: ${oneLine(messageOf(error))}.`, { ...options, cause: error });
  }
}

/**
 * A value as JSON.
 *
 * @param indent spaces a level; absent: all on one line
 * @throws PanxError naming the key where a number is not finite: JSON has none such, and `JSON.stringify` writes null without a word
 */
export function formatJson(value: unknown, indent?: number): string {
  const text = JSON.stringify(
    value,
    (key, part: unknown) => {
      if (typeof part !== 'number' || Number.isFinite(part)) return part;
      throw new PanxError(`"${key}" is ${part}, and is to be written as JSON, which has finite numbers only.`);
    },
    indent,
  );
  // Of what `visible` shows, JSON.stringify leaves this as it is; only strings hold it, in which an escape says the same. The line ends are its own.
  return text.replace(unsafe, character => (character === '\n' ? character : escaped(character)));
}

/** A character as JSON escapes it: by its UTF-16 units. */
function escaped(character: string): string {
  return character.replace(/[\s\S]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Whether a value is a JSON object, and not an array or null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Found without parsing, so that a hostile file costs one pass. Brackets inside strings do not count. */
function nestsDeeperThan(text: string, most: number): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === quote) {
      // To the string's end; what a backslash stands before is part of it.
      for (i++; i < text.length; i++) {
        const inside = text.charCodeAt(i);
        if (inside === backslash) i++;
        else if (inside === quote) break;
      }
    } else if (code === openBracket || code === openBrace) {
      if (++depth > most) return true;
    } else if (code === closeBracket || code === closeBrace) depth--;
  }
  return false;
}

const quote = 0x22;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** V8 quotes the text around a mistake, line ends and what steers a terminal included. */
function oneLine(text: string): string {
  return visible(text.replaceAll(/\s+/g, ' '));
}

/** JSON with sorted keys, so that equal values have equal texts. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    isObject(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
}
