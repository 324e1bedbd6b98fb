import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { excerpt, PanxError } from '../../errors.js';
import { modelFile } from '../../run/model-files.js';
import { readBoundedJson } from '../../system/bounded-json.js';
import { isObject } from '../../system/json.js';
import { isId } from '../vocabulary.js';

/** A token that is found in a text before it is split, under the names of tokenizer.json. */
export interface AddedToken {
  content: string;
  single_word: boolean;
  lstrip: boolean;
  rstrip: boolean;
  normalized: boolean;
  special: boolean;
}

/** The roles of special tokens, in the order in which transformers adds them. */
export const roles = [
  'bos_token',
  'eos_token',
  'unk_token',
  'sep_token',
  'pad_token',
  'cls_token',
  'mask_token',
] as const;
export type Role = (typeof roles)[number];

/** A special token: its text, whose flags the kind of tokenizer knows, or with flags of its own; null where a file says that there is none. */
export type SpecialToken = string | AddedToken | null;

/** A token that a folder adds to its vocabulary. */
export interface FurtherToken {
  id: number;
  token: AddedToken;
  /** What the file says of it; null where that follows from whether it turns out to be special. */
  normalized: boolean | null;
}

/** What the small files beside a vocabulary say of its tokenizer. */
export interface FolderSettings {
  /** The content of tokenizer_config.json; empty where there is none. */
  config: Record<string, unknown>;
  /** Where it lies, for messages. */
  path: string;
  /** The special tokens that the files name. */
  specials: ReadonlyMap<Role, SpecialToken>;
  /** additional_special_tokens; undefined where none of the files has them. */
  additional: readonly (string | AddedToken)[] | undefined;
  /** Further tokens, in the order of their ids. */
  added: readonly FurtherToken[];
}

/** Bytes of a small file at most: special tokens of some thousand languages or entities take 200 bytes each. */
const longestSettings = 20e6;

/** A JSON object of a folder; empty where the folder has no such file. @throws PanxError naming the file where it is no JSON object */
export async function readSettings(
  folder: string,
  name: string,
  names: readonly string[],
): Promise<Record<string, unknown>> {
  if (!names.includes(name)) return {};
  const path = join(folder, name);
  const content = await readBoundedJson(path, longestSettings);
  if (isObject(content)) return content;
  throw new PanxError(`${path} holds ${excerpt(content)}; expected a JSON object.`);
}

/**
 * Read tokenizer_config.json as transformers 4.57 does. Where it has added_tokens_decoder, it says all. Where it has none, as before 2023,
 * special_tokens_map.json goes before its special tokens, and added_tokens.json has further ones.
 *
 * @throws PanxError naming the file where it is damaged or says what is no token
 */
export async function readFolderSettings(folder: string, names: readonly string[]): Promise<FolderSettings> {
  const config = await readSettings(folder, modelFile.tokenizerConfig, names);
  const path = join(folder, modelFile.tokenizerConfig);
  const specials = new Map<Role, SpecialToken>();
  for (const role of roles) if (role in config) specials.set(role, specialToken(config[role], false, role, path));
  let additional = additionalTokens(config, false, path);
  if ('added_tokens_decoder' in config) {
    const added = decoderTokens(config.added_tokens_decoder, path);
    const flags = new Map(added.map(({ token }) => [token.content, token]));
    for (const [role, token] of specials) {
      specials.set(role, token === null ? null : (flags.get(contentOf(token)) ?? token));
    }
    return { config, path, specials, additional, added };
  }
  const map = await readSettings(folder, modelFile.specialTokens, names);
  const mapPath = join(folder, modelFile.specialTokens);
  for (const role of roles) if (role in map) specials.set(role, specialToken(map[role], true, role, mapPath));
  const further = additionalTokens(map, true, mapPath);
  if (further !== undefined) {
    const own = additional ?? [];
    additional = [...own, ...further.filter(token => !own.some(one => isDeepStrictEqual(one, token)))];
  }
  const ids = await readSettings(folder, modelFile.addedTokens, names);
  // Those that tokenizer_config.json has with flags are not looked at here.
  const special = new Set<string>();
  for (const role of roles) {
    const token = role in map || typeof config[role] === 'string' ? specials.get(role) : null;
    if (token !== undefined && token !== null) special.add(contentOf(token));
  }
  for (const token of additional ?? []) if (typeof token === 'string') special.add(token);
  for (const token of further ?? []) special.add(contentOf(token));
  const added = Object.entries(ids).map(([content, id]) => {
    if (!isId(id)) {
      const file = join(folder, modelFile.addedTokens);
      throw new PanxError(`${file} gives ${excerpt(content)} the id ${excerpt(id)}; expected a whole number.`);
    }
    const isSpecial = special.has(content);
    return {
      id,
      token: { ...plainToken(content), normalized: !isSpecial, special: isSpecial },
      normalized: !isSpecial,
    };
  });
  return { config, path, specials, additional, added: added.sort((a, b) => a.id - b.id) };
}

