import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { findStudy, notedStudies } from '../experiment/noted-studies.js';
import { storePath } from '../experiment/store.js';
import { existingStore, storeToSearch } from '../experiment/store-contents.js';
import { readStudy, type StudyRecord, storeOf } from '../experiment/study-folder.js';
import { msLeft, stagesOf } from '../experiment/study-progress.js';
import { withOwnStore } from '../experiment/study-store.js';
import { lockedBy } from '../run/lock.js';
import type { StudyDirectory } from '../run/store-directory.js';
import { print } from '../system/console.js';
import { addFormat, type FormatOptions, isJson, printJson } from './format.js';
import { storeHelp } from './options.js';
import { type StudyStatus, statusText } from './status/status-text.js';

interface StatusOptions extends FormatOptions {
  store?: string;
}

/** panx status: how far the stages of a study are. */
export function define(command: Command): void {
  command
    .argument('[study]', 'folder of a study, its name, or its YAML file (default: all studies that the store notes)')
    .option('--store <folder>', storeHelp);
  addFormat(command).action(async (study: string | undefined, options: StatusOptions) => await status(study, options));
}

async function status(typed: string | undefined, options: StatusOptions): Promise<void> {
  const json = isJson(options);
  const path = storePath(options.store);
  const store = typed === undefined ? await existingStore(path) : await storeToSearch(options.store);
  const found: StudyStatus[] = [];
  if (typed !== undefined) {
    const folder = await findStudy(typed, store);
    const record = await readStudy(folder);
    // Where it was moved, --store says where it lies now; else the study says it.
    found.push(
      await statusOf(folder, options.store === undefined ? record : await withOwnStore(folder, record, options.store)),
    );
  } else {
    for (const { name, folder, record, fault } of store === null ? [] : await notedStudies(store)) {
      if (folder !== null && record !== null) found.push(await statusOf(folder, record));
      else found.push({ name, folder: folder?.root ?? null, fault: fault! });
    }
  }
  if (json) printJson('status', found);
  else if (store === null && typed === undefined)
    print(`There is no store in ${path} (--store, PANX_STORE): nothing was trained into it yet.\n`);
  else if (found.length === 0) print(`The store ${path} notes no study.\n`);
  else print(found.map(statusText).join('\n'));
}

async function statusOf(folder: StudyDirectory, record: StudyRecord): Promise<StudyStatus> {
  const store = await storeOf(folder, record);
  const stages = await stagesOf(store, record);
  return {
    name: basename(resolve(folder.root)),
    folder: folder.root,
    store: store.root,
    storeIsThere: existsSync(store.root),
    by: await lockedBy(folder.lock),
    stages,
    msLeft: await msLeft(folder, store, record, stages),
  };
}
