import { PanxError } from '../../errors.js';

/** A named entity: its type and the positions of its first and last tag (inclusive). */
export type Entity = readonly [type: string, first: number, last: number];

/**
 * The entities that seqeval's default mode (the reading of the CoNLL-2000 script conlleval) finds in tags.
 *
 * It is lenient: `I-PER` after `O` opens an entity, a change of type opens another, types may hold hyphens, a tag without
 * a type has the type `_`. Of several sentences, positions count through all of them, each followed by one `O`.
 *
 * @param tags the tags of one sentence, or of several
 * @param options.suffix the prefix stands behind the type: `PER-B`
 * @param options.onWarning told of every tag that does not begin with B-, I-, E- or S-; it is read all the same
 * @throws PanxError for an empty tag
 */
export function getEntities(
  tags: readonly string[] | readonly (readonly string[])[],
  options: { suffix?: boolean; onWarning?: (sentence: string) => void } = {},
): Entity[] {
  const nested = tags.some(Array.isArray);
  const flat = nested ? (tags as readonly (readonly string[])[]).flatMap(sentence => [...sentence, 'O']) : tags;
  const entities: Entity[] = [];
  const next = entityReader();
  for (const text of [...(flat as readonly string[]), 'O']) {
    const suffix = options.suffix ?? false;
    if (!isUsual(text, suffix)) options.onWarning?.(unusualTag(text));
    const ended = next(parseTag(text, suffix));
    if (ended !== undefined) entities.push(ended);
  }
  return entities;
}

/** A tag in its parts: `B-PER` is prefix B, type PER. */
export interface Tag {
  prefix: string;
  type: string;
}

/** Take a tag apart as seqeval's default mode does. @throws PanxError for an empty tag. */
export function parseTag(text: string, suffix: boolean): Tag {
  const { prefix, rest } = splitPrefix(text, suffix);
  const hyphen = suffix ? rest.lastIndexOf('-') : rest.indexOf('-');
  const type = hyphen < 0 ? rest : suffix ? rest.slice(0, hyphen) : rest.slice(hyphen + 1);
  return { prefix, type: type === '' ? '_' : type };
}

/** The first character of a tag, or its last where the prefix stands behind, and all the others. @throws for an empty tag */
export function splitPrefix(text: string, suffix: boolean): { prefix: string; rest: string } {
  if (text === '') throw new PanxError('A tag is empty; expected O, or a prefix and a type such as B-PER.');
  // Whole characters, as Python counts them: an emoji is two UTF-16 units.
  const prefix = (suffix ? [...text].at(-1) : String.fromCodePoint(text.codePointAt(0)!))!;
  return { prefix, rest: suffix ? text.slice(0, -prefix.length) : text.slice(prefix.length) };
}

/**
 * Read tags one at a time. Each call takes the next tag and returns the entity that ended right before it, if one did;
 * so the last entity comes out with the `O` that must follow the last tag.
 */
export function entityReader(): (tag: Tag) => Entity | undefined {
  let position = 0;
  let first = 0;
  let previous: Tag = { prefix: 'O', type: '' };
  return tag => {
    const ended = endsBetween(previous, tag) ? ([previous.type, first, position - 1] as const) : undefined;
    if (startsBetween(previous, tag)) first = position;
    previous = tag;
    position++;
    return ended;
  };
}

/** Whether a tag says plainly that it is one: O, a bare prefix, or a prefix, a hyphen and a type. */
export function isUsual(text: string, suffix: boolean): boolean {
  return /^[OBIES]$/.test(text) || (suffix ? /-[BIES]$/ : /^[BIES]-/).test(text);
}

/** seqeval's sentence about a tag that `isUsual` does not hold for. */
export function unusualTag(text: string): string {
  return `${text} seems not to be NE tag.`;
}

/** Whether an entity that `previous` belongs to ends before `tag`. */
function endsBetween(previous: Tag, tag: Tag): boolean {
  switch (previous.prefix) {
    case 'O':
    case '.':
      return false;
    case 'E':
    case 'S':
      return true;
    case 'B':
    case 'I':
      return tag.prefix === 'B' || tag.prefix === 'S' || tag.prefix === 'O' || previous.type !== tag.type;
    default:
      return previous.type !== tag.type;
  }
}

/** Whether an entity starts with `tag`. */
function startsBetween(previous: Tag, tag: Tag): boolean {
  switch (tag.prefix) {
    case 'O':
    case '.':
      return false;
    case 'B':
    case 'S':
      return true;
    case 'I':
    case 'E':
      return 'ESO'.includes(previous.prefix) || previous.type !== tag.type;
    default:
      return previous.type !== tag.type;
  }
}
