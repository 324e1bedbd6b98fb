import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { codeOf, excerpt, PanxError } from '../errors.js';
import { formatCount } from '../system/console.js';
import { reasonOf } from '../system/files.js';
import { folderOf, isOfSplit, langOf } from './formats/panx.js';
import { checkFooter, columnNames, largestFile } from './formats/parquet-limits.js';
import type { SplitName } from './splits.js';

/** The languages of a data folder, those of its subfolders `PAN-X.<lang>`, sorted. @throws PanxError where it cannot be listed. */
export async function availableLangs(dataDir: string): Promise<string[]> {
  const entries = await readdir(dataDir, { withFileTypes: true }).catch((error: unknown) => {
    throw new PanxError(`The data folder ${dataDir} cannot be read: ${reasonOf(error)}.`, {
      hint: folderHint,
      cause: error,
    });
  });
  return entries
    .filter(entry => !entry.isFile())
    .flatMap(entry => langOf(entry.name) ?? [])
    .sort();
}

/** Those of the languages that have a split, sorted. @throws PanxError where a folder cannot be listed */
export async function langsWith(dataDir: string, split: SplitName): Promise<string[]> {
  const found: string[] = [];
  for (const lang of await availableLangs(dataDir)) {
    const folder = join(dataDir, folderOf(lang));
    const names = await readdir(folder).catch((error: unknown) => {
      throw new PanxError(`${folder} cannot be read: ${reasonOf(error)}.`, { hint: folderHint, cause: error });
    });
    if (names.some(name => isOfSplit(name, split))) found.push(lang);
  }
  return found;
}

const folderHint =
  'The data folder is the one that holds PAN-X.en, PAN-X.tr, ...: give it with --data, or use --sample for the embedded sample.';

/**
 * The parquet files of one split, in the order in which their rows follow one another: `<split>-*.parquet` by name.
 *
 * @throws PanxError where the language or the split is not there (naming what is), or where files named
 *   `-00000-of-00002` are not one complete set
 */
export async function shardPaths(dataDir: string, lang: string, split: SplitName): Promise<string[]> {
  const langs = await availableLangs(dataDir);
  if (!langs.includes(lang)) throw noSuchLang(dataDir, lang, langs);
  const folder = join(dataDir, folderOf(lang));
  const files = await readdir(folder).catch((error: unknown) => {
    const reason = codeOf(error) === 'ENOENT' ? 'it is a link to nothing' : reasonOf(error);
    throw new PanxError(`${folder} cannot be read: ${reason}.`, { hint: folderHint, cause: error });
  });
  const parquet = files.filter(name => name.endsWith('.parquet')).sort();
  const shards = parquet.filter(name => isOfSplit(name, split));
  if (shards.length === 0) {
    throw new PanxError(
      `${folder} has no ${split} split: found ${some(parquet) || 'no parquet files'}; expected ${split}-*.parquet.`,
      { hint: `Fetch it with panx fetch --langs ${lang}, or choose another split.` },
    );
  }
  const odd = shards.find(name => /\p{C}/u.test(name));
  if (odd !== undefined) {
    throw new PanxError(
      `${folder} holds "${odd}", whose name has an unprintable character; expected ${split}-*.parquet.`,
      {
        hint: 'Give the file another name, or remove it.',
      },
    );
  }
  checkComplete(folder, split, shards);
  const paths = shards.map(name => join(folder, name));
  for (const path of paths) await checkFile(path);
  return paths;
}

/** Files of a split at most: of 128 MB each they would hold ten times all of Wikipedia's text. */
const mostShards = 10_000;

/** What is no file may have no end (/dev/zero), or never answer (a pipe). @param columns of a parquet file; null of one of text */
export async function checkFile(path: string, columns: readonly string[] | null = columnNames): Promise<void> {
  const found = await stat(path).catch((error: unknown) => {
    throw new PanxError(`${path} cannot be read: ${reasonOf(error)}.`, { cause: error });
  });
  if (found.isDirectory()) throw new PanxError(`${path} cannot be read: it is a folder, not a file.`);
  if (!found.isFile()) throw new PanxError(`${path} cannot be read: it is no file.`);
  if (found.size <= largestFile) return columns === null ? undefined : await checkFooter(path, found.size, columns);
  throw new PanxError(
    `${path} takes ${formatCount(found.size)} bytes; expected at most ${formatCount(largestFile)} a file.`,
    {
      hint:
        columns === null
          ? 'Write its rows to several files: any number of them is read.'
          : 'Write its rows to several files, train-00000-of-00004.parquet and so on: any number of them is read.',
    },
  );
}

/** The first names of a list that may be long. */
export function some(names: readonly string[]): string {
  const shown = names.slice(0, 10).join(', ');
  return names.length <= 10 ? shown : `${shown} and ${formatCount(names.length - 10)} more`;
}

function noSuchLang(dataDir: string, lang: string, langs: string[]): PanxError {
  if (langs.length === 0) {
    const inside = langOf(basename(dataDir)) !== null;
    return new PanxError(`${dataDir} holds no language: found no folder PAN-X.*; expected ${folderOf(lang)}.`, {
      hint: inside ? 'It is the folder of one language: give the one above it.' : folderHint,
    });
  }
  return new PanxError(
    `${dataDir} has no language ${excerpt(lang)}; found ${langs.length > 100 ? some(langs) : langs.join(', ')}.`,
    {
      hint: 'Choose one of those: a language is the part of its folder\'s name after "PAN-X.".',
    },
  );
}

/** Files that say how many they are must all be there; a file of another set, or of none, would be read twice over. */
export function checkComplete(folder: string, split: SplitName, shards: string[]): void {
  const what = `${folder}: the ${split} files ${some(shards)}`;
  if (shards.length > mostShards) {
    throw new PanxError(`${what} are ${formatCount(shards.length)}; expected at most ${formatCount(mostShards)}.`, {
      hint: 'Write the rows to fewer, larger files.',
    });
  }
  const numbered = shards.map(name => /-(\d+)-of-(\d+)(?:-[0-9a-f]+)?\.(?:parquet|conll|jsonl)$/.exec(name));
  const totals = new Set(numbered.map(match => (match === null ? null : BigInt(match[2]!))));
  if (totals.size === 1 && totals.has(null)) return;
  if (totals.size > 1) {
    throw new PanxError(`${what} are not one set; expected one number after "-of-".`, {
      hint: 'Keep the files of one download and remove the others.',
    });
  }
  const total = BigInt(numbered[0]![2]!);
  const found = new Set(numbered.map(match => BigInt(match![1]!)));
  const missing: bigint[] = [];
  // As many as are shown, however many there should be: at most as many numbers are looked at as there are files and ten.
  for (let i = 0n; i < total && missing.length < 10; i++) if (!found.has(i)) missing.push(i);
  if (missing.length === 0 && BigInt(shards.length) === total) return;
  const beyond = [...found].find(number => number >= total);
  const wrong =
    missing.length > 0
      ? `number ${missing.join(', ')} missing`
      : beyond === undefined
        ? 'a number twice'
        : `one of them ${beyond}`;
  throw new PanxError(
    `${what} are ${shards.length}, ${wrong}${missing.length === 10 ? ' and maybe more' : ''}; expected ${total}, numbered 0 to ${total - 1n}.`,
    { hint: `Fetch the rest with panx fetch.` },
  );
}
