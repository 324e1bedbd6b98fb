import { loadConfig } from '../config/load.js';
import { type Config, type Key, settings } from '../config/schema.js';
import { PanxError } from '../errors.js';
import type { RunDirectory } from '../run/directory.js';
import { anything, readJsonAs, record, type Shape, shown } from '../system/checked-json.js';
import { type Checksums, checksumsShape } from '../system/checksums.js';
import { readIfPresent, toJson } from '../system/files.js';
import { isObject } from '../system/json.js';
import { readPackage } from '../system/package.js';
import { type Environment, environmentShape } from './environment.js';
import {
  absentAtDefault,
  addedSince,
  identityShape,
  isCurrent,
  keyOf,
  type OldIdentity,
  oldKeyOf,
  type StageIdentity,
} from './identity.js';
import { metricsShape, type StageMetrics } from './stage.js';

/**
 * The records of a run: JSON that panx wrote, and that anything may have happened to since. Each is read here and
 * nowhere else. What is not as panx writes it is one sentence, and where another version of panx wrote it, the sentence
 * says so.
 */

/** identity.json, whose key is that of its content. */
export async function readIdentity(run: RunDirectory): Promise<StageIdentity | OldIdentity> {
  return await ofThisVersion(run, async () => {
    const identity = await readJsonAs(run.identity, identityShape, unlikePanx);
    const key = isCurrent(identity) ? keyOf(identity) : oldKeyOf(identity);
    if (key === identity.key) return identity;
    throw new PanxError(`${run.identity}: key is ${identity.key}, expected ${key}, which its content has.`, {
      hint: unlikePanx,
    });
  });
}

/** The same, of a run that this version of panx is to go on with, to repeat or to take. */
export async function readCurrentIdentity(run: RunDirectory): Promise<StageIdentity> {
  const other = await otherVersion(run);
  if (other !== null)
    throw new PanxError(`${other}; only the version that began a run goes on with it.`, {
      hint: useThatVersion,
      exitCode: 2,
    });
  const identity = await readIdentity(run);
  if (isCurrent(identity)) return identity;
  throw new PanxError(`${run.identity} is that of an older panx.`, { hint: useThatVersion, exitCode: 2 });
}

export async function readEnvironment(run: RunDirectory): Promise<Environment> {
  return await ofThisVersion(run, () => readJsonAs(run.environment, environmentShape, unlikePanx));
}

export async function readMetrics(run: RunDirectory): Promise<StageMetrics> {
  return await ofThisVersion(run, () => readJsonAs(run.metrics, metricsShape, unlikePanx));
}

export async function readChecksums(run: RunDirectory): Promise<Checksums> {
  return await ofThisVersion(run, () => readJsonAs(run.checksums, checksumsShape, unlikePanx));
}

/** config.json of a run. */
export async function readRunConfig(run: RunDirectory): Promise<Config> {
  return await ofThisVersion(run, () => readSavedConfig(run.config));
}

/**
 * A configuration that panx saved: it has every setting and no other key. A file that a user writes may leave some out,
 * and extend another file: see `loadConfig`.
 */
export async function readSavedConfig(path: string): Promise<Config> {
  return (await readSaved(path)).config;
}

/** Whether a saved configuration has the very text that panx writes for it. */
export async function isConfigAsWritten(path: string): Promise<boolean> {
  const { config, keys, isOld } = await readSaved(path);
  const { study, ...others } = restrict(config, keys) as Config;
  if (!isOld) return (await readIfPresent(path)) === toJson({ ...others, study });
  const { source, target, sizes, protocol } = study;
  return (await readIfPresent(path)) === toJson({ ...others, sweep: { source, target, sizes, protocol } });
}

async function readSaved(path: string): Promise<{ config: Config; keys: ReadonlySet<string>; isOld: boolean }> {
  const saved = await readJsonAs(path, record(anything), unlikePanx);
  const isOld = 'sweep' in saved && !('study' in saved);
  const { sweep, ...others } = saved;
  const given = flatten(isOld ? { ...others, study: sweep } : saved, '');
  const stray = [...given.keys()].find(key => !settings.has(key as Key));
  const absent = [...settings.keys()].find(
    key => !given.has(key) && !addedSince.includes(key) && !absentAtDefault.has(key),
  );
  if (stray !== undefined || absent !== undefined) {
    throw new PanxError(
      stray === undefined
        ? `${path} lacks the setting ${absent}.`
        : `${path} has ${shown(stray)}, which is no setting.`,
      { hint: unlikePanx },
    );
  }
  const options = [...given].map(([key, value]) => ({ key: key as Key, value, origin: path }));
  try {
    return { config: (await loadConfig({ options })).config, keys: new Set(given.keys()), isOld };
  } catch (error) {
    if (!(error instanceof PanxError)) throw error;
    throw new PanxError(error.message, { hint: unlikePanx, cause: error }); // It is no mistake in what was typed.
  }
}

/** Only the settings that were given, in the order of the schema. */
function restrict(section: object, keys: ReadonlySet<string>, prefix = ''): object {
  return Object.fromEntries(
    Object.entries(section).flatMap(([name, value]: [string, unknown]) => {
      const key = `${prefix}${name}`;
      if (settings.has(key as Key)) return keys.has(key) ? [[name, value]] : [];
      return [[name, restrict(value as object, keys, `${key}.`)]];
    }),
  );
}

const unlikePanx = 'Copy the file again from a backup, or start the run anew (panx train: with --force).';

/** "RUN was made by panx 0.0.9, and this is panx 0.1.0"; null where it is this version, or nothing says which. */
export async function otherVersion(run: RunDirectory): Promise<string | null> {
  const version = await versionOf(run);
  const { version: own } = readPackage();
  return version === null || version === own
    ? null
    : `${run.root} was made by panx ${version}, and this is panx ${own}`;
}

/** The version of panx that made a run; null where nothing says which. */
export async function versionOf({ environment }: RunDirectory): Promise<string | null> {
  return await readJsonAs(environment, versionIn).catch(() => null);
}

/** Read something of a run; where that fails, and another version of panx made the run, say so. */
async function ofThisVersion<T>(run: RunDirectory, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof PanxError) || error.hint === useThatVersion) throw error;
    const other = await otherVersion(run);
    if (other === null) throw error;
    throw new PanxError(`${other}: ${error.message}`, { hint: useThatVersion, cause: error });
  }
}

/** What to do with a run of another version of panx that this one cannot take. */
const useThatVersion =
  'Use the panx that made it, or train it anew with this one (panx train: with --force, or another folder with --out).';

/** Read loosely: it is looked for where all else may be otherwise. */
const versionIn: Shape<string | null> = value => {
  const panx = isObject(value) ? value.panx : null;
  const version = isObject(panx) ? panx.version : null;
  return typeof version === 'string' && /^\d+\.\d+\.\d+[\w.+-]{0,40}$/.test(version) ? version : null;
};

/** Settings by their dotted names; a name that has a dot itself is none of panx's. */
function flatten(section: Record<string, unknown>, prefix: string): Map<string, unknown> {
  const flat = new Map<string, unknown>();
  for (const [name, value] of Object.entries(section)) {
    const key = `${prefix}${name.replaceAll('.', '\\.')}`;
    if (isObject(value) && !settings.has(key as Key)) {
      for (const [inner, one] of flatten(value, `${key}.`)) flat.set(inner, one);
    } else flat.set(key, value);
  }
  return flat;
}
