import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Corpora, type CorpusSettings, corpusOf } from '../config/corpora.js';
import { PanxError } from '../errors.js';
import { placeOf } from '../hub/resolve.js';
import { homeFolder } from '../system/cache.js';
import { reasonOf } from '../system/files.js';
import { fetchData } from './fetch.js';
import { folderOf, isOfSplit } from './formats/panx.js';
import { columnNames } from './formats/parquet-limits.js';
import { checkComplete, checkFile, some } from './shards.js';
import { type SplitName, splitNames } from './splits.js';

/** A file of a named corpus, and what records call it: `conll=de/test/deu.testb`, wherever it lies. */
export interface NamedFile {
  path: string;
  name: string;
}

/**
 * The files of a split of a named corpus, in the order in which their rows follow one another: as they are listed, and of a name with `*`
 * in the order of their names.
 *
 * @param lang `name=lang`
 * @throws PanxError where the corpus does not have the split, or a file is not there
 */
export async function namedFiles(corpora: Corpora, lang: string, split: SplitName): Promise<NamedFile[]> {
  const { name, corpus } = corpusOf(corpora, lang);
  const code = lang.slice(name.length + 1);
  const paths =
    typeof corpus.files === 'string'
      ? await filesInLayout(`corpora.${name}.files`, await folderOrHub(corpus.files, code, split), code, split)
      : await filesListed(name, corpus.files, code, split);
  const columns = corpus.format === 'panx' ? columnNames : corpus.format === 'parquet' ? [] : null;
  for (const path of paths) await checkFile(path, columns);
  const names = paths.map(path => basename(path));
  return paths.map((path, i) => {
    const isUnique = names.indexOf(names[i]!) === names.lastIndexOf(names[i]!);
    return { path, name: `${lang}/${split}/${isUnique ? '' : `${i}-`}${names[i]}` };
  });
}

/** What the names of a split's files begin with in the records of a run. */
export function recordPrefix(lang: string, split: SplitName): string {
  return lang.includes('=') ? `${lang}/${split}/` : `${folderOf(lang)}/${split}-`;
}

async function filesListed(
  name: string,
  files: Exclude<CorpusSettings['files'], string>,
  code: string,
  split: SplitName,
): Promise<string[]> {
  const listed = files[split];
  if (listed === undefined) {
    const found = splitNames.filter(one => files[one] !== undefined).join(', ');
    throw new PanxError(`corpora.${name} has no files of the ${split} split; found ${found}.`, {
      hint:
        split === 'validation'
          ? `Add corpora.${name}.files.validation, or do without these scores: evaluation.eachEpoch=false, and neither patience nor select: best nor a plateau, or training.monitorLangs of another corpus.`
          : `Add corpora.${name}.files.${split}, or choose another split.`,
    });
  }
  const paths: string[] = [];
  for (const pattern of [listed].flat()) {
    paths.push(...(await matching(name, split, inHome(pattern.replaceAll('{lang}', code)))));
  }
  const twice = paths.find((path, i) => paths.indexOf(path) !== i);
  if (twice === undefined) return paths;
  throw new PanxError(`corpora.${name}.files.${split} names ${twice} twice; expected each file once.`, { exitCode: 2 });
}

/** The files that a path stands for: itself, or with `*` in its last part all of that form. */
async function matching(name: string, split: SplitName, path: string): Promise<string[]> {
  const last = basename(path);
  if (!last.includes('*')) return [path];
  const folder = dirname(path);
  const parts = last.split('*');
  const found = (await namesIn(folder, `corpora.${name}.files.${split}`)).filter(one => isLike(one, parts)).sort();
  if (found.length > 0) {
    checkComplete(folder, split, found);
    return found.map(one => join(folder, one));
  }
  throw new PanxError(`corpora.${name}.files.${split} is ${path}, and ${folder} has no such file.`, {
    hint: 'Correct the path; {lang} in it stands for the language.',
  });
}

/** Whether a name has parts one after the other, the first at its start and the last at its end. */
function isLike(name: string, parts: readonly string[]): boolean {
  const [first, ...rest] = [parts[0]!, ...parts.slice(1)];
  const last = rest.pop()!;
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of rest) {
    at = name.indexOf(part, at);
    if (at < 0) return false;
    at += part.length;
  }
  return at <= name.length - last.length;
}

/**
 * The parquet files of a split in a folder of one of the layouts that PAN-X has on the hub: `PAN-X.en/train-*.parquet`,
 * `en/train-*.parquet`, `en/train/*.parquet`, each of them maybe in `data/`; or, of one language, the same without a folder for it.
 */
async function filesInLayout(key: string, folder: string, code: string, split: SplitName): Promise<string[]> {
  await namesIn(folder, key);
  for (const place of placesIn(folder, code)) {
    const names = await readdir(place).catch(() => []);
    const shards = names.filter(one => isOfSplit(one, split)).sort();
    if (shards.length > 0) {
      checkComplete(place, split, shards);
      return shards.map(one => join(place, one));
    }
    const inside = join(place, split);
    const files = (await readdir(inside).catch(() => [])).filter(one => one.endsWith('.parquet')).sort();
    if (files.length === 0) continue;
    checkComplete(inside, split, files);
    return files.map(one => join(inside, one));
  }
  throw new PanxError(
    `${folder} has no ${split} split of ${code}; expected ${folderOf(code)}/${split}-*.parquet, ${code}/${split}-*.parquet or ${code}/${split}/*.parquet.`,
    { hint: `In it are: ${some(await readdir(folder)) || 'no files'}. ${key} names the folder.` },
  );
}

/** The folder of a path, or, where there is none, the cached one of a hub id, with the files of the split brought into it. */
async function folderOrHub(files: string, code: string, split: SplitName): Promise<string> {
  const folder = inHome(files);
  const isThere = await stat(folder).then(
    () => true,
    () => false,
  );
  if (isThere || !/^[\w-][\w.-]*\/[\w-][\w.-]*(@.*)?$/.test(files)) return folder;
  const place = await placeOf(files, 'dataset');
  return 'folder' in place ? place.folder : (await fetchData(place.repo, [code], [split])).folder;
}

/** The folders in which files of a language may lie, the most particular first. */
function placesIn(folder: string, code: string): string[] {
  const roots = [folder, join(folder, 'data')];
  const ofLanguage = roots.flatMap(root => [join(root, folderOf(code)), join(root, code)]);
  return [...ofLanguage, ...roots];
}

async function namesIn(folder: string, key: string): Promise<string[]> {
  return await readdir(folder).catch((error: unknown) => {
    throw new PanxError(`The folder ${folder}, of ${key}, cannot be read: ${reasonOf(error)}.`, {
      hint: 'Correct the path: it is taken from the folder that the command is typed in.',
      cause: error,
    });
  });
}

function inHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homeFolder(), path.slice(1)) : path;
}
