import { excerpt, PanxError } from '../errors.js';
import { isObject, parseJson } from '../system/json.js';
import { isPlain } from './plain.js';
import { specialIds } from './special-tokens.js';
import { readVocabulary } from './vocabulary.js';

/** What panx itself needs to know of a `tokenizer.json`; all else is the tokenizers engine's business. */
export interface TokenizerDescription {
  /** Ids are below this: the largest id of the model's vocabulary and the added tokens, plus 1. */
  vocabularySize: number;
  unkId: number;
  padId: number;
  /** The added tokens with their ids. */
  added: ReadonlyMap<string, number>;
  /** Whether its tokens are of bytes, each written as a printable character (GPT-2, RoBERTa). */
  byteLevel: boolean;
  /** Whether the engine is sure to bear it (`isPlain`). */
  plain: boolean;
  /** The file's text as the engine gets it. */
  text: string;
}

/**
 * Read a Hugging Face `tokenizer.json`: its model (Unigram, BPE, WordPiece, WordLevel) and its added tokens, and check that every id in
 * it means one token.
 *
 * A byte-level pre-tokenizer (RoBERTa's) gets `add_prefix_space: true`, which Hugging Face demands for sentences that
 * are split into words already: without it every word would be encoded as the inside of a longer one.
 *
 * @throws PanxError naming the file where it is not JSON, has no model with a vocabulary, or no unknown or padding
 *   token, or contradicts itself, or splits words at random
 */
export function describeTokenizer(text: string, path: string): TokenizerDescription {
  const file = parseJson(text, path, hint);
  const vocabulary = readVocabulary(file, path, hint);
  const checked = file as Record<string, unknown>;
  refuseUnknownParts(checked, path);
  refuseChance(checked.model, path);
  refuseEmptyPattern(checked.normalizer, path);
  const plain = text.length <= longestPlain && isPlain(checked);
  const changed = addPrefixSpace(checked.pre_tokenizer);
  return {
    ...specialIds(checked, vocabulary, path, hint),
    vocabularySize: vocabulary.size,
    added: vocabulary.added,
    byteLevel: isByteLevel(checked.pre_tokenizer) || isByteLevel(checked.normalizer),
    plain,
    // Written anew where it is taken for what was parsed: the engine would see every value of a key that is there twice.
    text: changed || plain ? JSON.stringify(file) : text,
  };
}

/** The parts that a file may have; the engine's own error for another speaks of a comma. */
const parts: readonly string[] = [
  ...['version', 'truncation', 'padding', 'added_tokens', 'normalizer', 'pre_tokenizer', 'post_processor', 'decoder'],
  'model',
];

function refuseUnknownParts(file: Record<string, unknown>, path: string): void {
  const unknown = Object.keys(file).find(key => !parts.includes(key));
  if (unknown === undefined) return;
  throw new PanxError(`${path} has a part ${excerpt(unknown)}; expected none but ${parts.join(', ')}.`, { hint });
}

/** With BPE's dropout the same word would have other subwords each time (Provilkov et al. 2020), and a run could not be repeated. */
function refuseChance(model: unknown, path: string): void {
  const dropout = isObject(model) ? model.dropout : null;
  if (dropout === undefined || dropout === null || dropout === 0) return;
  throw new PanxError(`${path} has model.dropout ${excerpt(dropout)}, which splits words at random; expected null.`, {
    hint: 'Set model.dropout to null in that file.',
  });
}

/** An empty pattern is found before and after every character: a word would have many subwords that say nothing. */
function refuseEmptyPattern(normalizer: unknown, path: string): void {
  if (!isObject(normalizer)) return;
  const { type, normalizers, pattern } = normalizer;
  if (Array.isArray(normalizers)) for (const one of normalizers) refuseEmptyPattern(one, path);
  if (type !== 'Replace' || !isObject(pattern) || (pattern.String !== '' && pattern.Regex !== '')) return;
  throw new PanxError(
    `${path} has a normalizer that replaces an empty text; expected a pattern of one character or more.`,
    {
      hint,
    },
  );
}

/** Loading a longer one takes longer than starting a process for it. */
const longestPlain = 1_000_000;

const hint = "Save it again with transformers: AutoTokenizer.from_pretrained('...').save_pretrained('FOLDER').";

function isByteLevel(part: unknown): boolean {
  if (!isObject(part)) return false;
  const inside = [part.pretokenizers, part.normalizers].flatMap(list => (Array.isArray(list) ? list : []));
  return part.type === 'ByteLevel' || inside.some(isByteLevel);
}

/** Set `add_prefix_space` wherever it is false; true where that changed anything. */
function addPrefixSpace(preTokenizer: unknown): boolean {
  if (!isObject(preTokenizer)) return false;
  const { pretokenizers } = preTokenizer;
  const inside = Array.isArray(pretokenizers) && pretokenizers.map(addPrefixSpace).includes(true);
  if (preTokenizer.type !== 'ByteLevel' || preTokenizer.add_prefix_space !== false) return inside;
  preTokenizer.add_prefix_space = true;
  return true;
}