/** A token without any flag. */
export function plainToken(content: string): AddedToken {
  return { content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: false };
}

export function contentOf(token: string | AddedToken): string {
  return typeof token === 'string' ? token : token.content;
}

/** @param special whether an object is of a special token even where it does not say so */
function specialToken(value: unknown, special: boolean, key: string, path: string): SpecialToken {
  if (value === null || typeof value === 'string') return value;
  return tokenOf(value, special, key, path);
}

function additionalTokens(
  file: Record<string, unknown>,
  special: boolean,
  path: string,
): (string | AddedToken)[] | undefined {
  const key = 'additional_special_tokens';
  const value = file[key];
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) throw notOfTokens(value, key, path);
  return value.map((token: unknown) => (typeof token === 'string' ? token : tokenOf(token, special, key, path)));
}

function decoderTokens(value: unknown, path: string): FurtherToken[] {
  const key = 'added_tokens_decoder';
  if (!isObject(value)) throw notOfTokens(value, key, path);
  const entries = Object.entries(value).map(([id, token]) => {
    if (!/^\d{1,10}$/.test(id)) throw new PanxError(`${path} has ${excerpt(id)} in ${key}; expected ids.`);
    const whole = tokenOf(token, false, key, path);
    const said = isObject(token) && typeof token.normalized === 'boolean' ? token.normalized : null;
    return { id: Number(id), token: whole, normalized: said };
  });
  return entries.sort((a, b) => a.id - b.id);
}

/** Flags that are not there are as transformers takes them: a token is looked for in normalised text unless it is special. */
function tokenOf(value: unknown, special: boolean, key: string, path: string): AddedToken {
  if (!isObject(value) || typeof value.content !== 'string') throw notOfTokens(value, key, path);
  const flag = (name: string, otherwise: boolean): boolean => {
    const found = value[name] ?? otherwise;
    if (typeof found === 'boolean') return found;
    throw new PanxError(`${path} has ${excerpt(found)} as ${name} of a token in ${key}; expected true or false.`);
  };
  const isSpecial = special || flag('special', false);
  return {
    content: value.content,
    single_word: flag('single_word', false),
    lstrip: flag('lstrip', false),
    rstrip: flag('rstrip', false),
    normalized: flag('normalized', !isSpecial),
    special: isSpecial,
  };
}

function notOfTokens(value: unknown, key: string, path: string): PanxError {
  return new PanxError(
    `${path} has ${excerpt(value)} in ${key}; expected tokens, each a text or an object with its content.`,
  );
}

/** A setting that is true or false. @throws PanxError where it is neither */
export function toggleOf({ config, path }: FolderSettings, key: string, otherwise: boolean): boolean;
export function toggleOf({ config, path }: FolderSettings, key: string, otherwise: null): boolean | null;
export function toggleOf({ config, path }: FolderSettings, key: string, otherwise: boolean | null): boolean | null {
  const value = config[key];
  if (value === undefined || value === null) return otherwise;
  if (typeof value === 'boolean') return value;
  throw new PanxError(`${path} has ${excerpt(value)} as ${key}; expected true or false.`);
}
