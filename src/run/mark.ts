import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, listed, PanxError } from '../errors.js';
import { cannotWrite, readIfPresent, reasonOf, writeJson } from '../system/files.js';
import { isObject, parseJson } from '../system/json.js';
import { isMade, type Layout } from '../system/made.js';
import { whereabouts } from '../system/place.js';
import { parseTemporary } from '../system/temporary.js';
import {
  corpusLayout,
  markName,
  modelLayout,
  runLayout,
  scoringLayout,
  storeLayout,
  studyLayout,
  sweepLayout,
} from './layouts.js';

/** What a folder that panx made is. */
export type FolderKind = 'run' | 'sweep' | 'model' | 'scoring' | 'study' | 'store' | 'corpus';

const format = 1;

/** Mark a folder as one that panx made, unless it is marked so already. */
export async function writeMark(folder: string, kind: FolderKind): Promise<void> {
  if ((await markOf(folder)) !== kind) await writeJson(join(folder, markName), { kind, format });
}

/**
 * Look at the place where panx is to write a folder of a kind. Nothing is written.
 *
 * @returns `empty`: nothing is there, or nothing but what processes of panx leave before they write; `own`: panx made it
 * @throws PanxError where something else is there: a file, a folder of another kind, or one that panx did not make
 */
export async function checkPlace(folder: string, kind: FolderKind): Promise<'empty' | 'own'> {
  const names = await namesAt(folder);
  const made = (await markOf(folder)) ?? (await kindOfUnmarked(folder, names));
  if (made === kind) return 'own';
  if (made !== null) {
    throw new PanxError(
      `${folder} holds ${inWords[made]}; expected a new folder, or one that holds ${inWords[kind]}.`,
      {
        hint: `Choose another folder with ${optionOf[kind]}.`,
      },
    );
  }
  const foreign = await foreignAmong(folder, names, kind);
  if (foreign.length === 0) return 'empty';
  throw new PanxError(
    `${folder} holds what panx did not make (${listed(foreign)}); expected a new or empty folder, or one that holds ${inWords[kind]} of panx.`,
    { hint: `Choose another folder with ${optionOf[kind]}. Not even --force replaces what is not of panx.` },
  );
}

/**
 * Check that nothing is put into a folder that panx made, where it would be a stranger: that folder could not be replaced any more. What is
 * put into a sweep beside its stages bothers nobody.
 *
 * @param out a folder that need not be there yet; it may itself be one that panx made
 * @param options.alsoStudies that it is not put into a sweep or a study either
 * @param options.isFile what the option names, for the hint
 * @throws PanxError, exit code 2, where panx made a folder above it: a sweep or a study only with `alsoStudies`
 */
export async function refuseInsideMade(
  out: string,
  option: '--out' | '--profile' | '--store' | '--junit' | '--summary' | '--plot' = '--out',
  { alsoStudies = false, isFile = option !== '--out' && option !== '--store' } = {},
): Promise<void> {
  const place = await whereabouts(out);
  for (let folder = dirname(place), below = place; folder !== below; below = folder, folder = dirname(folder)) {
    const made = (await markOf(folder)) ?? ((await hasIdentity(folder)) ? 'run' : null);
    if (made === null || (!alsoStudies && (made === 'sweep' || made === 'study'))) continue;
    throw new PanxError(`${option} ${out} lies inside ${inWords[made]} of panx, ${folder}.`, {
      hint: `Choose a ${isFile ? 'file' : 'folder'} outside of it with ${option}.`,
      exitCode: 2,
    });
  }
}

/** The names that are neither a lock nor what a killed process left under a temporary name before the folder was marked. */
async function foreignAmong(folder: string, names: readonly string[], kind: FolderKind): Promise<string[]> {
  const foreign: string[] = [];
  for (const name of names) {
    const mayBeOurs = name === 'lock' || parseTemporary(name) !== null;
    if (!mayBeOurs || !(await isMade(folder, name, layouts[kind]))) foreign.push(name);
  }
  return foreign;
}

const layouts: Record<FolderKind, Layout> = {
  run: runLayout,
  sweep: sweepLayout,
  model: modelLayout,
  scoring: scoringLayout,
  study: studyLayout,
  store: storeLayout,
  corpus: corpusLayout([], []),
};

/** The option that names the place of a folder. */
const optionOf: Record<FolderKind, string> = {
  run: '--out',
  sweep: '--out',
  model: '--out',
  scoring: '--store',
  study: '--out',
  store: '--store',
  corpus: '--out',
};

/** What such a folder holds, behind "holds". */
export const inWords: Record<FolderKind, string> = {
  run: 'a run',
  sweep: 'a sweep',
  model: 'a model',
  scoring: 'a scoring',
  study: 'a study',
  store: 'a store of stages',
  corpus: 'a corpus',
};

/** How the models of a study's stages are given, which do not lie in its folder. */
export function modelsOfStudyHint(folder: string): string {
  return `Give the model of one of its stages: STORE/KEY/checkpoint. panx status ${folder} --json has the store and the keys.`;
}

/** What a folder's mark says that it is; null where it has none. @throws PanxError where a later panx has marked it otherwise */
export async function markOf(folder: string): Promise<FolderKind | null> {
  const path = join(folder, markName);
  const text = await readIfPresent(path).catch((error: unknown) => {
    if (['ENOTDIR', 'EISDIR'].includes(codeOf(error) ?? '')) return undefined;
    throw new PanxError(`${path} cannot be read: ${reasonOf(error)}.`, {
      hint: 'Choose another folder with --out.',
      cause: error,
    });
  });
  if (text === undefined) return null;
  let mark: unknown;
  try {
    mark = parseJson(text, path);
  } catch {
    return null; // A file of that name that panx did not write.
  }
  if (!isObject(mark) || typeof mark.kind !== 'string' || !Number.isSafeInteger(mark.format)) return null;
  if (mark.format === format && Object.hasOwn(inWords, mark.kind)) return mark.kind as FolderKind;
  throw new PanxError(
    `${path} says that a panx of another version made this folder (kind ${mark.kind}, format ${mark.format}); expected format ${format}.`,
    { hint: 'Choose another folder with --out, or use the panx that made it.' },
  );
}

/** panx 0.1.0 marked nothing: what it made shows by its identity.json, or by those of its stages. */
async function kindOfUnmarked(folder: string, names: readonly string[]): Promise<'run' | 'sweep' | null> {
  if (names.includes('identity.json') && (await hasIdentity(folder))) return 'run';
  for (const name of names) {
    if (/^phase-/.test(name) && (await hasIdentity(join(folder, name)))) return 'sweep';
  }
  return null;
}

async function hasIdentity(folder: string): Promise<boolean> {
  const path = join(folder, 'identity.json');
  try {
    const identity = parseJson((await readIfPresent(path)) ?? '', path);
    return (
      isObject(identity) &&
      [identity.settings, identity.data, identity.start].every(isObject) &&
      typeof identity.key === 'string' &&
      /^[0-9a-f]{64}$/.test(identity.key)
    );
  } catch {
    return false;
  }
}

async function namesAt(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw cannotWrite(folder, (await isFile(folder)) ? Object.assign(new Error(), { code: 'EEXIST' }) : error);
  }
}

async function isFile(path: string): Promise<boolean> {
  return await stat(path).then(
    found => !found.isDirectory(),
    () => false,
  );
}
