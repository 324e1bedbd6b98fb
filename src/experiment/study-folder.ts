import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { Config } from '../config/schema.js';
import { PanxError } from '../errors.js';
import { writeMark } from '../run/mark.js';
import { type StoreDirectory, type StudyDirectory, storeDirectory } from '../run/store-directory.js';
import { boolean, integer, object, orNull, readJsonAs, record, sha256Text, text } from '../system/checked-json.js';
import { sha256 } from '../system/checksums.js';
import { writeJson } from '../system/files.js';
import { pathFrom, seenFrom, whereabouts } from '../system/place.js';
import { configDifferences } from './differences.js';
import type { TrainRows } from './protocols/stage.js';
import { readSavedConfig } from './records.js';
import type { NotSupportedModels, StudyStage } from './study.js';

/** stages.json of a study: what its stages are called, and where the store has them. */
export interface StudyRecord {
  /** Folder of the store, as seen from that of the study. */
  store: string;
  /** By name, each after the one that it starts from. */
  stages: Record<string, RecordedStage>;
  /** Rows of the train splits, by language. panx 0.3 and older did not write them. */
  trainRows?: TrainRows;
  /** Models that panx does not know, and why: their stages are left out. Not there where it knows them all. */
  notSupported?: Record<string, string>;
}

export interface RecordedStage {
  key: string;
  /** Name of the stage that it starts from; null starts from the base model. */
  startsFrom: string | null;
  /** Training rows. */
  rows: number;
  /** Optimizer steps, where nothing ends it early. */
  steps: number;
  /** Whether its weights stay. */
  keep: boolean;
  /** Keys of its scorings, by the names of their rows. */
  scorings: Record<string, string>;
  /** The segments that its rows are split into; absent where none is. */
  segments?: number;
}

const recordShape = object(
  {
    store: text({ pattern: /./, expected: 'a folder' }),
    stages: record(
      object(
        {
          key: sha256Text,
          startsFrom: orNull(text()),
          rows: integer({ min: 1 }),
          steps: integer({ min: 1 }),
          keep: boolean,
          scorings: record(sha256Text),
        },
        { segments: integer({ min: 1 }) },
      ),
    ),
  },
  { trainRows: record(integer({ min: 1 })), notSupported: record(text()) },
);

/**
 * Write what a study is into its folder, and note in the store that it is there: from then on nothing that it needs is let go.
 *
 * @throws PanxError where something cannot be written
 */
export async function writeStudy(
  folder: StudyDirectory,
  { config, trainRows, notSupported }: { config: Config; trainRows: TrainRows; notSupported?: NotSupportedModels },
  stages: readonly StudyStage[],
  store: StoreDirectory,
): Promise<void> {
  await writeMark(folder.root, 'study');
  await writeJson(folder.config, config);
  await writeJson(folder.stages, await recordOf(folder, stages, { trainRows, notSupported }, store));
  await writeJson(store.study(await noteName(folder)), { path: await pathFrom(store.root, folder.root) });
}

async function recordOf(
  folder: StudyDirectory,
  stages: readonly StudyStage[],
  { trainRows, notSupported = new Map() }: { trainRows: TrainRows; notSupported?: NotSupportedModels | undefined },
  store: StoreDirectory,
): Promise<StudyRecord> {
  const recorded = stages.map(({ stage, task }): [string, RecordedStage] => [
    stage.id,
    {
      key: task.identity.key,
      startsFrom: stage.startStage,
      rows: stage.samples,
      steps: stage.steps,
      keep: task.keep,
      scorings: Object.fromEntries(task.scorings.map(({ rows, key }) => [rows.name, key])),
      ...(stage.segments === undefined ? {} : { segments: stage.segments }),
    },
  ]);
  return {
    store: await pathFrom(folder.root, store.root),
    stages: Object.fromEntries(recorded),
    trainRows,
    ...(notSupported.size === 0 ? {} : { notSupported: Object.fromEntries(notSupported) }),
  };
}

/** @throws PanxError where the folder holds no study, or its stages.json is damaged */
export async function readStudy(folder: StudyDirectory): Promise<StudyRecord> {
  if (!existsSync(folder.stages)) {
    throw new PanxError(`${folder.root} holds no study: it has no stages.json.`, {
      hint: 'Give the folder that panx run wrote, such as results/en-tr-curriculum.',
    });
  }
  return await readJsonAs(folder.stages, recordShape, 'Type panx run with the study again: it writes the file anew.');
}

/** The store that a study uses. */
export async function storeOf(folder: StudyDirectory, { store }: StudyRecord): Promise<StoreDirectory> {
  return storeDirectory(await seenFrom(folder.root, store));
}

/** What a store notes of a study: its folder, as seen from the store. */
export const noteShape = object({ path: text({ pattern: /./, expected: 'a folder' }) });

/** How the settings of the study that a folder holds differ from those that are asked for now, as phrases; [] where it holds none. */
export async function settingsThatChanged(folder: StudyDirectory, config: Config): Promise<string[]> {
  if (!existsSync(folder.config)) return [];
  const before = await readSavedConfig(folder.config).catch(() => null);
  return before === null ? [] : configDifferences(before, config);
}

/** The name under which a store notes a study: two of one name may lie in two places. */
export async function noteName({ root }: Pick<StudyDirectory, 'root'>): Promise<string> {
  const place = await whereabouts(root);
  return `${basename(place)}-${sha256(place).slice(0, 8)}`;
}
