import { excerpt, PanxError } from '../../errors.js';
import { isObject, parseJson } from '../../system/json.js';
import { isId } from '../vocabulary.js';
import {
  addTokens,
  idAround,
  paddingOf,
  type SpecialDefaults,
  specialsOf,
  template,
  textOfRole,
} from './added-tokens.js';
import { type FolderSettings, plainToken } from './folder-settings.js';
import type { Made } from './made.js';

/** RoBERTa looks for most of its special tokens in normalised text, which with bytes is the text itself. */
const normalized = (content: string) => ({ ...plainToken(content), normalized: true });

const roberta: SpecialDefaults = {
  bos_token: normalized('<s>'),
  eos_token: normalized('</s>'),
  unk_token: normalized('<unk>'),
  sep_token: normalized('</s>'),
  pad_token: normalized('<pad>'),
  cls_token: normalized('<s>'),
  mask_token: { ...plainToken('<mask>'), lstrip: true },
};

const deberta: SpecialDefaults = {
  bos_token: plainToken('[CLS]'),
  eos_token: plainToken('[SEP]'),
  unk_token: plainToken('[UNK]'),
  sep_token: plainToken('[SEP]'),
  pad_token: plainToken('[PAD]'),
  cls_token: plainToken('[CLS]'),
  mask_token: { ...normalized('[MASK]'), lstrip: true },
};

/** A file with its path, for messages. */
export interface TextFile {
  text: string;
  path: string;
}

/**
 * Byte-level BPE of a vocab.json, token -> id, and a merges.txt, a pair of tokens a line, the first merged first (Radford et al. 2019).
 * transformers' RobertaConverter and DebertaConverter, which differ in their special tokens alone.
 *
 * Every word gets a space before it, whatever add_prefix_space says: words of a list are beginnings of words.
 */
export function byteLevel(
  vocab: TextFile,
  merges: TextFile,
  settings: FolderSettings,
  kind: 'roberta' | 'deberta',
): Made {
  const ids = parseJson(vocab.text, vocab.path);
  if (!isObject(ids)) throw new PanxError(`${vocab.path} holds ${excerpt(ids)}; expected tokens with their ids.`);
  const vocabulary = new Map<string, number>();
  for (const [token, id] of Object.entries(ids)) {
    if (!isId(id)) {
      throw new PanxError(`${vocab.path} gives ${excerpt(token)} the id ${excerpt(id)}; expected a whole number.`);
    }
    vocabulary.set(token, id);
  }
  const specials = specialsOf(settings, kind === 'roberta' ? roberta : deberta);
  const added = addTokens(vocabulary, [], settings, specials);
  const tokenizer = {
    version: '1.0',
    truncation: null,
    padding: paddingOf(specials, vocabulary, added),
    added_tokens: added,
    normalizer: null,
    pre_tokenizer: byteLevelPart,
    post_processor: postProcessor(),
    decoder: byteLevelPart,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: ids,
      merges: mergesOf(merges, vocabulary),
    },
  };
  return { tokenizer, specials, forPython: { add_prefix_space: true } };

  function postProcessor(): Record<string, unknown> {
    const around = idAround(settings, vocabulary, added);
    // DeBERTa's converter knows these two by name.
    if (kind === 'deberta') return template('[CLS]', '[SEP]', 'A sep B, of two types', around);
    const named = (token: string) => [token, around(token)];
    return {
      type: 'RobertaProcessing',
      sep: named(textOfRole(specials, 'sep_token', settings)),
      cls: named(textOfRole(specials, 'cls_token', settings)),
      trim_offsets: true,
      add_prefix_space: true,
    };
  }
}

const byteLevelPart = { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true };

/** As transformers reads them: the first line names the version, and what comes after the last line's end does not count. */
function mergesOf({ text, path }: TextFile, vocabulary: ReadonlyMap<string, number>): [string, string][] {
  const lines = text.replaceAll(/\r\n?/g, '\n').split('\n').slice(1, -1);
  const merges = new Map<string, [string, string]>();
  for (const [i, line] of lines.entries()) {
    const [left, right, ...more] = line.split(/\s+/).filter(token => token !== '');
    const where = `${path} has ${excerpt(line)} as line ${i + 2}`;
    if (left === undefined || right === undefined || more.length > 0) {
      throw new PanxError(`${where}; expected two tokens with a space between them.`, { hint: damaged });
    }
    const unknown = [left, right, left + right].find(token => !vocabulary.has(token));
    if (unknown !== undefined) {
      throw new PanxError(`${where}, and vocab.json has no ${excerpt(unknown)}; expected tokens of the vocabulary.`, {
        hint: damaged,
      });
    }
    const key = `${left} ${right}`;
    if (!merges.has(key)) merges.set(key, [left, right]);
  }
  return [...merges.values()];
}

const damaged = 'Copy vocab.json and merges.txt again: they belong together.';
