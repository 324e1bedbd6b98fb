import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { nearest, PanxError } from '../errors.js';
import { inWords, markOf } from '../run/mark.js';
import { type StoreDirectory, type StudyDirectory, studyDirectory } from '../run/store-directory.js';
import { readJsonAs } from '../system/checked-json.js';
import { seenFrom, throughLink, whereabouts } from '../system/place.js';
import { parseTemporary } from '../system/temporary.js';
import { noteShape, readStudy, type StudyRecord } from './study-folder.js';

/** A study as the store notes it. */
export interface NotedStudy {
  /** The file in the store that notes it. */
  note: string;
  name: string;
  /** null where the note is damaged. */
  folder: StudyDirectory | null;
  /** null where it cannot be told what the study is. */
  record: StudyRecord | null;
  /** Why not, in a sentence. */
  fault: string | null;
}

/** All studies that a store notes, also those of which nobody can tell any more what they need. */
export async function notedStudies(store: StoreDirectory): Promise<NotedStudy[]> {
  const names = (await readdir(store.studies).catch(() => [])).filter(
    name => name.endsWith('.json') && parseTemporary(name) === null,
  );
  const studies: NotedStudy[] = [];
  for (const name of names.sort()) studies.push(await notedIn(store, name.slice(0, -'.json'.length)));
  return studies;
}

async function notedIn(store: StoreDirectory, noted: string): Promise<NotedStudy> {
  const study: NotedStudy = { note: store.study(noted), name: noted, folder: null, record: null, fault: null };
  try {
    const { path } = await readJsonAs(study.note, noteShape);
    study.folder = studyDirectory(await seenFrom(store.root, path));
    study.name = basename(study.folder.root);
    if (!existsSync(study.folder.root)) study.fault = `${study.folder.root} is not there any more.`;
    else study.record = await readStudy(study.folder);
  } catch (error) {
    if (!(error instanceof PanxError)) throw error;
    study.fault = error.message;
  }
  return study;
}

/**
 * The folder of a study that was typed: the folder itself, its name, or the YAML file that panx run was given.
 *
 * @param store looked up for names of studies elsewhere; null where there is none
 * @returns a folder that may not be there any more, where the store notes it
 * @throws PanxError naming the study of the nearest name, exit code 2
 */
export async function findStudy(typed: string, store: StoreDirectory | null): Promise<StudyDirectory> {
  const name = basename(resolve(typed)).replace(yaml, '');
  // A shell completes the name of a folder with a slash.
  const isName = !/[\\/]/.test(typed.replace(/[\\/]+$/, '')) || yaml.test(typed);
  for (const place of isName ? [typed, join(results, name)] : [typed]) {
    const folder = studyDirectory(await throughLink(place));
    if (await isStudy(folder)) return folder;
  }
  const noted = (store === null ? [] : await notedStudies(store)).flatMap(({ folder }) => folder ?? []);
  const place = await whereabouts(typed);
  const meant = noted.filter(({ root }) => root === place || (isName && basename(root) === name));
  if (meant.length === 1) return meant[0]!;
  if (meant.length > 1) {
    throw new PanxError(`There are ${meant.length} studies of the name ${name}: ${roots(meant)}.`, {
      hint: 'Give the folder of the one that you mean.',
      exitCode: 2,
    });
  }
  const known = [...(await studiesInResults()), ...noted.map(({ root }) => basename(root))];
  const suggestion = nearest(name, known);
  const other = await markOf(place).catch(() => null);
  const otherwise = suggestion === undefined ? '.' : `; did you mean ${suggestion}?`;
  throw new PanxError(
    other === null ? `No study ${typed} was found${otherwise}` : `${typed} holds ${inWords[other]}, and no study.`,
    {
      hint: 'Give the folder that panx run wrote, or its name; panx list lists the studies.',
      exitCode: 2,
    },
  );
}

const results = 'results';
const yaml = /\.ya?ml$/i;

async function studiesInResults(): Promise<string[]> {
  const names = await readdir(results).catch(() => []);
  return names.filter(name => existsSync(studyDirectory(join(results, name)).stages));
}

/** Also where the removal of one was interrupted: the mark goes last. */
async function isStudy(folder: StudyDirectory): Promise<boolean> {
  return existsSync(folder.stages) || (await markOf(folder.root).catch(() => null)) === 'study';
}

function roots(folders: readonly StudyDirectory[]): string {
  return folders.map(({ root }) => root).join(', ');
}
