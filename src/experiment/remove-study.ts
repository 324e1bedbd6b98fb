import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { PanxError } from '../errors.js';
import { studyLayout } from '../run/layouts.js';
import { takeLock } from '../run/lock.js';
import { checkPlace } from '../run/mark.js';
import type { StoreDirectory, StudyDirectory } from '../run/store-directory.js';
import { removeMade } from '../system/made.js';
import { overlap } from '../system/place.js';
import { type NotedStudy, notedStudies } from './noted-studies.js';
import { existingStore } from './store-contents.js';
import { readStudy, type StudyRecord, storeOf } from './study-folder.js';
import { withWeightsLock } from './weights-lock.js';

export interface RemovedStudy {
  /** Whether its folder was there, and not only a note of it. */
  wasThere: boolean;
  /** What is left in its folder. */
  left: string[];
  /** Whether a store noted it. */
  wasNoted: boolean;
  /** Its stages, and those of them that no other study uses; null where nobody can tell. */
  stages: { count: number; unshared: number } | null;
}

/**
 * Remove what panx made in a study's folder, and the note of it in its store. The stages stay.
 *
 * @param asked the store to look for its note in, where the study does not say its own; null where there is none
 * @throws PanxError where the folder holds no study, or another process works there
 */
export async function removeStudy(folder: StudyDirectory, asked: StoreDirectory | null): Promise<RemovedStudy> {
  const wasThere = existsSync(folder.root);
  if (!wasThere) return { wasThere, left: [], ...(await forget(folder, asked, null)) };
  await expectStudy(folder);
  const release = await takeLock(folder.lock);
  try {
    await expectStudy(folder);
    const record = await readStudy(folder).catch((error: unknown) => {
      if (error instanceof PanxError) return null;
      throw error;
    });
    const own = record === null ? null : await existingStore((await storeOf(folder, record)).root).catch(() => null);
    // The note goes first: while the folder is there the command can be typed again.
    const forgotten = await forget(folder, own ?? asked, record);
    await removeMade(folder.root, studyLayout, ['lock']);
    await release();
    await removeMade(folder.root, { files: [], folders: [] });
    return { wasThere, left: (await readdir(folder.root).catch(() => [])).sort(), ...forgotten };
  } finally {
    await release();
  }
}

async function expectStudy(folder: StudyDirectory): Promise<void> {
  if ((await checkPlace(folder.root, 'study').catch(() => null)) === 'own') return;
  throw new PanxError(`${folder.root} holds no study of panx: its panx.json does not say so.`, {
    hint: 'Nothing is removed. Give the folder that panx run wrote.',
  });
}

async function forget(
  folder: StudyDirectory,
  store: StoreDirectory | null,
  record: StudyRecord | null,
): Promise<Pick<RemovedStudy, 'wasNoted' | 'stages'>> {
  if (store === null) return { wasNoted: false, stages: null };
  return await withWeightsLock(store, async () => {
    const studies = await notedStudies(store);
    const notes: NotedStudy[] = [];
    for (const study of studies) {
      if (study.folder !== null && (await overlap(study.folder.root, folder.root)) === 'is') notes.push(study);
    }
    for (const { note } of notes) await rm(note, { force: true });
    const others = new Set(
      studies
        .filter(study => !notes.includes(study) && study.record !== null)
        .flatMap(study => Object.values(study.record!.stages).map(({ key }) => key)),
    );
    const keys = record === null ? null : Object.values(record.stages).map(({ key }) => key);
    const unshared = keys?.filter(key => existsSync(store.stage(key).root) && !others.has(key)).length ?? 0;
    return { wasNoted: notes.length > 0, stages: keys === null ? null : { count: keys.length, unshared } };
  });
}
