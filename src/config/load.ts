import { dirname, resolve } from 'node:path';
import { codeOf, cutText, excerpt, messageOf, nearest, PanxError } from '../errors.js';
import { readBounded } from '../system/bounded-file.js';
import { refuseStandIn } from '../system/stand-in.js';
import { textOf } from '../system/text.js';
import { type Corpora, namedLanguage } from './corpora.js';
import { cellsOf, checkGrid } from './grid.js';
import type { Setting } from './kinds.js';
import { type Config, type Key, schema, settings } from './schema.js';
import { longestYaml, parseYaml } from './yaml.js';

/** Where settings come from; a later one wins: the defaults, the file, the assignments, the command-line options. */
export interface ConfigSources {
  /** A YAML or JSON file; its `extends: other.yaml`, relative to itself, is read first. */
  file?: string | undefined;
  /**
   * `a.b=value` as given to --set, in order; the value is YAML: 3, 2e-5, null, [en, tr]. A setting with a value for each language takes one
   * more, `training.sizes.tr=250`, and the grid one more setting, `study.grid.training.epochs=[1, 2]`, beside those that they have; a
   * mapping takes the place of all.
   */
  assignments?: readonly string[] | undefined;
  /** Settings that have a command-line option of their own, and that option's name. */
  options?: readonly { key: Key; value: unknown; origin: string }[] | undefined;
}

export interface LoadedConfig {
  config: Config;
  /** For every setting: `default`, or the file, `--set` or option that gave it. */
  origins: Record<Key, string>;
}

/**
 * Resolve and validate the configuration. The result, written as JSON or YAML and given back as `file`, yields
 * itself.
 *
 * @throws PanxError on a file that cannot be read or parsed, an unknown key (with the nearest valid one), and a value
 *   of the wrong type or out of range: key, found, origin, expected.
 */
export async function loadConfig(sources: ConfigSources): Promise<LoadedConfig> {
  const given: Given[] = [
    ...(sources.file === undefined ? [] : await readConfigFile(sources.file, [])),
    ...(sources.assignments ?? []).flatMap(readAssignment),
    ...(sources.options ?? []),
  ];
  const values = new Map<Key, unknown>();
  const origins = {} as Record<Key, string>;
  for (const [key, setting] of settings) {
    values.set(key, structuredClone(setting.default));
    origins[key] = 'default';
  }
  readCorpora(given, values, origins);
  for (const { key, entry, value: written, origin } of given) {
    const setting = settings.get(key)!;
    if (setting.join !== undefined) continue;
    if (written === undefined) throw emptyValue(key, origin, setting);
    const one = entry === undefined ? written : { ...(values.get(key) as object), [entry]: written };
    const value = withCorpora(key, one, origin, values.get('corpora') as Corpora);
    if (!setting.accepts(value)) {
      throw new PanxError(`${key} is ${excerpt(value)}, from ${origin}; expected ${setting.expected}.`, {
        hint: `${key}: ${setting.meaning}.`,
        exitCode: 2,
      });
    }
    values.set(key, value);
    origins[key] = origin;
  }
  refuseTogether(values, origins);
  checkCells(values, origins);
  return { config: unflatten(values), origins };
}

/** The corpora that are given, one file after the other: the languages of other settings may name them. */
function readCorpora(given: readonly Given[], values: Map<Key, unknown>, origins: Record<Key, string>): void {
  for (const [key, setting] of settings) {
    if (setting.join === undefined) continue;
    for (const one of given) {
      if (one.key !== key) continue;
      values.set(key, setting.join(values.get(key), one.value, one.origin));
      origins[key] = one.origin;
    }
    values.set(key, setting.complete?.(values.get(key), origins[key]) ?? values.get(key));
  }
}

/** A setting whose languages may be those of named corpora, with each as name=lang. */
function withCorpora(key: Key, value: unknown, origin: string, corpora: Corpora): unknown {
  return settings.get(key)!.withLanguages?.(value, lang => namedLanguage(lang, corpora, key, origin)) ?? value;
}

/** Each cell of a study's grid must be a configuration that could stand by itself. */
function checkCells(values: ReadonlyMap<Key, unknown>, origins: Record<Key, string>): void {
  const grid = values.get('study.grid') as Record<string, unknown[]>;
  checkGrid(grid, origins['study.grid']);
  const inGrid = Object.fromEntries(Object.keys(grid).map(key => [key, 'study.grid']));
  for (const cell of cellsOf(grid)) {
    refuseTogether(new Map([...values, ...(Object.entries(cell) as [Key, unknown][])]), { ...origins, ...inGrid });
  }
}

