import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { codeOf, messageOf, nearest, PanxError } from '../errors.js';
import { type Config, type Key, schema, settings } from './schema.js';
import { yaml } from './yaml.js';

/** Where settings come from; a later one wins: the defaults, the file, the assignments, the command-line options. */
export interface ConfigSources {
  /** A YAML or JSON file; its `extends: other.yaml`, relative to itself, is read first. */
  file?: string | undefined;
  /** `a.b=value` as given to --set, in order; the value is YAML: 3, 2e-5, null, [en, tr]. */
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
  for (const { key, value, origin } of given) {
    const setting = settings.get(key)!;
    if (!setting.accepts(value)) {
      throw new PanxError(`${key} is ${show(value)}, from ${origin}; expected ${setting.expected}.`, {
        hint: `${key}: ${setting.meaning}.`,
        exitCode: 2,
      });
    }
    values.set(key, value);
    origins[key] = origin;
  }
  return { config: unflatten(values), origins };
}

interface Given {
  key: Key;
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
  const content = parseYaml(await readText(file, above.at(-1)), file);
  if (content === null) return [];
  if (!isMapping(content)) {
    throw new PanxError(`${file} holds ${show(content)}; expected settings, such as "seed: 42".`, { exitCode: 2 });
  }
  const { extends: base, ...own } = content;
  if (base !== undefined && typeof base !== 'string') {
    throw new PanxError(`extends is ${show(base)}, from ${file}; expected the name of one other file.`, {
      exitCode: 2,
    });
  }
  const inherited = base === undefined ? [] : await readConfigFile(resolve(dirname(path), base), chain);
  return [...inherited, ...flatten(own, '', file)];
}

async function readText(file: string, extendedBy: string | undefined): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const reason = codeOf(error) === 'ENOENT' ? 'there is no such file' : messageOf(error);
    const because = extendedBy === undefined ? '' : `, which ${extendedBy} extends,`;
    throw new PanxError(`The configuration file ${file}${because} cannot be read: ${reason}.`, {
      hint: '--config takes a YAML file; panx config prints every setting it may hold.',
      exitCode: 2,
      cause: error,
    });
  }
}

/** One `a.b=value`; a section may be given as a mapping: `training={epochs: 1, size: 250}`. */
function readAssignment(assignment: string): Given[] {
  const at = assignment.indexOf('=');
  if (at < 1) {
    throw new PanxError(`--set ${assignment} is not an assignment; expected KEY=VALUE, such as training.epochs=1.`, {
      exitCode: 2,
    });
  }
  const origin = `--set ${assignment}`;
  const path = assignment.slice(0, at).trim().split('.');
  const value = parseYaml(assignment.slice(at + 1), origin);
  return flatten(
    path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value),
    '',
    origin,
  );
}

/** A mapping of settings and sections as single settings. @throws PanxError on a name that the schema does not have. */
function flatten(node: unknown, prefix: string, origin: string): Given[] {
  const name = prefix.slice(0, -1);
  if (settings.has(name as Key)) return [{ key: name as Key, value: node, origin }];
  const known = [...settings.keys()].filter(key => key.startsWith(prefix));
  if (known.length === 0) throw unknownKey(name, origin);
  // A section whose lines are all commented out.
  if (node === null) return [];
  if (!isMapping(node)) {
    throw new PanxError(`${name} is ${show(node)}, from ${origin}; expected a section with ${listed(known, prefix)}.`, {
      exitCode: 2,
    });
  }
  return Object.entries(node).flatMap(([child, value]) => flatten(value, `${prefix}${child}.`, origin));
}

function unknownKey(key: string, origin: string): PanxError {
  const keys = [...settings.keys()];
  const leaf = key.slice(key.lastIndexOf('.') + 1);
  const leaves = keys.map(leafOf);
  // The right name in the wrong section is nearer than a similar name in the right one.
  const sameLeaf = keys.find(candidate => leafOf(candidate) === leaf);
  const suggestion = sameLeaf ?? nearest(key, keys) ?? keys[leaves.indexOf(nearest(leaf, leaves) ?? '')];
  return new PanxError(`Unknown setting ${key}, from ${origin}${suggestion ? `; did you mean ${suggestion}?` : '.'}`, {
    hint: 'panx config lists every setting.',
    exitCode: 2,
  });
}

function leafOf(key: string): string {
  return key.slice(key.lastIndexOf('.') + 1);
}

function listed(keys: readonly string[], prefix: string): string {
  return [...new Set(keys.map(key => key.slice(prefix.length).split('.')[0]))].join(', ');
}

function parseYaml(source: string, origin: string): unknown {
  const document = yaml().parseDocument(source);
  const problem = document.errors[0];
  if (problem !== undefined) {
    const [sentence] = problem.message.split('\n');
    throw new PanxError(`${origin} is not valid YAML: ${sentence?.replace(/:$/, '')}.`, {
      exitCode: 2,
      cause: problem,
    });
  }
  return document.toJS() as unknown;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value as the user wrote it, short enough for a sentence. */
function show(value: unknown): string {
  const shown = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
  return shown.length > 80 ? `${shown.slice(0, 79)}…` : shown;
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
