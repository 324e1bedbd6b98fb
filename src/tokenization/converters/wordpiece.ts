import { PanxError } from '../../errors.js';
import {
  addTokens,
  idAround,
  paddingOf,
  type SpecialDefaults,
  specialsOf,
  template,
  textOfRole,
} from './added-tokens.js';
import { type FolderSettings, toggleOf } from './folder-settings.js';
import type { Made } from './made.js';

const defaults: SpecialDefaults = {
  unk_token: '[UNK]',
  sep_token: '[SEP]',
  pad_token: '[PAD]',
  cls_token: '[CLS]',
  mask_token: '[MASK]',
};

/**
 * BERT's tokenizer of a vocab.txt: a token a line, whose id is the number of its line (Devlin et al. 2019; Wu et al. 2016 for WordPiece).
 * transformers' BertConverter.
 *
 * @param lowerCase what `tokenization.lowerCase` says; null leaves it to the folder
 * @throws PanxError where neither says whether text is put in lower case, or they contradict each other
 */
export function wordPiece(text: string, path: string, settings: FolderSettings, lowerCase: boolean | null): Made {
  const lowercase = lowerCaseOf(path, settings, lowerCase);
  const vocabulary = new Map(linesOf(text).map((token, id) => [token, id]));
  const specials = specialsOf(settings, defaults);
  const added = addTokens(vocabulary, [], settings, specials);
  const [cls, sep] = [textOfRole(specials, 'cls_token', settings), textOfRole(specials, 'sep_token', settings)];
  const tokenizer = {
    version: '1.0',
    truncation: null,
    padding: paddingOf(specials, vocabulary, added),
    added_tokens: added,
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: toggleOf(settings, 'tokenize_chinese_chars', true),
      // null: accents go where text is put in lower case.
      strip_accents: toggleOf(settings, 'strip_accents', null),
      lowercase,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: template(cls, sep, 'A sep B, of two types', idAround(settings, vocabulary, added)),
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: textOfRole(specials, 'unk_token', settings),
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(vocabulary),
    },
  };
  return { tokenizer, specials, forPython: { do_lower_case: lowercase } };
}

/** transformers takes lower case where nothing is said, which is wrong for half of the models: here it is asked for. */
function lowerCaseOf(path: string, settings: FolderSettings, lowerCase: boolean | null): boolean {
  const said = toggleOf(settings, 'do_lower_case', null);
  if (said !== null && lowerCase !== null && said !== lowerCase) {
    throw new PanxError(`${settings.path} has do_lower_case ${said}, and tokenization.lowerCase is ${lowerCase}.`, {
      hint: 'Leave tokenization.lowerCase (--lower-case) out: the model says it itself.',
      exitCode: 2,
    });
  }
  const lowercase = said ?? lowerCase;
  if (lowercase !== null) return lowercase;
  throw new PanxError(
    `${path} does not say whether text is put in lower case, and ${settings.path} has no do_lower_case that does; expected true or false.`,
    {
      hint: 'Set tokenization.lowerCase (--lower-case) to true for a model whose name has "uncased" in it, and to false for one with "cased".',
      exitCode: 2,
    },
  );
}

/** As Python reads lines, whose ends may be those of Windows or of old Macs. Of two lines with the same token, the last one counts. */
function linesOf(text: string): string[] {
  const lines = text.replaceAll(/\r\n?/g, '\n').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
