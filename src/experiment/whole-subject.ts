import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { PanxError } from '../errors.js';
import { isDone, runDirectory, sweepDirectory } from '../run/directory.js';
import { type StudyDirectory, scoringDirectory } from '../run/store-directory.js';
import { findStudy } from './noted-studies.js';
import { storeToSearch } from './store-contents.js';
import { readStudy } from './study-folder.js';
import { tableOf as tableOfStudy } from './study-on-disk.js';
import { runSubject, stageSubject, type TrainedSubject } from './subject.js';
import { tableOf as tableOfSweep } from './sweep-on-disk.js';
import type { SweepTable } from './table.js';

/** A study or a sweep, as a whole. */
export interface WholeSubject {
  name: string;
  folder: string;
  /** null of a sweep. */
  study: StudyDirectory | null;
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
  const found = await stat(typed).catch(() => null);
  if (found?.isFile() && !/\.ya?ml$/i.test(typed)) return null;
  if (existsSync(scoringDirectory(typed).scores) || existsSync(runDirectory(typed).identity)) return null;
  if (existsSync(join(typed, 'sweep.json'))) return await wholeSweep(typed, storeFolder);
  const study = await findStudy(typed, await storeToSearch(storeFolder)).catch((error: unknown) => {
    if (error instanceof PanxError) return null;
    throw error;
  });
  if (study === null) return null;
  const record = await readStudy(study);
  return {
    name: basename(study.root),
    folder: study.root,
    study,
    table: await tableOfStudy(study),
    open: id => stageSubject(study, record, id),
  };
}

async function wholeSweep(folder: string, storeFolder: string | undefined): Promise<WholeSubject> {
  const sweep = sweepDirectory(folder);
  return {
    name: basename(folder),
    folder,
    study: null,
    table: await tableOfSweep(sweep),
    async open(id) {
      if (isDone(sweep.stage(id))) return await runSubject(sweep.stage(id), storeFolder);
      throw new PanxError(`${join(folder, id)} is not trained yet.`, {
        hint: 'Type panx sweep as before: it goes on.',
      });
    },
  };
}
