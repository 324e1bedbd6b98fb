import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { inline, settingIn } from '../config/describe.js';
import { type Config, type Key, settings } from '../config/schema.js';
import { PanxError } from '../errors.js';
import { isPartOfModel } from '../run/model-files.js';
import { checksumsInBackground } from '../system/background-hash.js';
import { anything, object, record, type Shape, sha256Text, shown, text } from '../system/checked-json.js';
import { type Checksums, checksumsShape, sha256 } from '../system/checksums.js';
import { reasonOf } from '../system/files.js';
import { isObject } from '../system/json.js';
import type { Stage } from './protocols/curriculum.js';

/** The contents that an experiment works on. */
export interface Contents {
  /** Files of the checkpoint that it starts from, by name: see `checkpointFiles`. */
  checkpoint: Checksums;
  /** Data files, by `PAN-X.<lang>/<file name>`. */
  data: Checksums;
}

/** All that determines what a run computes; written as identity.json beside its results. */
export interface StageIdentity {
  id: string;
  /** SHA-256 of everything below. */
  key: string;
  settings: Partial<Record<Key, unknown>>;
  data: Checksums;
  /** SHA-256 over the names and contents of a checkpoint's files; or the stage whose checkpoint it is. */
  start: { checkpoint: string } | { stage: string; key: string };
}

/** A name that becomes a folder's. */
const stageId = text({ pattern: /^(?!\.)[\w.-]{1,80}$/, expected: 'the name of a stage' });

const baseStart = object({ checkpoint: sha256Text });
const stageStart = object({ stage: stageId, key: sha256Text });

/** Settings are looked at where they are compared: another version of panx has others. */
export const identityShape: Shape<StageIdentity> = object({
  id: stageId,
  key: sha256Text,
  settings: record(anything),
  data: checksumsShape,
  start: value => (isObject(value) && 'stage' in value ? stageStart(value) : baseStart(value)),
});

/**
 * The identity of every stage. Two stages of equal key compute the same: neither where the model and the data lie
 * counts, nor the other sizes of the sweep, nor how often a training state is saved. The batch size of scoring does: the
 * reference's evaluation loss depends on it.
 */
export function identitiesOf(stages: readonly Stage[], contents: Contents): Map<string, StageIdentity> {
  const identities = new Map<string, StageIdentity>();
  for (const { id, config, startStage } of stages) {
    const before = startStage === null ? undefined : identities.get(startStage)!;
    identities.set(
      id,
      identify(
        id,
        config,
        contents.data,
        before === undefined ? startOf(contents) : { stage: before.id, key: before.key },
      ),
    );
  }
  return identities;
}

/** The id of a training by itself. */
export const trainId = 'train';

/** The identity of a training that starts from a checkpoint and not from another stage. */
export function identityOf(id: string, config: Config, contents: Contents): StageIdentity {
  return identify(id, config, contents.data, startOf(contents));
}

function identify(id: string, config: Config, data: Checksums, start: StageIdentity['start']): StageIdentity {
  const ingredients = { settings: settingsThatCount(config), data, start };
  return { id, key: keyOf(ingredients), ...ingredients };
}

/** The key that an identity has by its content. */
export function keyOf({ settings, data, start }: Omit<StageIdentity, 'id' | 'key'>): string {
  return sha256(canonicalJson({ settings, data, start }));
}

function startOf({ checkpoint }: Contents): StageIdentity['start'] {
  return { checkpoint: startKey(checkpoint) };
}

/** SHA-256 over the names and contents of a checkpoint's files. */
export function startKey(checkpoint: Checksums): string {
  const lines = Object.entries(checkpoint).map(([name, sum]) => `${name} ${sum}`);
  return sha256(lines.sort().join('\n'));
}

/** What differs between the stage in a folder and the stage that is to go there, as phrases; [] where nothing does. */
export function differences(there: StageIdentity, now: StageIdentity): string[] {
  const keys = unionOfKeys(there.settings, now.settings) as Key[];
  const changed = keys
    .filter(key => canonicalJson(there.settings[key]) !== canonicalJson(now.settings[key]))
    .map(key => settingChange(key, there.settings, now.settings));
  const files = unionOfKeys(there.data, now.data)
    .filter(file => there.data[file] !== now.data[file])
    .map(file => `the data file ${file} is not the same`);
  return [...changed, ...files, ...startDifferences(there.start, now.start)];
}

/** How the settings of a configuration differ from those of an identity, as phrases; [] where they do not. */
export function settingDifferences(there: StageIdentity, config: Config): string[] {
  return differences(there, { ...there, settings: settingsThatCount(config) });
}

/** Settings come and go with the versions of panx. */
function settingChange(key: Key, there: StageIdentity['settings'], now: StageIdentity['settings']): string {
  if (!Object.hasOwn(now, key))
    return `${/^[\w.]{1,80}$/.test(key) ? key : shown(key)} was ${shown(there[key])}, and there is no such setting now`;
  if (!Object.hasOwn(there, key)) return `${key} is ${inline(now[key])} now, and there was no such setting then`;
  const was = settings.get(key)?.accepts(there[key]) ? inline(there[key]) : shown(there[key]);
  return `${key} was ${was} and is ${inline(now[key])} now`;
}

/** Checksums of the files of a checkpoint folder that make the model: weights, config and tokenizer. */
export async function checkpointFiles(folder: string): Promise<Checksums> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    throw new PanxError(`The checkpoint folder ${folder} cannot be read: ${reasonOf(error)}.`, { cause: error });
  }
  const parts = names.filter(isPartOfModel).sort();
  for (const name of parts) await refuseOther(join(folder, name));
  return await checksumsInBackground(folder, parts);
}

/** A device or a pipe under the name of a file might be read without end. */
async function refuseOther(path: string): Promise<void> {
  const found = await stat(path).catch((error: unknown) => {
    throw new PanxError(`${path} cannot be read: ${reasonOf(error)}.`, { cause: error });
  });
  if (!found.isFile()) throw new PanxError(`${path} cannot be read: it is no file.`);
}

function settingsThatCount(config: Config): Partial<Record<Key, unknown>> {
  const counting = [...settings.keys()].filter(
    key =>
      // Model and data count by content; the sweep's own settings by what they make of a stage.
      key !== 'model' && key !== 'data' && !key.startsWith('sweep.') && !key.startsWith('checkpoint.'),
  );
  return Object.fromEntries(counting.map(key => [key, settingIn(config, key)]));
}

function startDifferences(there: StageIdentity['start'], now: StageIdentity['start']): string[] {
  if ('checkpoint' in there && 'checkpoint' in now) {
    return there.checkpoint === now.checkpoint ? [] : ['the model that training starts from is not the same'];
  }
  if ('stage' in there && 'stage' in now && there.stage === now.stage) {
    return there.key === now.key ? [] : [`${now.stage}, which it starts from, is not the same`];
  }
  return [`it started from ${nameOf(there)} and starts from ${nameOf(now)} now`];
}

function nameOf(start: StageIdentity['start']): string {
  return 'stage' in start ? start.stage : 'the base model';
}

function unionOfKeys(a: object, b: object): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])];
}

/** JSON with sorted keys, so that equal values have equal texts. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
