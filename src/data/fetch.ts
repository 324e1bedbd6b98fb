import { basename, resolve } from 'node:path';
import { nearest, PanxError } from '../errors.js';
import type { Repo } from '../hub/cache.js';
import type { CachedFolder } from '../hub/cached.js';
import type { HubFile } from '../hub/listing.js';
import { isPlainName, someOf } from '../hub/names.js';
import { bring, placeOf } from '../hub/resolve.js';
import type { BringOptions, Remote, Snapshot, Wanted } from '../hub/snapshot.js';
import { folderOf, isOfSplit, langOf } from './formats/panx.js';
import { type SplitName, splitNames } from './splits.js';

/**
 * The folder that holds the corpus: `data` itself where that is a folder, else the cached folder of the hub id, with the files of `langs`
 * brought where they are not there yet.
 *
 * @param langs of which those of named corpora (`conll=de`) are left out; where there are no others, no data are needed
 * @param options.splits the splits that are needed; all three unless given.
 * @throws PanxError for a path that does not exist and for all that can go wrong with the hub
 */
export async function resolveData(
  data: string,
  langs: readonly string[],
  options: BringOptions & { splits?: readonly SplitName[] } = {},
): Promise<string> {
  const own = langs.filter(lang => !lang.includes('='));
  // Named corpora lie where their settings say, from the folder that panx runs in: what is of nobody's need is not brought.
  if (own.length === 0 && langs.length > 0) return resolve('.');
  const place = await placeOf(data, 'dataset');
  if ('folder' in place) return place.folder;
  return (await fetchData(place.repo, own, options.splits ?? splitNames, options)).folder;
}

/** The files of some languages and splits of a dataset repository, cached. */
export async function fetchData(
  repo: Repo,
  langs: readonly string[],
  splits: readonly SplitName[],
  options: BringOptions = {},
): Promise<Snapshot> {
  return await bring(repo, dataFiles(repo.name, langs, splits), options);
}

/**
 * `PAN-X.<lang>/<split>-*.parquet` of each language; or, where the repository has none of it, one of the other layouts of WikiANN:
 * `<lang>/<split>-*.parquet`, `<lang>/<split>/*.parquet`, each maybe in `data/`; or the files of one language, without a folder for it.
 */
function dataFiles(name: string, langs: readonly string[], splits: readonly SplitName[]): Wanted {
  return {
    async inFolder(folder) {
      const files: string[] = [];
      for (const lang of langs) {
        for (const split of splits) {
          const shards = await shardsInFolder(folder, lang, split);
          if (shards === undefined) return { missing: `${folderOf(lang)}/${split}-*.parquet` };
          for (const file of shards) {
            if (!(await folder.has(file))) return { missing: file };
            files.push(file);
          }
        }
      }
      return { files };
    },
    async onHub(remote) {
      const { folders, files } = await remote.list('');
      const data = folders.includes('data') ? await remote.list('data') : { folders: [], files: [] };
      const hasSplits = (among: readonly HubFile[]) =>
        among.some(({ path }) => splitNames.some(split => isOfSplit(basename(path), split)));
      const places = [
        ...folders.filter(folder => folder !== 'data'),
        ...data.folders,
        ...(hasSplits(data.files) ? ['data'] : []),
        ...(hasSplits(files) ? [''] : []),
      ];
      const offered = folders
        .map(langOf)
        .filter(lang => lang !== null)
        .filter(isPlainName);
      const placeOf = (lang: string) => foldersOf(lang).find(folder => places.includes(folder));
      for (const lang of langs) if (placeOf(lang) === undefined) throw lacksLanguage(name, lang, offered);
      const listed: HubFile[] = [];
      for (const lang of langs) listed.push(...(await splitsOf(remote, name, placeOf(lang)!, splits)));
      await remote.bring(listed);
    },
  };
}

/** The folders that a language may have, the usual one first; at last those of a repository of one language. */
function foldersOf(lang: string): string[] {
  return [folderOf(lang), lang, `data/${folderOf(lang)}`, `data/${lang}`, 'data', ''];
}

/** A path inside a folder; '' is the root. */
function inside(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

/** The files of a split in a cached folder; undefined where it has not all of them. */
async function shardsInFolder(folder: CachedFolder, lang: string, split: SplitName): Promise<string[] | undefined> {
  for (const place of foldersOf(lang)) {
    const shards = wholeSplit(await folder.names(place), split);
    if (shards !== undefined) return shards.map(shard => inside(place, shard));
    const folderOfSplit = inside(place, split);
    const files = wholeFolder(await folder.names(folderOfSplit));
    if (files !== undefined) return files.map(file => `${folderOfSplit}/${file}`);
  }
  return undefined;
}

async function splitsOf(remote: Remote, name: string, place: string, splits: readonly SplitName[]): Promise<HubFile[]> {
  const { files, folders } = await remote.list(place);
  const found: HubFile[] = [];
  for (const split of splits) {
    const names = files.map(file => basename(file.path));
    const hint = 'Leave that split out (panx fetch --splits), or give other data with --data.';
    if (wholeSplit(names, split) !== undefined) {
      found.push(...files.filter(file => isOfSplit(basename(file.path), split)));
      continue;
    }
    const folderOfSplit = inside(place, split);
    const within = folders.includes(folderOfSplit) ? (await remote.list(folderOfSplit)).files : [];
    const parquet = within.filter(({ path }) => path.endsWith('.parquet'));
    if (wholeFolder(parquet.map(({ path }) => basename(path))) !== undefined) {
      found.push(...parquet);
      continue;
    }
    const shards = names.filter(shard => isOfSplit(shard, split));
    throw new PanxError(
      shards.length === 0
        ? `${name} has no ${inside(place, `${split}-*.parquet`)}; in that folder are: ${someOf(names) || 'no files'}.`
        : `${name}: ${place} lacks some of its ${split} files; found ${someOf(shards)}.`,
      { hint },
    );
  }
  return found;
}

/** The parquet files of a folder that holds one split; undefined where there is none, or some are missing. */
function wholeFolder(names: readonly string[]): string[] | undefined {
  const files = names.filter(name => name.endsWith('.parquet')).sort();
  const count = Number(/-of-(\d+)\./.exec(files[0] ?? '')?.[1] ?? 1);
  return files.length >= count ? files : undefined;
}

/** The shards of a split among a folder's names; undefined where there is none or `-of-00003` says that some are missing. */
function wholeSplit(names: readonly string[], split: string): string[] | undefined {
  return wholeFolder(names.filter(name => isOfSplit(name, split)));
}

function lacksLanguage(name: string, lang: string, offered: readonly string[]): PanxError {
  if (offered.length === 0) {
    return new PanxError(`${name} has no folder ${folderOf(lang)}, nor any other PAN-X.<lang>.`, {
      hint: 'Choose data in the layout of google/xtreme, or a folder with --data DIR.',
    });
  }
  const suggestion = nearest(lang, offered);
  return new PanxError(
    `${name} has no language "${lang}"${suggestion === undefined ? '.' : `; did you mean "${suggestion}"?`}`,
    { hint: `It has ${someOf([...offered].sort(), 300)}.` },
  );
}
