import { type SplitName, splitNames } from '../data/corpus.js';
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
