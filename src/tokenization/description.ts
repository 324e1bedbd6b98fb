import { messageOf, PanxError } from '../errors.js';

/** What panx itself needs to know of a `tokenizer.json`; all else is the tokenizers engine's business. */
export interface TokenizerDescription {
  /** Ids are below this: the largest id of the model's vocabulary and the added tokens, plus 1. */
  vocabularySize: number;
  unkId: number;
  padId: number;
  /** The file's text as the engine gets it. */
  text: string;
}

/**
 * Read a Hugging Face `tokenizer.json`: its model (Unigram, BPE, WordPiece, WordLevel) and its added tokens.
 *
 * A byte-level pre-tokenizer (RoBERTa's) gets `add_prefix_space: true`, which Hugging Face demands for sentences that
 * are split into words already: without it every word would be encoded as the inside of a longer one.
 *
 * @throws PanxError naming the file where it is not JSON, has no model with a vocabulary, or no unknown or padding token
 */
export function describeTokenizer(text: string, path: string): TokenizerDescription {
  let file: TokenizerFile | null;
  try {
    file = JSON.parse(text) as TokenizerFile | null;
  } catch (error) {
    throw new PanxError(`${path} is not valid JSON (${text.length} characters): ${messageOf(error)}.`, {
      hint,
      cause: error,
    });
  }
  const vocab = file?.model?.vocab;
  if (file === null || typeof vocab !== 'object' || vocab === null || sizeOf(vocab) === 0) {
    throw new PanxError(`${path} has no vocabulary; expected a Hugging Face tokenizer with model.vocab.`, { hint });
  }
  const added = file.added_tokens ?? [];
  const idOf = (token: string) => added.find(({ content }) => content === token)?.id ?? idIn(vocab, token);
  const special = (role: string, named: number | string | null | undefined, usual: string[]): number => {
    if (typeof named === 'number') return named;
    const id = [...(named ? [named] : []), ...usual].map(idOf).find(found => found !== undefined);
    if (id !== undefined) return id;
    throw new PanxError(`${path} has no ${role} token; expected one of ${usual.join(', ')}.`, { hint });
  };
  return {
    vocabularySize: added.reduce((size, { id }) => Math.max(size, id + 1), sizeOf(vocab)),
    unkId: special('unknown', file.model?.unk_id ?? file.model?.unk_token, ['<unk>', '[UNK]']),
    padId: special('padding', file.padding?.pad_id, ['<pad>', '[PAD]']),
    text: addPrefixSpace(file.pre_tokenizer) ? JSON.stringify(file) : text,
  };
}

const hint = "Save it again with transformers: AutoTokenizer.from_pretrained('...').save_pretrained('FOLDER').";

interface TokenizerFile {
  model?: { vocab?: Vocabulary; unk_id?: number | null; unk_token?: string | null };
  added_tokens?: { id: number; content: string }[];
  padding?: { pad_id?: number } | null;
  pre_tokenizer?: PreTokenizer | null;
}

interface PreTokenizer {
  type: string;
  add_prefix_space?: boolean;
  pretokenizers?: PreTokenizer[];
}

/** Unigram lists [piece, score] in the order of ids; the other models map tokens to ids. */
type Vocabulary = [string, number][] | Record<string, number>;

function idIn(vocab: Vocabulary, token: string): number | undefined {
  if (!Array.isArray(vocab)) return Object.hasOwn(vocab, token) ? vocab[token] : undefined;
  const id = vocab.findIndex(([piece]) => piece === token);
  return id === -1 ? undefined : id;
}

function sizeOf(vocab: Vocabulary): number {
  if (Array.isArray(vocab)) return vocab.length;
  return Object.values(vocab).reduce((size, id) => Math.max(size, id + 1), 0);
}

/** Set `add_prefix_space` wherever it is false; true where that changed anything. */
function addPrefixSpace(preTokenizer: PreTokenizer | null | undefined): boolean {
  if (!preTokenizer) return false;
  const inside = (preTokenizer.pretokenizers ?? []).map(addPrefixSpace).includes(true);
  if (preTokenizer.type !== 'ByteLevel' || preTokenizer.add_prefix_space !== false) return inside;
  preTokenizer.add_prefix_space = true;
  return true;
}
