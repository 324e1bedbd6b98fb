import { basename, resolve } from 'node:path';
import { nearest, PanxError } from '../errors.js';
import type { Repo } from '../hub/cache.js';
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

/** `PAN-X.<lang>/<split>-*.parquet` of each language. */
function dataFiles(name: string, langs: readonly string[], splits: readonly SplitName[]): Wanted {
  return {
    async inFolder(folder) {
      const files: string[] = [];
      for (const lang of langs) {
        const names = await folder.names(folderOf(lang));
        for (const split of splits) {
          const shards = wholeSplit(names, split);
          if (shards === undefined) return { missing: `${folderOf(lang)}/${split}-*.parquet` };
          for (const shard of shards) {
            const file = `${folderOf(lang)}/${shard}`;
            if (!(await folder.has(file))) return { missing: file };
            files.push(file);
          }
        }
      }
      return { files };
    },
    async onHub(remote) {
      const { folders } = await remote.list('');
      const offered = folders
        .map(langOf)
        .filter(lang => lang !== null)
        .filter(isPlainName);
      for (const lang of langs) if (!offered.includes(lang)) throw lacksLanguage(name, lang, offered);
      const listed: HubFile[] = [];
      for (const lang of langs) listed.push(...(await splitsOf(remote, name, lang, splits)));
      await remote.bring(listed);
    },
  };
}

async function splitsOf(remote: Remote, name: string, lang: string, splits: readonly SplitName[]): Promise<HubFile[]> {
  const { files } = await remote.list(folderOf(lang));
  return splits.flatMap(split => {
    const names = files.map(file => basename(file.path));
    const hint = 'Leave that split out (panx fetch --splits), or give other data with --data.';
    if (wholeSplit(names, split) !== undefined) return files.filter(file => isOfSplit(basename(file.path), split));
    const shards = names.filter(shard => isOfSplit(shard, split));
    throw new PanxError(
      shards.length === 0
        ? `${name} has no ${folderOf(lang)}/${split}-*.parquet; in that folder are: ${someOf(names) || 'no files'}.`
        : `${name}: ${folderOf(lang)} lacks some of its ${split} files; found ${someOf(shards)}.`,
      { hint },
    );
  });
}

/** The shards of a split among a folder's names; undefined where there is none or `-of-00003` says that some are missing. */
function wholeSplit(names: readonly string[], split: string): string[] | undefined {
  const shards = names.filter(name => isOfSplit(name, split)).sort();
  const count = Number(/-of-(\d+)\./.exec(shards[0] ?? '')?.[1] ?? 1);
  return shards.length >= count ? shards : undefined;
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
