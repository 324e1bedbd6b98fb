import { createRequire } from 'node:module';
import type { ParsedNode } from 'yaml';
import { cutText, messageOf, PanxError } from '../errors.js';

/** The YAML library, loaded when something must be parsed or quoted: it takes 25 ms, and few commands need it. */
export function yaml(): typeof import('yaml') {
  return createRequire(import.meta.url)('yaml') as typeof import('yaml');
}

/** Characters of a configuration file, or of a value, at most: the library takes up to half a second for them. A run's own settings take 2,000. */
export const longestYaml = 1 << 16;

/** Collections and their keys inside one another: settings need 6. The library would overflow the stack, and some of that V8 does not survive. */
const deepestYaml = 32;

/**
 * Parse YAML that may hold anything, into strings, numbers, booleans, null, arrays and plain objects.
 *
 * A value of which nothing is written (`size:`) is undefined, and null only where null or ~ is written; an integer that a number cannot hold
 * exactly is a bigint. Aliases, tags beyond those of JSON's types, and keys that are no names are refused: no setting needs one.
 *
 * @param subject what the sentence of an error begins with: a path, an option
 * @throws PanxError with exit code 2 for everything that is not that
 */
export function parseYaml(source: string, subject: string): unknown {
  if (source.length > longestYaml) {
    throw refused(
      `${subject} is longer than ${longestYaml} characters; expected settings, which take a few thousand at most.`,
    );
  }
  const strange = unprintable.exec(source);
  if (strange !== null) {
    const code = strange[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    throw refused(`${subject} holds the character U+${code}, which YAML does not allow; expected text.`);
  }
  try {
    checkDepth(source, subject);
    // Looking for a key twice, and drawing the line of each mistake, takes the library minutes for thousands.
    const document = yaml().parseDocument(source, { uniqueKeys: false, prettyErrors: false });
    // A warning is about a version or a tag that is not understood: what it means is not known.
    const problem = document.errors[0] ?? document.warnings[0];
    if (problem !== undefined) throw invalid(subject, source, problem.message, problem.pos[0]);
    return readNode(document.contents, source, subject);
  } catch (error) {
    if (error instanceof PanxError) throw error;
    throw refused(`${subject} is not valid YAML: ${messageOf(error)}.`, error);
  }
}

/** What YAML leaves out of its printable characters (YAML 1.2, section 5.1), as far as files of other kinds have them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const unprintable = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]/;

function checkDepth(source: string, subject: string): void {
  const { Lexer, Parser } = yaml();
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(source)) {
    for (const token of parser.next(lexeme)) {
      if (token.type === 'error') throw invalid(subject, source, token.message, token.offset);
    }
    if (parser.stack.length > 2 * deepestYaml) {
      throw refused(`${subject} nests more than ${deepestYaml} levels deep; expected settings in sections.`);
    }
  }
}

function readNode(node: ParsedNode | null, source: string, subject: string): unknown {
  if (node === null) return undefined;
  const { isAlias, isMap, isScalar } = yaml();
  const place = () => ` in line ${source.slice(0, node.range[0]).split('\n').length}`;
  if (isAlias(node)) {
    throw refused(`${subject} has the alias *${node.source}${place()}; expected the value itself.`);
  }
  if (node.tag !== undefined && !plainTags.includes(node.tag)) {
    throw refused(`${subject} has a value with the tag ${node.tag}${place()}; expected one without a tag.`);
  }
  if (isScalar(node)) return scalarOf(node.value, node.source);
  if (!isMap(node)) return node.items.map(item => readNode(item as ParsedNode, source, subject));
  const entries = new Map<string, unknown>();
  for (const { key, value } of node.items) {
    // A key that is a list, a mapping, an alias, null or nothing at all.
    const name = isScalar(key) ? key.value : null;
    if (name === null) throw refused(`${subject} has a key that is no name${place()}; expected names of settings.`);
    if (entries.has(String(name))) throw invalid(subject, source, 'Map keys must be unique', key.range[0]);
    entries.set(String(name), readNode(value, source, subject));
  }
  return Object.fromEntries(entries);
}

const plainTags = ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map(name => `tag:yaml.org,2002:${name}`);

function scalarOf(value: unknown, source: string): unknown {
  if (value === null && source === '') return undefined;
  if (typeof value !== 'number') return value;
  if (/^[-+]?\d+$/.test(source) && !Number.isSafeInteger(value)) return BigInt(source);
  return value === 0 ? 0 : value; // -0 is no other setting than 0.
}

/** The library's message, and where in the source it stands. */
function invalid(subject: string, source: string, message: string, at: number): PanxError {
  const before = source.slice(0, at).split('\n');
  return refused(
    `${subject} is not valid YAML: ${cutText(message, 200)} at line ${before.length}, column ${before.at(-1)!.length + 1}.`,
  );
}

function refused(sentence: string, cause?: unknown): PanxError {
  return new PanxError(sentence, { exitCode: 2, cause });
}