/** Two settings that say the same, and one of which would be left out of account. */
function refuseTogether(values: ReadonlyMap<Key, unknown>, origins: Record<Key, string>): void {
  const [steps, ratio] = [values.get('training.warmupSteps'), values.get('training.warmupRatio')];
  if (steps === 0 || ratio === null) return;
  throw new PanxError(
    `training.warmupSteps is ${steps} (${origins['training.warmupSteps']}) and training.warmupRatio is ${ratio} (${origins['training.warmupRatio']}); expected one of them.`,
    { hint: 'Set training.warmupSteps=0, or training.warmupRatio=null.', exitCode: 2 },
  );
}

/** An unset shell variable leaves an empty value: taken for null, it would train on all rows where some were meant. */
function emptyValue(key: Key, origin: string, setting: Setting<unknown>): PanxError {
  return new PanxError(`${key} is empty, from ${origin}; expected ${setting.expected}.`, {
    hint: setting.accepts(null)
      ? 'Write null where it is meant. Where a shell variable was to give the value, it is not set.'
      : 'Give a value, or leave the setting out. Where a shell variable was to give the value, it is not set.',
    exitCode: 2,
  });
}

interface Given {
  key: Key;
  /** The language, or the setting of the grid, that the value is of, where the others stay; absent: the value is the setting's. */
  entry?: string;
  value: unknown;
  origin: string;
}

/** The settings of a file, those of the file it extends first. `above` holds the files that led here. */
async function readConfigFile(file: string, above: readonly string[]): Promise<Given[]> {
  const path = resolve(file);
  const chain = [...above, path];
  if (above.includes(path)) {
    throw new PanxError(`${file} extends itself: ${chain.slice(above.indexOf(path)).join(' -> ')}.`, {
      hint: 'Remove one of these extends lines.',
      exitCode: 2,
    });
  }
  if (chain.length > longestChain) {
    const sentence = `${above[0]} extends a file that extends another, and so on, more than ${longestChain} times.`;
    throw new PanxError(sentence, { hint: 'Put the settings into fewer files.', exitCode: 2 });
  }
  const content = parseYaml(await readText(file, above.at(-1)), file);
  if (content === null || content === undefined) return [];
  if (!isMapping(content)) {
    throw new PanxError(`${file} holds ${excerpt(content)}; expected settings, such as "seed: 42".`, { exitCode: 2 });
  }
  const { extends: base, ...own } = content;
  if ('extends' in content && (typeof base !== 'string' || base.trim() === '' || base.includes('\0'))) {
    const found = base === undefined ? 'empty' : excerpt(base);
    throw new PanxError(`extends is ${found}, from ${file}; expected the name of one other file.`, { exitCode: 2 });
  }
  const inherited = typeof base !== 'string' ? [] : await readConfigFile(resolve(dirname(path), base), chain);
  return [...inherited, ...flatten(own, '', file)];
}

/** Files that extend one another, the first included. */
const longestChain = 20;

async function readText(file: string, extendedBy: string | undefined): Promise<string> {
  const because = extendedBy === undefined ? '' : ` (which ${extendedBy} extends)`;
  const subject = `The configuration file ${file}${because}`;
  const bytes = await readBounded(file, longestYaml).catch((error: unknown) => {
    throw new PanxError(`${subject} cannot be read: ${readingFault(error)}.`, {
      hint: 'It is to be a YAML file of settings; panx config prints every setting that it may hold.',
      exitCode: 2,
      cause: error,
    });
  });
  refuseStandIn(file, bytes);
  return textOf(bytes, subject, 2);
}

function readingFault(error: unknown): string {
  switch (codeOf(error)) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EISDIR':
      return 'it is a folder, not a file';
    default:
      return messageOf(error);
  }
}

