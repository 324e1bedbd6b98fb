import { type Corpora, namedLanguage } from '../config/corpora.js';
import { isLanguage } from '../config/kinds.js';
import { type SplitName, splitNames } from '../data/splits.js';
import { nearest, PanxError } from '../errors.js';

/** "en,tr" as ["en", "tr"], without repetitions. @throws PanxError where a part is empty. */
export function listOf(option: string, typed: string): string[] {
  const parts = typed.split(',').map(part => part.trim());
  if (parts.includes('')) {
    throw new PanxError(`${option} is "${typed}", which has an empty part; expected names with commas between.`, {
      exitCode: 2,
    });
  }
  return [...new Set(parts)];
}

/** "en,conll=de" as the languages that they are. @throws PanxError where a part is no language code, or there is no such corpus */
export function languagesOf(option: string, typed: string, corpora: Corpora = {}): string[] {
  return [...new Set(listOf(option, typed).map(name => toLanguage(option, name, corpora)))];
}

/** @throws PanxError where it is no language code: it becomes part of a path, and a key of what is reported */
export function toLanguage(option: string, typed: string, corpora: Corpora = {}): string {
  const name = namedLanguage(typed, corpora, option);
  if (isLanguage(name)) return name;
  throw new PanxError(`${option} has "${name}"; expected a language code such as tr.`, { exitCode: 2 });
}

/** The splits that are typed, all where none is. @throws PanxError as `toSplit` does */
export function splitsOf(typed: string | undefined): SplitName[] {
  return typed === undefined ? [...splitNames] : listOf('--splits', typed).map(name => toSplit('--splits', name));
}

/** The split of that name. @throws PanxError with the nearest name where there is none. */
export function toSplit(option: string, name: string): SplitName {
  const split = splitNames.find(known => known === name);
  if (split !== undefined) return split;
  const suggestion = nearest(name, splitNames);
  throw new PanxError(`${option} has "${name}"${suggestion === undefined ? '.' : `; did you mean "${suggestion}"?`}`, {
    hint: `The splits are ${splitNames.join(', ')}.`,
    exitCode: 2,
  });
}

/**
 * For an option whose text is read, and that may be repeated.
 *
 * @throws PanxError where it holds U+FFFD: the shell's bytes that are not UTF-8 come as that, and would be tagged
 */
export function everyText(typed: string, before: string[] | undefined): string[] {
  if (!typed.includes('\ufffd')) return everyOne(typed, before);
  throw new PanxError('--text holds U+FFFD, which stands for what is not UTF-8; expected text in UTF-8.', {
    hint: 'Was it typed, or read from a file, in another encoding? Convert it: iconv -f ENCODING -t UTF-8 OLD > NEW',
    exitCode: 2,
  });
}

/**
 * For an option that takes a list with commas: what is typed by several of it is one list, as the option of a training has it. The option has no
 * default then, of which commander would make the first part.
 */
export function everyPart(typed: string, before: string | undefined): string {
  return before === undefined ? typed : `${before},${typed}`;
}

/** For an option that may be repeated: all that was typed. */
export function everyOne(typed: string, before: string[] | undefined): string[] {
  return [...(before ?? []), typed];
}
