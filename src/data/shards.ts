import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { codeOf, PanxError } from '../errors.js';
import type { SplitName } from '../hub/wanted.js';
import { reasonOf } from '../run/files.js';

/** The languages of a data folder, those of its subfolders `PAN-X.<lang>`, sorted. @throws PanxError where it cannot be listed. */
export async function availableLangs(dataDir: string): Promise<string[]> {
  const entries = await readdir(dataDir, { withFileTypes: true }).catch((error: unknown) => {
    throw new PanxError(`The data folder ${dataDir} cannot be read: ${reasonOf(error)}.`, {
      hint: folderHint,
      cause: error,
    });
  });
  return entries
    .filter(entry => entry.name.startsWith('PAN-X.') && !entry.isFile())
    .map(entry => entry.name.slice('PAN-X.'.length))
    .sort();
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
  const folder = join(dataDir, `PAN-X.${lang}`);
  const files = await readdir(folder).catch((error: unknown) => {
    const reason = codeOf(error) === 'ENOENT' ? 'it is a link to nothing' : reasonOf(error);
    throw new PanxError(`${folder} cannot be read: ${reason}.`, { hint: folderHint, cause: error });
  });
  const parquet = files.filter(name => name.endsWith('.parquet')).sort();
  const shards = parquet.filter(name => name.startsWith(`${split}-`));
  if (shards.length === 0) {
    throw new PanxError(
      `${folder} has no ${split} split: found ${parquet.join(', ') || 'no parquet files'}; expected ${split}-*.parquet.`,
      { hint: `Fetch it with panx fetch --langs ${lang}, or choose another split.` },
    );
  }
  checkComplete(folder, split, shards);
  return shards.map(name => join(folder, name));
}

function noSuchLang(dataDir: string, lang: string, langs: string[]): PanxError {
  if (langs.length === 0) {
    const inside = basename(dataDir).startsWith('PAN-X.');
    return new PanxError(`${dataDir} holds no language: found no folder PAN-X.*; expected PAN-X.${lang}.`, {
      hint: inside ? 'It is the folder of one language: give the one above it.' : folderHint,
    });
  }
  return new PanxError(`${dataDir} has no language "${lang}"; found ${langs.join(', ')}.`, {
    hint: 'Choose one of those: a language is the part of its folder\'s name after "PAN-X.".',
  });
}

/** Files that say how many they are must all be there; a file of another set, or of none, would be read twice over. */
function checkComplete(folder: string, split: SplitName, shards: string[]): void {
  const numbered = shards.map(name => ({ name, match: /-(\d+)-of-(\d+)(?:-[0-9a-f]+)?\.parquet$/.exec(name) }));
  const totals = new Set(numbered.map(({ match }) => (match === null ? null : Number(match[2]))));
  if (totals.size === 1 && totals.has(null)) return;
  if (totals.size > 1) {
    throw new PanxError(
      `${folder}: the ${split} files ${shards.join(', ')} are not one set; expected one number after "-of-".`,
      { hint: 'Keep the files of one download and remove the others.' },
    );
  }
  const total = Number(numbered[0]!.match![2]);
  const found = numbered.map(({ match }) => Number(match![1]));
  const missing = Array.from({ length: total }, (_, i) => i).filter(i => !found.includes(i));
  if (missing.length > 0 || found.length !== total) {
    const wrong = missing.length > 0 ? `number ${missing.join(', ')} missing` : 'a number twice';
    throw new PanxError(
      `${folder}: the ${split} files ${shards.join(', ')} are ${found.length}, ${wrong}; expected ${total}, numbered 0 to ${total - 1}.`,
      { hint: `Fetch the rest with panx fetch.` },
    );
  }
}
