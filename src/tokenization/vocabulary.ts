import { cutText, PanxError } from '../errors.js';
import { formatCount } from '../system/console.js';
import { isObject } from '../system/json.js';

/** The tokens of a `tokenizer.json`, each with one id and each id with one token. */
export interface Vocabulary {
  /** Ids are below this: the largest one, plus 1. */
  size: number;
  idOf(token: string): number | undefined;
  /** The added tokens among them, in the order of the file. */
  added: ReadonlyMap<string, number>;
}

/** The largest vocabulary known, XLM-V's, has 901,629 tokens. */
const mostTokens = 1_200_000;
/** Models have up to a thousand. */
const mostAddedTokens = 100_000;
/** In UTF-16 units. The engine takes 100 bytes for each; tokens have up to some hundred, which are spaces and dashes. */
const longestToken = 1000;

/**
 * Read the model's vocabulary, [token, score] in the order of ids (Unigram) or tokens with their ids (BPE, WordPiece, WordLevel), and the
 * added tokens, which may be of it or beyond it.
 *
 * @throws PanxError naming the file and the entry that is no token, or contradicts another
 */
export function readVocabulary(file: unknown, path: string, hint: string): Vocabulary {
  const refuse = (found: string): never => {
    throw new PanxError(`${path} ${found}`, { hint });
  };
  const model = isObject(file) ? file.model : undefined;
  const vocab = isObject(model) ? model.vocab : undefined;
  if (!isObject(vocab) && !Array.isArray(vocab)) refuse(noVocabulary);
  const ids = Array.isArray(vocab) ? idsOfList(vocab, refuse) : idsOfMap(vocab as Record<string, unknown>, refuse);
  if (ids.size === 0) refuse(noVocabulary);
  const added = addTokens(ids, (file as Record<string, unknown>).added_tokens, refuse);
  let size = 0;
  for (const [token, id] of ids) {
    size = Math.max(size, id + 1);
    if (token.length > longestToken) {
      const length = formatCount(token.length);
      refuse(`has a token of ${length} characters, ${shown(token)}; expected at most ${formatCount(longestToken)}.`);
    }
  }
  // Some ids may be free, as after tokens were taken out; a damaged one would ask for a table of gigabytes.
  if (size > 2 * ids.size + 1024) {
    refuse(`gives ids up to ${size - 1} to ${formatCount(ids.size)} tokens; expected ids without such gaps.`);
  }
  return { size, idOf: token => ids.get(token), added };
}

const noVocabulary = 'has no vocabulary; expected a Hugging Face tokenizer with model.vocab.';

type Refuse = (found: string) => never;

function idsOfList(vocab: readonly unknown[], refuse: Refuse): Map<string, number> {
  if (vocab.length > mostTokens) refuse(tooMany(vocab.length));
  const ids = new Map<string, number>();
  for (const [id, entry] of vocab.entries()) {
    const [token, score] = Array.isArray(entry) && entry.length === 2 ? entry : [];
    if (typeof token !== 'string' || !Number.isFinite(score)) {
      refuse(`has ${shown(entry)} as entry ${id} of model.vocab; expected a token and its score.`);
    }
    ids.set(token as string, id);
    if (ids.size <= id) refuse(`has the token ${shown(token)} twice in model.vocab, again as entry ${id}.`);
  }
  return ids;
}

function idsOfMap(vocab: Record<string, unknown>, refuse: Refuse): Map<string, number> {
  const tokens = Object.keys(vocab);
  if (tokens.length > mostTokens) refuse(tooMany(tokens.length));
  const ids = new Map<string, number>();
  const taken = new Set<number>();
  for (const token of tokens) {
    const id = vocab[token];
    if (!isId(id))
      refuse(`gives the token ${shown(token)} of model.vocab the id ${shown(id)}; expected a whole number.`);
    if (taken.has(id as number)) {
      const other = tokens.find(one => vocab[one] === id);
      refuse(`gives the id ${id} of model.vocab to both ${shown(other)} and ${shown(token)}.`);
    }
    taken.add(id as number);
    ids.set(token, id as number);
  }
  return ids;
}

/** Put the added tokens into `ids`. */
function addTokens(ids: Map<string, number>, list: unknown, refuse: Refuse): Map<string, number> {
  const added = new Map<string, number>();
  if (list === undefined || list === null) return added;
  if (!Array.isArray(list)) return refuse(`has ${shown(list)} as added_tokens; expected a list.`);
  if (list.length > mostAddedTokens) {
    refuse(`has ${formatCount(list.length)} added tokens; expected at most ${formatCount(mostAddedTokens)}.`);
  }
  for (const [i, entry] of list.entries()) {
    const { id, content } = isObject(entry) ? entry : {};
    if (!isId(id) || typeof content !== 'string' || content === '') {
      return refuse(`has ${shown(entry)} as entry ${i} of added_tokens; expected an object with an id and a content.`);
    }
    const before = added.get(content) ?? ids.get(content);
    if (before !== undefined && before !== id) {
      const where = added.has(content) ? 'added_tokens' : 'model.vocab';
      refuse(`gives the added token ${shown(content)} the id ${id}, but ${before} in ${where}.`);
    }
    added.set(content, id);
  }
  const others = new Map<number, string>([...added].map(([content, id]) => [id, content]));
  for (const [token, id] of [...ids, ...added]) {
    const other = others.get(id);
    if (other !== undefined && other !== token) {
      refuse(`gives the id ${id} to both ${shown(token)} and the added token ${shown(other)}.`);
    }
  }
  for (const [content, id] of added) ids.set(content, id);
  return added;
}

/** As the engine has them: whole numbers of 32 bits, of which panx keeps the sign free. */
export function isId(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 31;
}

/** A value of the file in a sentence. */
export function shown(value: unknown): string {
  return cutText(JSON.stringify(typeof value === 'string' ? value.slice(0, 100) : value) ?? 'nothing', 61);
}

function tooMany(tokens: number): string {
  return `has ${formatCount(tokens)} tokens; expected at most ${formatCount(mostTokens)}.`;
}
