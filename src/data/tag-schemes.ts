import type { TagScheme } from '../config/corpora.js';
import type { WordColumns } from './columns.js';
import { flawOfLabel } from './labels.js';

/** What the letter before the hyphen says: B and I of all schemes, E and S of BIOES, L and U of BILOU; O stands alone. */
type Prefix = 'O' | 'B' | 'I' | 'E' | 'S' | 'L' | 'U';

export interface Tag {
  prefix: Prefix;
  /** '' of O. */
  type: string;
}

/** A tag in its two parts; the type is all that follows the first hyphen (B-LOC-deriv: LOC-deriv). Null where it is none. */
export function parseTag(name: string): Tag | null {
  if (name === 'O') return { prefix: 'O', type: '' };
  const match = /^([BIESLU])-(.+)$/su.exec(name);
  return match === null ? null : { prefix: match[1] as Prefix, type: match[2]! };
}

/** What keeps a text from being a tag of any scheme: the end of a sentence after the tag. Null where nothing does. */
export function flawOfTag(name: string): string | null {
  const tag = parseTag(name);
  if (tag === null)
    return 'has no place in IOB1, IOB2, BIOES or BILOU; expected O, or B-, I-, E-, S-, L- or U- before a type, such as B-PER';
  const flaw = tag.prefix === 'O' ? null : flawOfLabel(tag.type);
  return flaw === null ? null : `has a type that ${flaw}`;
}

/** The letters of each scheme. */
const prefixes: Record<TagScheme, string> = { IOB1: 'OBI', IOB2: 'OBI', BIOES: 'OBIES', BILOU: 'OBILU' };

/** Whether a scheme has a place for a tag. */
export function isOfScheme({ prefix }: Tag, scheme: TagScheme): boolean {
  return prefixes[scheme].includes(prefix);
}

/** What tells the scheme of rows. */
export interface SchemeSigns {
  /** Entities that begin with I-, which IOB2 does not have. */
  beginWithI: number;
  /** B- that do not follow their own type, which IOB1 does not have. */
  beginWithB: number;
}

/** @param tags behind the ids of `columns` */
export function schemeSigns({ offsets, tagIds, rows }: WordColumns, tags: readonly Tag[]): SchemeSigns {
  const signs = { beginWithI: 0, beginWithB: 0 };
  for (let row = 0; row < rows; row++) {
    let before = outside;
    for (let word = offsets[row]!; word < offsets[row + 1]!; word++) {
      const tag = tags[tagIds[word]!]!;
      const follows = before.prefix !== 'O' && before.type === tag.type;
      if (tag.prefix === 'I' && !follows) signs.beginWithI++;
      if (tag.prefix === 'B' && !follows) signs.beginWithB++;
      before = tag;
    }
  }
  return signs;
}

/**
 * The scheme of a corpus by what occurs in it. E- or S- are BIOES's, L- or U- BILOU's. Of what is left IOB1 is that in which more entities
 * begin with I- than with a B- that follows no entity of its type; a corpus has mistakes, and some of PAN-X's rows begin with I- too. In
 * IOB2 nothing is changed, mistakes and all.
 *
 * @returns null where letters of BIOES and of BILOU occur
 */
export function schemeOf(occurring: ReadonlySet<string>, { beginWithI, beginWithB }: SchemeSigns): TagScheme | null {
  const [bioes, bilou] = ['ES', 'LU'].map(letters => [...letters].some(letter => occurring.has(letter)));
  if (bioes && bilou) return null;
  if (bioes) return 'BIOES';
  if (bilou) return 'BILOU';
  return beginWithI > beginWithB ? 'IOB1' : 'IOB2';
}

const outside: Tag = { prefix: 'O', type: '' };

/**
 * Convert tags to IOB2: an entity begins where seqeval's default mode sees it begin, and there stands B-. What is IOB2 already stays as it
 * is, mistakes and all.
 *
 * @param tags behind the ids of `columns`
 * @param idOf the id of a tag of IOB2
 * @returns (words) ids of IOB2, and how many tags have another name than before
 */
export function toIob2(
  { rows, offsets, tagIds }: WordColumns,
  tags: readonly Tag[],
  scheme: TagScheme,
  idOf: (prefix: 'O' | 'B' | 'I', type: string) => number,
): { tagIds: Int32Array; changed: number } {
  const inside = tags.map(({ prefix, type }) => (prefix === 'O' ? idOf('O', '') : idOf('I', type)));
  const begin = tags.map(({ prefix, type }) => (prefix === 'O' ? idOf('O', '') : idOf('B', type)));
  const converted = new Int32Array(tagIds.length);
  let changed = 0;
  for (let row = 0; row < rows; row++) {
    let before = outside;
    for (let word = offsets[row]!; word < offsets[row + 1]!; word++) {
      const id = tagIds[word]!;
      const tag = tags[id]!;
      const begins = scheme === 'IOB2' ? tag.prefix === 'B' : beginsAfter(before, tag);
      converted[word] = begins ? begin[id]! : inside[id]!;
      if (tag.prefix !== 'O' && tag.prefix !== (begins ? 'B' : 'I')) changed++;
      before = tag;
    }
  }
  return { tagIds: converted, changed };
}

/**
 * Whether a tag begins an entity after another one of its sentence.
 *
 * Source: conlleval's start_of_chunk, with BILOU's letters for BIOES's.
 */
function beginsAfter(before: Tag, { prefix, type }: Tag): boolean {
  if (prefix === 'B' || prefix === 'S' || prefix === 'U') return true;
  return before.type !== type || 'OESLU'.includes(before.prefix);
}
