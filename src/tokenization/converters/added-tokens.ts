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

/** The special tokens of a kind of tokenizer, which a folder's files may name otherwise. */
export type SpecialDefaults = Partial<Record<Role, AddedToken>>;

/** The special tokens of one tokenizer. */
export interface Specials {
  /** By their roles; a role that nothing fills is left out. */
  byRole: ReadonlyMap<Role, AddedToken>;
  additional: readonly AddedToken[];
}

/**
 * The special tokens of a folder over those of its kind. A token that is named by its text alone has the flags that the kind gives to its
 * role, as `<mask>` takes the space before it.
 */
export function specialsOf(settings: FolderSettings, defaults: SpecialDefaults, additional: string[] = []): Specials {
  const byRole = new Map<Role, AddedToken>();
  for (const role of roles) {
    const usual = defaults[role];
    const token: SpecialToken | undefined = settings.specials.has(role) ? settings.specials.get(role)! : usual;
    if (token === undefined || token === null || contentOf(token) === '') continue;
    byRole.set(role, typeof token === 'string' ? { ...(usual ?? plainToken(token)), content: token } : token);
  }
  const further = (settings.additional ?? additional).map(token =>
    typeof token === 'string' ? plainToken(token) : token,
  );
  return { byRole, additional: further };
}

/** The text of a special token that the tokenizer cannot do without. @throws PanxError where the folder says that there is none */
export function textOfRole({ byRole }: Specials, role: Role, { path }: FolderSettings): string {
  const token = byRole.get(role);
  if (token !== undefined) return token.content;
  throw new PanxError(`${path} has no ${role}; expected a text.`);
}

/** A list of added tokens as tokenizer.json has it. */
export type AddedTokens = (AddedToken & { id: number })[];

/**
 * Add tokens to a vocabulary, in the order of transformers: those of the vocabulary itself (`first`), those that the folder adds, and its special
 * ones. Of two with the same text, the first counts. One that the vocabulary lacks gets the next free id.
 *
 * @param vocabulary token -> id
 */
export function addTokens(
  vocabulary: ReadonlyMap<string, number>,
  first: readonly AddedToken[],
  { added }: FolderSettings,
  { byRole, additional }: Specials,
): AddedTokens {
  const special = new Set([...byRole.values(), ...additional].map(contentOf));
  const named = [...added, ...byRole.values(), ...additional].map(token => ({
    ...token,
    special: token.special || special.has(token.content),
  }));
  const ids = new Map<string, number>();
  const tokens: AddedTokens = [];
  let last = -1;
  for (const token of [...first, ...named]) {
    const { content } = token;
    if (content === '' || ids.has(content)) continue;
    // A vocabulary with gaps has ids beyond its size: then two tokens may get the same, which is refused when they are read.
    const next = Math.max(last + 1, vocabulary.size);
    const id = vocabulary.get(content) ?? next;
    last = Math.max(last, id);
    ids.set(content, id);
    tokens.push({ id, ...token });
  }
  return tokens.sort((a, b) => a.id - b.id);
}

/** The id of a special token that goes around a sentence. */
export function idOf(content: string, vocabulary: ReadonlyMap<string, number>, added: AddedTokens): number | null {
  return added.find(token => token.content === content)?.id ?? vocabulary.get(content) ?? null;
}

/** How two sentences stand in one row, of which panx has none; whoever uses the tokenizer in Python may. */
export type Pair = 'A sep B, of two types' | 'A sep sep B';

/** A template that puts one token before a sentence and one after it. */
export function template(
  before: string,
  after: string,
  pair: Pair,
  vocabulary: ReadonlyMap<string, number>,
  added: AddedTokens,
): Record<string, unknown> {
  const special = (id: string, type_id = 0) => ({ SpecialToken: { id, type_id } });
  const sentence = (id: string, type_id = 0) => ({ Sequence: { id, type_id } });
  const named = (token: string) =>
    [token, { id: token, ids: [idOf(token, vocabulary, added)], tokens: [token] }] as const;
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
  const token = byRole.get('pad_token')?.content;
  if (token === undefined) return null;
  const usual = ['<pad>', '[PAD]'].find(name => idOf(name, vocabulary, added) !== null);
  if (token === usual) return null;
  const id = idOf(token, vocabulary, added);
  const how = { strategy: 'BatchLongest', direction: 'Right', pad_to_multiple_of: null, pad_type_id: 0 };
  return { ...how, pad_id: id, pad_token: token };
}
