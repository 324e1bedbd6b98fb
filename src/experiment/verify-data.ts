import { basename } from 'node:path';
import type { Config } from '../config/schema.js';
import { folderOf } from '../data/formats/panx.js';
import { namedFiles, recordPrefix } from '../data/named-files.js';
import { shardPaths } from '../data/shards.js';
import type { SplitName } from '../data/splits.js';
import { PanxError } from '../errors.js';
import type { RunDirectory } from '../run/directory.js';
import { type Checksums, changesSince, changesText } from '../system/checksums.js';
import { sha256OfFile } from '../system/files.js';
import { splitsOf } from './inputs.js';
import { type Places, recordsOf } from './places.js';
import { readRunConfig } from './records.js';

/** Whether the data of a run are what they were, and no file more. @throws PanxError saying what is not */
export async function lookAtData(run: RunDirectory, places: Places): Promise<string> {
  const { dataDir, identity } = await recordsOf(run, places);
  const config = await readRunConfig(run);
  const named = splitsOf(config).filter(([lang]) => lang.includes('='));
  for (const [lang, split] of named) await lookAtNamed(config, identity.data, lang, split);
  const inFolder = Object.fromEntries(Object.entries(identity.data).filter(([name]) => !/^[^/]*=/.test(name)));
  const ofNamed = Object.keys(identity.data).length - Object.keys(inFolder).length;
  const isAllNamed = named.length > 0 && named.length === splitsOf(config).length;
  const found = [
    ...(isAllNamed ? [] : [await lookAtFiles(dataDir, inFolder)]),
    ...(named.length === 0 ? [] : [`${ofNamed} ${ofNamed === 1 ? 'file' : 'files'} of named corpora`]),
  ].join(', ');
  for (const [lang, split] of splitsOf(config)) {
    if (lang.includes('=')) continue;
    const names = (await shardPaths(dataDir, lang, split)).map(path => `${folderOf(lang)}/${basename(path)}`);
    const stray = names.find(name => identity.data[name] === undefined);
    if (stray !== undefined) throw new PanxError(`${dataDir}: ${stray} was not there`);
  }
  return found;
}

/** The files of a named corpus lie where the settings of the run say. */
async function lookAtNamed({ corpora }: Config, data: Checksums, lang: string, split: SplitName): Promise<void> {
  const files = await namedFiles(corpora, lang, split);
  const stray = files.find(({ name }) => data[name] === undefined);
  if (stray !== undefined) throw new PanxError(`${stray.path} (${stray.name}) was not there`);
  for (const { path, name } of files) {
    if ((await sha256OfFile(path)) !== data[name]) throw new PanxError(`${path} (${name}) was changed`);
  }
  const missing = Object.keys(data).find(
    name => name.startsWith(recordPrefix(lang, split)) && !files.some(file => file.name === name),
  );
  if (missing !== undefined) throw new PanxError(`${missing} is missing`);
}

/** Whether files of a folder have their checksums. @throws PanxError saying which have not */
export async function lookAtFiles(folder: string, sums: Checksums): Promise<string> {
  const changes = await changesSince(folder, sums);
  if (changes.size > 0 && changes.size === Object.keys(sums).length && [...changes.values()].every(isMissing)) {
    throw new PanxError(`${folder} has none of the ${countOf(sums)}`);
  }
  const text = changesText(changes);
  if (text !== null) throw new PanxError(`${folder}: ${text}`);
  return `${countOf(sums)} in ${folder}`;
}

function isMissing(what: string): boolean {
  return what === 'is missing';
}

/** "3 files" */
export function countOf(sums: Checksums): string {
  const count = Object.keys(sums).length;
  return `${count} ${count === 1 ? 'file' : 'files'}`;
}
