import { excerpt, PanxError } from '../errors.js';
import { parseJson } from '../system/json.js';
import { codePoint, unsafe } from '../system/visible.js';

/**
 * The tag names that a parquet file declares for its column of tags, in the order of their ids.
 *
 * Hugging Face's datasets library writes its feature description as JSON under the key "huggingface" of the file's
 * metadata: `{"info": {"features": {"ner_tags": {"feature": {"names": [...], "_type": "ClassLabel"}, ...}}}}`. Older
 * descriptions nest it as `{"sequence": {"class_label": {"names": {"0": "O", ...}}}}`; a list of one feature, `[{"names": [...]}]`, is the
 * oldest form of a list.
 *
 * @param description the value under "huggingface", or undefined where the file has none
 * @param column of tags
 * @returns the names; null where the file says nothing about them
 * @throws PanxError where the description is there and is not JSON, or its names are not distinct strings
 */
export function declaredLabels(
  description: string | undefined,
  path: string,
  column = 'ner_tags',
): readonly string[] | null {
  if (description === undefined) return null;
  if (description.length > longestDescription) {
    throw new PanxError(
      `${path}: its Hugging Face metadata takes ${description.length} characters; expected at most ${longestDescription}.`,
      { hint: metadataHint },
    );
  }
  const parsed = parseJson(description, `${path}: its Hugging Face metadata`, metadataHint);
  let feature = member(member(member(parsed, 'info') ?? parsed, 'features'), column);
  while (feature !== undefined && member(feature, 'names') === undefined) {
    feature = Array.isArray(feature)
      ? member(feature, '0')
      : (member(feature, 'feature') ?? member(feature, 'sequence') ?? member(feature, 'class_label'));
  }
  const names = member(feature, 'names');
  if (names === undefined) return null;
  const count = typeof names === 'object' && names !== null ? Object.keys(names).length : 0;
  if (count > mostLabels) {
    throw new PanxError(`${path}: its Hugging Face metadata names ${count} tags; expected at most ${mostLabels}.`, {
      hint: metadataHint,
    });
  }
  const listed = inOrder(names);
  if (listed === undefined) {
    throw new PanxError(
      `${path}: its Hugging Face metadata gives ${excerpt(names)} as the names of "${column}"; expected a list of distinct tag names.`,
      { hint: metadataHint },
    );
  }
  for (const name of listed) {
    const flaw = flawOfLabel(name);
    if (flaw !== null) {
      throw new PanxError(`${path}: its Hugging Face metadata names a tag ${excerpt(name)}, which ${flaw}.`, {
        hint: metadataHint,
      });
    }
  }
  return listed;
}

/**
 * What keeps a text from being a label: labels stand in lines on the terminal, in reports and in tables. Null where nothing does.
 *
 * @returns the end of a sentence, after "which"
 */
export function flawOfLabel(text: string): string | null {
  if (text.trim() === '') return 'is blank; expected a name';
  if (text.length > longestLabel) return `has ${text.length} characters; expected at most ${longestLabel}`;
  const hidden = text.match(unsafe)?.[0];
  return hidden === undefined
    ? null
    : `holds ${codePoint(hidden)}; expected no line end and no character that is not seen`;
}

/** Characters of a label: PAN-X's have 5. */
const longestLabel = 200;

/** Tags of a corpus, and labels of a model, at most: the largest tag sets of NER have some hundred. */
export const mostLabels = 10_000;

/** Characters: PAN-X's description takes 600, and each label some 20. */
const longestDescription = 4 << 20;

/** Whether two lists name the same tags in the same order, and so with the same ids. */
export function sameLabels(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((name, id) => name === others[id]);
}

/** (names) the id that each name has among others; null where the two do not name the same tags. Their order does not count. */
export function idsAmong(names: readonly string[], others: readonly string[]): Int32Array | null {
  if (names.length !== others.length) return null;
  const places = new Map(others.map((name, id) => [name, id]));
  const ids = names.map(name => places.get(name));
  return ids.includes(undefined) ? null : Int32Array.from(ids as number[]);
}

/** The usual types in the order of PAN-X's and CoNLL's ids, which then are the same whatever file the tags come from. */
const usualTypes = ['PER', 'ORG', 'LOC'];

/** The tags of IOB2 over types, where nobody says in which order: O, then B- and I- of PER, ORG, LOC and of the others by code point. */
export function orderedLabels(types: Iterable<string>): string[] {
  const all = new Set(types);
  const others = [...all].filter(type => !usualTypes.includes(type)).sort(compareCodePoints);
  return labelsOfTypes([...usualTypes.filter(type => all.has(type)), ...others]);
}

/** O, then B- and I- of each type. */
export function labelsOfTypes(types: readonly string[]): string[] {
  return ['O', ...types.flatMap(type => [`B-${type}`, `I-${type}`])];
}

function compareCodePoints(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b)); // UTF-8's bytes are in the order of the code points.
}

/** Tag names in a sentence: all of them, or the first of many, some thousand characters. */
export function someLabels(names: readonly string[]): string {
  let count = 0;
  for (let length = 0; count < Math.min(50, names.length) && length < 1000; count++) length += names[count]!.length + 1;
  const shown = names.slice(0, count).join(' ');
  return count === names.length ? shown : `${shown} and ${names.length - count} more`;
}

const metadataHint = 'Write the file again with the datasets library, or without its "huggingface" metadata.';

/** Names from a list, or from an object keyed "0", "1", ...; undefined where they are not distinct, non-empty strings. */
function inOrder(names: unknown): string[] | undefined {
  if (typeof names !== 'object' || names === null) return undefined;
  const count = Object.keys(names).length;
  const listed = Array.from({ length: count }, (_, id) => member(names, String(id)));
  const valid = count > 0 && listed.every(name => typeof name === 'string' && name !== '');
  return valid && new Set(listed).size === count ? (listed as string[]) : undefined;
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
