import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { PanxError } from '../errors.js';
import { runDirectory, sweepDirectory } from '../run/directory.js';
import { type StudyDirectory, scoringDirectory } from '../run/store-directory.js';
import { findStudy } from './noted-studies.js';
import { storeToSearch } from './store-contents.js';
import { readStudy, type StudyRecord } from './study-folder.js';
import { tableOf as tableOfStudy } from './study-on-disk.js';
import { withOwnStore } from './study-store.js';
import { isFile, stageSubject, sweepStageSubject, type TrainedSubject } from './subject.js';
import { tableOf as tableOfSweep } from './sweep-on-disk.js';
import type { SweepTable } from './table.js';

/** A study or a sweep, as a whole. */
export interface WholeSubject {
  name: string;
  folder: string;
  /** null of a sweep. */
  study: StudyDirectory | null;
  /** The study's record, with its store as it lies now; null of a sweep. */
  record: StudyRecord | null;
  table: SweepTable;
  /** @throws PanxError where the stage is not trained yet */
  open(id: string): Promise<TrainedSubject>;
}

/**
 * The study or the sweep that was typed; null where it is something else, which `findSubject` finds.
 *
 * @throws PanxError where its records are damaged
 */
export async function findWhole(typed: string, storeFolder?: string): Promise<WholeSubject | null> {
  if ((await isFile(typed)) && !/\.ya?ml$/i.test(typed)) return null;
  if (existsSync(scoringDirectory(typed).scores) || existsSync(runDirectory(typed).identity)) return null;
  if (existsSync(join(typed, 'sweep.json'))) return await wholeSweep(typed, storeFolder);
  const study = await findStudy(typed, await storeToSearch(storeFolder)).catch((error: unknown) => {
    if (error instanceof PanxError) return null;
    throw error;
  });
  if (study === null) return null;
  const read = await readStudy(study);
  const record = await withOwnStore(study, read, storeFolder);
  return {
    name: basename(study.root),
    folder: study.root,
    study,
    record,
    table: await tableOfStudy(study, record),
    open: id => stageSubject(study, read, id, storeFolder),
  };
}

async function wholeSweep(folder: string, storeFolder: string | undefined): Promise<WholeSubject> {
  const sweep = sweepDirectory(folder);
  return {
    name: basename(folder),
    folder,
    study: null,
    record: null,
    table: await tableOfSweep(sweep),
    open: id => sweepStageSubject(sweep, id, storeFolder),
  };
}
