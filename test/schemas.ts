import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import { root } from './built-cli.js';

const folder = `${root}docs/schemas/`;

/** The names of the schemas that there are. */
export const schemaNames = readdirSync(folder).map(name => name.replace(/\.json$/, ''));

/** A schema as its file has it. */
export function schemaOf(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(`${folder}${name}.json`, 'utf8')) as Record<string, unknown>;
}

// Of one kind each, or null: `"type": ["string", "null"]`.
const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true });
const compiled = new Map(schemaNames.map(name => [name, ajv.compile(schemaOf(name))]));

/** Expect that a document is as its schema has it: no field is missing and there is none beside those described. @returns the document */
export function expectSchema(name: string, document: unknown): unknown {
  const validate = compiled.get(name)!;
  validate(document);
  expect(
    (validate.errors ?? []).map(({ instancePath, message, params }) => ({ instancePath, message, params })),
  ).toEqual([]);
  return document;
}

/** The same of what a command printed: one document and nothing else. */
export function expectDocument<T>(name: string, stdout: string): T {
  return expectSchema(name, JSON.parse(stdout)) as T;
}
