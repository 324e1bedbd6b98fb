import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { modelFile } from '../run/model-files.js';
import { readBounded } from '../system/bounded-file.js';
import { isObject, parseJson } from '../system/json.js';
import { textOf } from '../system/text.js';
import { readSettings } from './converters/folder-settings.js';
import { describeTokenizer } from './description.js';

/** The class of both transformers 4 and 5 that takes a tokenizer.json as it is. */
const asItIs = 'PreTrainedTokenizerFast';

/**
 * transformers 5 makes a tokenizer of one of these classes anew from the vocabulary, without the SentencePiece model's map of characters,
 * whatever tokenizer.json says.
 */
const madeAnew = /^(DebertaV2|XLMRoberta|Camembert)Tokenizer(Fast)?$/;

/**
 * The tokenizer_config.json with which AutoTokenizer takes a folder's tokenizer.json as it is.
 *
 * Where none names a class, AutoTokenizer goes by the kind of the model: for a BERT it makes a WordPiece tokenizer, whatever tokenizer.json holds.
 *
 * @param most bytes of tokenizer.json
 * @returns null where there is no tokenizer.json, or what lies beside it will do, or is damaged and can only be copied
 */
export async function tokenizerConfigFor(folder: string, most: number): Promise<Record<string, unknown> | null> {
  const names = await readdir(folder);
  if (!names.includes(modelFile.tokenizer)) return null;
  const config = await readSettings(folder, modelFile.tokenizerConfig, names).catch(() => null);
  if (config === null) return null; // Panx itself does not need it.
  const { tokenizer_class: named = null } = config;
  if (named !== null && !(typeof named === 'string' && madeAnew.test(named))) return null;
  const path = join(folder, modelFile.tokenizer);
  const text = textOf(await readBounded(path, most), path);
  const map = await readSettings(folder, modelFile.specialTokens, names).catch(() => ({}));
  return {
    model_input_names: ['input_ids', 'attention_mask'],
    ...rolesOf(text, path),
    ...Object.fromEntries(Object.entries(map).map(([role, token]) => [role, contentOf(token)])),
    ...config,
    tokenizer_class: asItIs,
  };
}

/** A token's text, of a list each one's: special_tokens_map.json may have flags, which tokenizer.json has too. */
function contentOf(token: unknown): unknown {
  if (Array.isArray(token)) return token.map(contentOf);
  return isObject(token) ? token.content : token;
}

/** The tokens that a class would know by itself, as tokenizer_config.json names them. */
function rolesOf(text: string, path: string): Record<string, string> {
  const { padId, unkId, added } = describeTokenizer(text, path);
  const { post_processor: processor } = parseJson(text, path) as Record<string, unknown>;
  const addedAs = new Map([...added].map(([content, id]) => [id, content]));
  const [first, last] = around(processor);
  const begins = first === '<s>' ? { bos_token: first, eos_token: last } : {};
  const roles = {
    unk_token: addedAs.get(unkId),
    pad_token: addedAs.get(padId),
    cls_token: first,
    sep_token: last,
    mask_token: ['<mask>', '[MASK]'].find(token => added.has(token)),
    ...begins,
  };
  return Object.fromEntries(Object.entries(roles).filter((role): role is [string, string] => role[1] !== undefined));
}

/** The tokens that a post-processor puts before and behind a text. */
function around(processor: unknown): [string | undefined, string | undefined] {
  if (!isObject(processor)) return [undefined, undefined];
  const { processors, single, special_tokens: named, cls, sep } = processor;
  if (Array.isArray(processors)) {
    const found = processors.map(around);
    return [found.find(([first]) => first)?.[0], found.find(([, last]) => last)?.[1]];
  }
  if (Array.isArray(single)) return [tokenOf(single[0], named), tokenOf(single.at(-1), named)];
  return [tokenOfPair(cls), tokenOfPair(sep)];
}

/** Of a template's piece, which has a name of its own for a token. */
function tokenOf(piece: unknown, named: unknown): string | undefined {
  const special = isObject(piece) ? piece.SpecialToken : undefined;
  const found = isObject(special) && isObject(named) ? named[String(special.id)] : undefined;
  const token: unknown = isObject(found) && Array.isArray(found.tokens) ? found.tokens[0] : undefined;
  return typeof token === 'string' ? token : undefined;
}

/** Of a pair of a token and its id. */
function tokenOfPair(pair: unknown): string | undefined {
  return Array.isArray(pair) && typeof pair[0] === 'string' ? pair[0] : undefined;
}