/** One `a.b=value`; a section may be given as a mapping: `training={epochs: 1, size: 250}`. */
function readAssignment(assignment: string): Given[] {
  const at = assignment.indexOf('=');
  const origin = `--set ${cutText(assignment, 80)}`;
  if (at < 1) {
    throw new PanxError(`${origin} is not an assignment; expected KEY=VALUE, such as training.epochs=1.`, {
      exitCode: 2,
    });
  }
  const key = assignment.slice(0, at).trim();
  const value = parseYaml(assignment.slice(at + 1), origin);
  // In a file a section whose lines are all commented out is no setting; here it is a value that is missing.
  if (value === undefined && !settings.has(key as Key)) {
    throw new PanxError(`${origin} gives ${excerpt(key)} no value; expected KEY=VALUE, such as training.epochs=1.`, {
      exitCode: 2,
    });
  }
  const path = key.split('.');
  const [ofEach, entry] = [
    path
      .slice(0, -1)
      .join('.')
      .replace(/^study\.rows\./, 'training.') as Key,
    path.at(-1)!,
  ];
  if (key.startsWith(gridPrefix)) return [{ key: 'study.grid', entry: key.slice(gridPrefix.length), value, origin }];
  if (isPerLanguage(ofEach)) return [{ key: ofEach, entry, value, origin }];
  // Deeper than any section lies, and maybe so deep that nothing could walk over it.
  if (path.length > 10) throw unknownKey(key, origin);
  return flatten(
    path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value),
    '',
    origin,
  );
}

const gridPrefix = 'study.grid.';

/** A mapping of settings and sections as single settings. @throws PanxError on a name that the schema does not have. */
function flatten(node: unknown, prefix: string, origin: string): Given[] {
  if (prefix === 'study.rows.') return flattenRows(node, origin);
  if (prefix === 'sweep.') return flatten(node, 'study.', origin); // As panx 0.2 and older called that section.
  const name = prefix.slice(0, -1);
  if (settings.has(name as Key)) return [{ key: name as Key, value: node, origin }];
  const known = [...settings.keys()].filter(key => key.startsWith(prefix));
  if (known.length === 0) throw unknownKey(name, origin);
  // A section whose lines are all commented out.
  if (node === null || node === undefined) return [];
  if (!isMapping(node)) {
    throw new PanxError(
      `${name} is ${excerpt(node)}, from ${origin}; expected a section with ${listed(known, prefix)}.`,
      {
        exitCode: 2,
      },
    );
  }
  return Object.entries(node).flatMap(([child, value]) => flatten(value, `${prefix}${child}.`, origin));
}

/** What a study's `rows: {fractions: {de: .629}}` says of all its stages are settings of their training. */
function flattenRows(node: unknown, origin: string): Given[] {
  if (node === null || node === undefined) return [];
  if (!isMapping(node)) {
    const expected = `expected a section with ${rowSettings.join(', ')}`;
    throw new PanxError(`study.rows is ${excerpt(node)}, from ${origin}; ${expected}.`, { exitCode: 2 });
  }
  return Object.entries(node).flatMap(([child, value]) => {
    if (!rowSettings.includes(child)) throw unknownKey(`study.rows.${child}`, origin);
    return flatten(value, `training.${child}.`, origin);
  });
}

const rowSettings = ['fractions', 'subset', 'dataSeed', 'temperature', 'resplit', 'lengthBins', 'beyondBins'];

function isPerLanguage(key: Key): boolean {
  return 'ofEach' in (settings.get(key) ?? {});
}

function unknownKey(key: string, origin: string): PanxError {
  const keys = [...settings.keys()];
  const leaf = key.slice(key.lastIndexOf('.') + 1);
  const leaves = keys.map(leafOf);
  // The right name in the wrong section is nearer than a similar name in the right one.
  const sameLeaf = keys.find(candidate => leafOf(candidate) === leaf);
  const suggestion = sameLeaf ?? nearest(key, keys) ?? keys[leaves.indexOf(nearest(leaf, leaves) ?? '')];
  return new PanxError(
    `Unknown setting ${key.length > 80 ? excerpt(key) : key}, from ${origin}${suggestion ? `; did you mean ${suggestion}?` : '.'}`,
    {
      hint: 'panx config lists every setting.',
      exitCode: 2,
    },
  );
}

function leafOf(key: string): string {
  return key.slice(key.lastIndexOf('.') + 1);
}

function listed(keys: readonly string[], prefix: string): string {
  return [...new Set(keys.map(key => key.slice(prefix.length).split('.')[0]))].join(', ');
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unflatten(values: ReadonlyMap<Key, unknown>): Config {
  const fill = (section: object, prefix: string): object =>
    Object.fromEntries(
      Object.entries(section).map(([name, node]: [string, unknown]) => {
        const key = `${prefix}${name}`;
        return [name, values.has(key as Key) ? values.get(key as Key) : fill(node as object, `${key}.`)];
      }),
    );
  return fill(schema, '') as Config;
}
