import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { codeOf, nearest, PanxError } from '../errors.js';
import { markOf, modelsOfStudyHint } from '../run/mark.js';
import { homeFolder } from '../system/cache.js';
import { printable } from '../system/console.js';
import { reasonOf } from '../system/files.js';
import type { Repo } from './cache.js';
import { flawOfPath, isPlainName } from './names.js';
import type { BringOptions, Snapshot } from './snapshot.js';
import { modelFiles, tokenizerFiles } from './wanted.js';

/**
 * The folder of a model: `model` itself where that is a folder, else the cached folder of the hub id `org/name` or
 * `org/name@revision`, brought from the hub where it is not there yet.
 *
 * @throws PanxError for a path that does not exist and for all that can go wrong with the hub.
 */
export async function resolveModel(model: string, options: BringOptions = {}): Promise<string> {
  const place = await placeOf(model, 'model');
  return 'folder' in place ? place.folder : (await fetchModel(place.repo, options)).folder;
}

/** The same for the sake of its tokenizer alone: of a hub id, nothing but tokenizer.json is brought, or what it is made of, and config.json. */
export async function resolveTokenizer(model: string, options: BringOptions = {}): Promise<string> {
  const place = await placeOf(model, 'model', options.option);
  return 'folder' in place ? place.folder : (await bring(place.repo, tokenizerFiles(place.repo.name), options)).folder;
}

/** The files of a model repository, cached. */
export async function fetchModel(repo: Repo, options: BringOptions = {}): Promise<Snapshot> {
  return await bring(repo, modelFiles(repo.name), options);
}

/**
 * What an argument of --model or --data, or of another option that means the same, is. An existing folder is that folder; `org/name`, with an optional
 * `@revision`, is a hub id; anything else was meant as a folder and does not exist.
 */
export async function placeOf(
  argument: string,
  type: Repo['type'],
  option = type === 'model' ? '--model' : '--data',
): Promise<{ folder: string } | { repo: Repo }> {
  const path = argument === '~' || argument.startsWith('~/') ? join(homeFolder(), argument.slice(1)) : argument;
  if (path.trim() === '') {
    throw new PanxError(`${option} is empty; expected a folder or a hub id such as ${exampleId(type)}.`, {
      exitCode: 2,
    });
  }
  const kind = await kindOf(path);
  if (kind === 'folder') return { folder: resolve(path) };
  if (kind === 'file') {
    throw new PanxError(
      `${option} ${argument} is a file, expected a folder${type === 'model' ? ' with config.json' : ''}.`,
      {
        hint: `Give the folder that it lies in: ${option} ${dirname(argument)}`,
      },
    );
  }
  const id = /^([\w-][\w.-]*\/[\w-][\w.-]*)(?:@(.*))?$/.exec(argument);
  if (id === null || isAbsolute(path) || /\.(parquet|safetensors|bin|json)$/.test(argument))
    throw await noFolder(argument, path, type, option);
  // The cache writes "--" for the slash, so that two ids with "--" could share a folder. The hub allows neither that nor "..".
  if (id[1]!.length > 200 || /--|\.\./.test(id[1]!)) {
    throw new PanxError(`${option} ${printable(argument)}: "${printable(id[1]!)}" is not a hub id.`, {
      hint: `Give an id of the form org/name, such as ${exampleId(type)}.`,
      exitCode: 2,
    });
  }
  const revision = id[2] ?? 'main';
  // A revision becomes the name of a file in refs/, so nothing that climbs out of it is one (git forbids `..` too).
  if (!revision.split('/').every(isPlainName) || revision.includes('..') || flawOfPath(revision) !== undefined) {
    throw new PanxError(`${option} ${printable(argument)}: "${printable(revision)}" is not a revision.`, {
      hint: `Give a branch, tag or commit after the @, as in ${exampleId(type)}@main.`,
      exitCode: 2,
    });
  }
  return { repo: { type, name: id[1]!, revision } };
}

/** What downloads is loaded where something is to be brought: most commands are given folders, and start sooner without it. */
export const bring: typeof import('./snapshot.js').bring = async (...request) =>
  await (await import('./snapshot.js')).bring(...request);

async function kindOf(path: string): Promise<'folder' | 'file' | 'nothing'> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return 'nothing';
    throw new PanxError(`${printable(path)} cannot be read: ${reasonOf(error)}.`, { cause: error });
  }
}

async function noFolder(argument: string, path: string, type: Repo['type'], option: string): Promise<PanxError> {
  const parent = dirname(resolve(path));
  const siblings = await readdir(parent, { withFileTypes: true }).catch(() => undefined);
  const names = siblings?.filter(entry => !entry.isFile()).map(entry => entry.name);
  const suggestion = names === undefined ? undefined : nearest(basename(path), names);
  const found =
    names === undefined
      ? `nor is there ${parent}`
      : suggestion === undefined
        ? undefined
        : `in ${parent} there is "${suggestion}"`;
  const isOfStudy = type === 'model' && (await markOf(parent).catch(() => null)) === 'study';
  return new PanxError(`${option} ${argument}: there is no such folder${found === undefined ? '' : `; ${found}`}.`, {
    hint: isOfStudy
      ? `${dirname(argument)} holds a study. ${modelsOfStudyHint(dirname(argument))}`
      : `Give a folder, or a hub id of the form org/name such as ${exampleId(type)}.`,
  });
}

function exampleId(type: Repo['type']): string {
  return type === 'model' ? 'FacebookAI/xlm-roberta-base' : 'google/xtreme';
}
