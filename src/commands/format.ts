import { type Command, Option } from 'commander';
import { PanxError } from '../errors.js';
import { print } from '../system/console.js';
import { toJson } from '../system/files.js';
import { readPackage } from '../system/package.js';

/** What was typed. */
export interface FormatOptions<F extends string = 'table'> {
  format?: F | 'json';
  json?: boolean;
}

/**
 * Add `--format` and its short form `--json` to a command that prints a result.
 *
 * @param others the formats beside json; without --format it is the first of them
 */
export function addFormat<C extends Command>(command: C, others: readonly [string, ...string[]] = ['table']): C {
  return command
    .addOption(
      new Option('--format <format>', `how to print the result (default: ${others[0]})`).choices([...others, 'json']),
    )
    .option('--json', 'short for --format json');
}

/** @throws PanxError where --json is typed beside another format */
export function formatOf<F extends string>({ format, json }: FormatOptions<F>, byDefault: F): F | 'json' {
  if (!json) return format ?? byDefault;
  if (format === undefined || format === 'json') return 'json';
  throw new PanxError(`--json and --format ${format} are both given; expected one of them.`, {
    hint: '--json is short for --format json.',
    exitCode: 2,
  });
}

/** Whether a command that has no format beside table and json is to print JSON. */
export function isJson(options: FormatOptions): boolean {
  return formatOf(options, 'table') === 'json';
}

/** Print a result for programs: the document, as its schema has it, and nothing else goes to stdout. */
export function printJson(name: SchemaName, document: object): void {
  print(
    toJson(Array.isArray(document) ? document.map((one: object) => identified(name, one)) : identified(name, document)),
  );
}

/** A document with what it is and which panx made it. Of a list, and of lines, each object says so. */
export function identified<T extends object>(name: SchemaName, document: T): Identification & T {
  return { schema: `${name}/${schemaVersions[name]}`, panx: readPackage().version, ...document };
}

export interface Identification {
  /** Name and version: evaluate/1. */
  schema: string;
  /** The version of panx. */
  panx: string;
}

/**
 * The schemas in docs/schemas with their versions. A field more leaves a version as it is. It is raised where a field goes, or means something
 * else, so that a reader of the version before would be wrong.
 */
export const schemaVersions = {
  analyze: 1,
  check: 1,
  compare: 1,
  config: 1,
  'data-convert': 1,
  'data-show': 1,
  'data-stats': 1,
  doctor: 1,
  encoders: 1,
  evaluate: 1,
  fetch: 1,
  init: 1,
  list: 1,
  plan: 1,
  predict: 1,
  report: 1,
  rm: 1,
  run: 1,
  status: 1,
  sweep: 1,
  tables: 1,
  tokenizers: 1,
  train: 1,
  verify: 1,
} as const;

export type SchemaName = keyof typeof schemaVersions;
