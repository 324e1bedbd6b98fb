import { isDeepStrictEqual } from 'node:util';
import { PanxError } from '../../errors.js';
import {
  type AddedToken,
  contentOf,
  type FolderSettings,
  plainToken,
  type Role,
  roles,
  type SpecialToken,
} from './folder-settings.js';

/**
 * The special tokens of a kind of tokenizer, which a folder's files may name otherwise. transformers treats those that its class leaves as a text
 * and those that it gives flags not alike: see `addTokens`.
 */
export type SpecialDefaults = Partial<Record<Role, string | AddedToken>>;

/** The special tokens of one tokenizer. */
export interface Specials {
  /** By their roles; a role that nothing fills is left out. */
  byRole: ReadonlyMap<Role, string | AddedToken>;
  additional: readonly (string | AddedToken)[];
}

/**
 * The special tokens of a folder over those of its kind. A token that is named by its text alone has the flags that the kind gives to its
 * role, as `<mask>` takes the space before it.
 */
export function specialsOf(settings: FolderSettings, defaults: SpecialDefaults, additional: string[] = []): Specials {
  const byRole = new Map<Role, string | AddedToken>();
  for (const role of roles) {
    const usual = defaults[role];
    const token: SpecialToken | undefined = settings.specials.has(role) ? settings.specials.get(role)! : usual;
    if (token === undefined || token === null || contentOf(token) === '') continue;
    byRole.set(role, typeof token === 'string' && typeof usual === 'object' ? { ...usual, content: token } : token);
  }
  return { byRole, additional: settings.additional ?? additional };
}

/** The text of a special token that the tokenizer cannot do without. @throws PanxError where the folder says that there is none */
export function textOfRole({ byRole }: Specials, role: Role, { path }: FolderSettings): string {
  const token = byRole.get(role);
  if (token !== undefined) return contentOf(token);
  throw new PanxError(`${path} has no ${role}; expected a text.`);
}

/** A list of added tokens as tokenizer.json has it. */
export type AddedTokens = (AddedToken & { id: number })[];

/**
 * Add tokens to a vocabulary, in the order of transformers: those of the vocabulary itself (`first`), those that the folder adds, and its special
 * ones. Of two with the same text, the last one's flags count; but a special token that is a text alone changes none of those before, and of two
 * roles with the same text the first counts. A token that the vocabulary lacks gets the next free id.
 *
 * @param vocabulary token -> id
 */
export function addTokens(
  vocabulary: ReadonlyMap<string, number>,
  first: readonly AddedToken[],
  { added }: FolderSettings,
  { byRole, additional }: Specials,
): AddedTokens {
  const tokens = new Map<string, AddedToken & { id: number }>();
  let last = -1;
  const add = (token: AddedToken) => {
    const { content } = token;
    if (content === '') return;
    // A vocabulary with gaps has ids beyond its size: then two tokens may get the same, which is refused when they are read.
    const id = tokens.get(content)?.id ?? vocabulary.get(content) ?? Math.max(last + 1, vocabulary.size);
    last = Math.max(last, id);
    tokens.set(content, { id, ...token });
  };
  const ofRoles = new Map<string, string | AddedToken>();
  for (const token of byRole.values()) if (!ofRoles.has(contentOf(token))) ofRoles.set(contentOf(token), token);
  const specials = [...ofRoles.values(), ...additional.filter(token => !ofRoles.has(contentOf(token)))];
  const special = new Set(specials.map(contentOf));
  first.forEach(add);
  for (const { token, normalized } of added) {
    const isSpecial = token.special || special.has(token.content);
    add({ ...token, special: isSpecial, normalized: normalized ?? !isSpecial });
  }
  const known = new Set(tokens.keys());
  for (const token of specials) {
    if (typeof token === 'string') {
      if (!known.has(token)) add({ ...plainToken(token), special: true });
    } else if (!added.some(one => isDeepStrictEqual(one.token, token))) add({ ...token, special: true });
  }
  return [...tokens.values()].sort((a, b) => a.id - b.id);
}

/** The id of a special token. */
export function idOf(content: string, vocabulary: ReadonlyMap<string, number>, added: AddedTokens): number | null {
  return added.find(token => token.content === content)?.id ?? vocabulary.get(content) ?? null;
}

/**
 * The id of a token around sentences: that which the folder's files give it, in whose place the vocabulary's is not taken. Where the two are not the
 * same, the tokenizer contradicts itself, and is refused when it is read (`specialIds`).
 */
export function idAround(
  { added: named }: FolderSettings,
  vocabulary: ReadonlyMap<string, number>,
  added: AddedTokens,
): (token: string) => number | null {
  const ids = new Map(named.map(({ id, token }) => [token.content, id]));
  return token => ids.get(token) ?? idOf(token, vocabulary, added);
}

/** How two sentences stand in one row, of which panx has none; whoever uses the tokenizer in Python may. */
export type Pair = 'A sep B, of two types' | 'A sep sep B';

/** A template that puts one token before a sentence and one after it. */
export function template(
  before: string,
  after: string,
  pair: Pair,
  idOfToken: (token: string) => number | null,
): Record<string, unknown> {
  const special = (id: string, type_id = 0) => ({ SpecialToken: { id, type_id } });
  const sentence = (id: string, type_id = 0) => ({ Sequence: { id, type_id } });
  const named = (token: string) => [token, { id: token, ids: [idOfToken(token)], tokens: [token] }] as const;
  const single = [special(before), sentence('A'), special(after)];
  const second =
    pair === 'A sep sep B' ? [special(after), sentence('B'), special(after)] : [sentence('B', 1), special(after, 1)];
  const special_tokens = Object.fromEntries([named(before), named(after)]);
  return { type: 'TemplateProcessing', single, pair: [...single, ...second], special_tokens };
}

/**
 * The part `padding` of tokenizer.json. It is there for its id alone, since nothing is padded; and only where the id would not be found by the
 * usual names.
 */
export function paddingOf(
  { byRole }: Specials,
  vocabulary: ReadonlyMap<string, number>,
  added: AddedTokens,
): Record<string, unknown> | null {
  const pad = byRole.get('pad_token');
  if (pad === undefined) return null;
  const token = contentOf(pad);
  const usual = ['<pad>', '[PAD]'].find(name => idOf(name, vocabulary, added) !== null);
  if (token === usual) return null;
  const id = idOf(token, vocabulary, added);
  const how = { strategy: 'BatchLongest', direction: 'Right', pad_to_multiple_of: null, pad_type_id: 0 };
  return { ...how, pad_id: id, pad_token: token };
}
