import { PanxError } from '../../errors.js';
import { type Entity, splitPrefix, type Tag } from './entities.js';

/** The tagging schemes that strict mode knows. */
export const schemes = ['IOB1', 'IOB2', 'IOE1', 'IOE2', 'IOBES', 'BILOU'] as const;
export type Scheme = (typeof schemes)[number];

/**
 * The entities of one sentence in seqeval's strict mode: only what the scheme spells out is an entity, so under IOB2 an
 * `I-PER` that no `B-PER` opens is none.
 *
 * @param tags the sentence's tags
 * @param suffix the prefix stands behind the type: `PER-B`
 * @throws PanxError for a tag whose prefix the scheme does not have, naming those it has
 */
export function strictEntities(tags: readonly string[], scheme: Scheme, suffix = false): Entity[] {
  const { prefixes, starts, insides, ends } = grammars[scheme];
  const parsed = [...tags.map(text => parseStrictTag(text, suffix)), outside];
  for (const [i, tag] of parsed.entries()) {
    if (prefixes.includes(tag.prefix)) continue;
    throw new PanxError(
      `Tag "${tags[i]}" has the prefix "${tag.prefix}"; ${scheme} allows ${[...prefixes].join(', ')}.`,
      { hint: 'Choose the scheme that the tags are written in, or the default mode.' },
    );
  }
  const entities: Entity[] = [];
  let i = 0;
  while (i < parsed.length) {
    const tag = parsed[i]!;
    const first = i++;
    if (!matches(starts, parsed[first - 1] ?? outside, tag)) continue;
    while (matches(insides, parsed[i - 1]!, parsed[i]!)) i++;
    if (matches(ends, parsed[i - 1]!, parsed[i]!)) entities.push([tag.type, first, i - 1]);
  }
  return entities;
}

/**
 * The scheme whose prefixes these tags use: IOB2 with B, IOE2 with E, IOBES with B and E, BILOU with B and L, or with
 * single-word entities alone IOBES (S) or BILOU (U). IOB1 and IOE1 look like their second versions and are never chosen.
 *
 * @throws PanxError where the prefixes fit no scheme
 */
export function detectScheme(sentences: readonly (readonly string[])[], suffix = false): Scheme {
  const found = new Set(sentences.flatMap(tags => tags.map(text => parseStrictTag(text, suffix).prefix)));
  const fits = (needed: string, allowed: string): boolean =>
    [...needed].every(prefix => found.has(prefix)) && [...found].every(prefix => (needed + allowed).includes(prefix));
  if (fits('B', 'IO')) return 'IOB2';
  if (fits('E', 'IO')) return 'IOE2';
  if (fits('BE', 'IOS') || fits('S', '')) return 'IOBES';
  if (fits('BL', 'IOU') || fits('U', '')) return 'BILOU';
  const sentence =
    found.size === 0
      ? 'There are no true tags that would show their tagging scheme.'
      : `No tagging scheme has exactly the prefixes ${[...found].join(', ')} that the true tags use.`;
  throw new PanxError(sentence, {
    hint: 'Name the scheme: IOB1, IOB2, IOE1, IOE2, IOBES or BILOU.',
  });
}

const outside: Tag = { prefix: 'O', type: '_' };

/**
 * Take a tag apart as seqeval's strict mode does: it drops every hyphen around the type, where the default mode drops one.
 *
 * @throws PanxError for an empty tag
 */
export function parseStrictTag(text: string, suffix: boolean): Tag {
  const { prefix, rest } = splitPrefix(text, suffix);
  const type = rest.replace(/^-+|-+$/g, '');
  return { prefix, type: type === '' ? '_' : type };
}

/**
 * What a scheme allows. A pattern is the prefix before, the prefix now (`*` is any), and, where it matters, whether the
 * types are the same (`=`) or differ (`!`).
 */
interface Grammar {
  prefixes: string;
  /** An entity starts here. */
  starts: readonly string[];
  /** The entity goes on. */
  insides: readonly string[];
  /** The entity ended properly before this tag; one that stops in another way is none. */
  ends: readonly string[];
}

// IOE1 is as incomplete as seqeval's: an entity closed by E counts only before I or E of its own type.
const grammars: Record<Scheme, Grammar> = {
  IOB1: {
    prefixes: 'IOB',
    starts: ['OI', 'II!', 'BI', 'IB=', 'BB='],
    insides: ['BI=', 'II='],
    ends: ['II!', 'IO', 'IB', 'BO', 'BI!', 'BB='],
  },
  IOB2: {
    prefixes: 'IOB',
    starts: ['*B'],
    insides: ['BI=', 'II='],
    ends: ['IO', 'II!', 'IB', 'BO', 'BI!', 'BB'],
  },
  IOE1: {
    prefixes: 'IOE',
    starts: ['OI', 'II!', 'EI', 'EE='],
    insides: ['II=', 'IE='],
    ends: ['II!', 'IO', 'IE!', 'EI=', 'EE='],
  },
  IOE2: {
    prefixes: 'IOE',
    starts: ['OI', 'OE', 'EI', 'EE', 'II!', 'IE!'],
    insides: ['IE=', 'II='],
    ends: ['E*'],
  },
  IOBES: {
    prefixes: 'IOBES',
    starts: ['*B', '*S'],
    insides: ['BI=', 'BE=', 'II=', 'IE='],
    ends: ['S*', 'E*'],
  },
  BILOU: {
    prefixes: 'IOBUL',
    starts: ['*B', '*U'],
    insides: ['BI=', 'BL=', 'II=', 'IL='],
    ends: ['U*', 'L*'],
  },
};

function matches(patterns: readonly string[], previous: Tag, tag: Tag): boolean {
  return patterns.some(
    ([before, now, types]) =>
      (before === '*' || before === previous.prefix) &&
      (now === '*' || now === tag.prefix) &&
      (types === undefined || (types === '=') === (previous.type === tag.type)),
  );
}
