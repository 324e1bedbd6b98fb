import { isUtf8 } from 'node:buffer';
import type { SubwordTokenizer } from './tokenizer.js';

/** The subwords of words, before anything is cut off. D words, N subwords. */
export interface Pieces {
  /** (D + 1) word i has the subwords [offsets[i], offsets[i+1]); a word may have none. */
  offsets: Int32Array;
  /** (N) */
  ids: Int32Array;
  /** Special tokens that the tokenizer puts around a row. */
  specials: number;
}

/**
 * Split words one by one: the subwords that they have in every sentence.
 *
 * @throws PanxError as `SubwordTokenizer.encodeWords` does
 */
export async function piecesOf(words: readonly string[], tokenizer: SubwordTokenizer): Promise<Pieces> {
  const [empty] = await tokenizer.encodeWords([[]], uncut);
  const offsets = new Int32Array(words.length + 1);
  const parts: Int32Array[] = [];
  for (let from = 0; from < words.length; from += wordsAtOnce) {
    const [encoded] = await tokenizer.encodeWords([words.slice(from, from + wordsAtOnce)], uncut);
    const { inputIds, wordIds } = encoded!;
    parts.push(inputIds.filter((_, i) => wordIds[i] !== -1));
    for (const word of wordIds) if (word !== -1) offsets[from + word + 1]!++;
  }
  for (let word = 0; word < words.length; word++) offsets[word + 1]! += offsets[word]!;
  const ids = new Int32Array(offsets[words.length]!);
  let position = 0;
  for (const part of parts) {
    ids.set(part, position);
    position += part.length;
  }
  return { offsets, ids, specials: empty!.inputIds.length };
}

/** A maxLength that cuts nothing. */
const uncut = Number.MAX_SAFE_INTEGER;
/** So that an encoding of few megabytes is held at a time. */
const wordsAtOnce = 20_000;

/**
 * The names of ids as a reader can read them: a tokenizer of bytes gives `Ä°stanbul` for İstanbul.
 *
 * @returns a name for each of the distinct ids
 * @throws RangeError as `SubwordTokenizer.tokens` does
 */
export async function pieceNames(ids: Iterable<number>, tokenizer: SubwordTokenizer): Promise<Map<number, string>> {
  const distinct = [...new Set(ids)];
  const tokens = await tokenizer.tokens(distinct);
  return new Map(distinct.map((id, i) => [id, tokenizer.byteLevel ? textOfBytes(tokens[i]!) : tokens[i]!]));
}

/**
 * A token of a byte-level BPE as text. Such a tokenizer writes each byte of UTF-8 as one printable character (Radford et al. 2019, GPT-2's
 * `bytes_to_unicode`). A byte that is only a part of a character is shown as `<0xC4>`, as SentencePiece shows bytes. The space at the beginning of a
 * word stays `Ġ`, so that a token is one word in a list with spaces between.
 */
export function textOfBytes(token: string): string {
  const bytes: number[] = [];
  for (const character of token) {
    const byte = byteOf.get(character);
    if (byte === undefined) return token; // An added token is text already.
    bytes.push(byte);
  }
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = characterLength(bytes, at);
    if (length === 0) {
      text += `<0x${bytes[at]!.toString(16).toUpperCase().padStart(2, '0')}>`;
      at++;
      continue;
    }
    const character = Buffer.from(bytes.slice(at, at + length)).toString('utf8');
    text += character === ' ' ? 'Ġ' : character;
    at += length;
  }
  return text;
}

/** How many bytes the UTF-8 character at a place has; 0 where none is whole. */
function characterLength(bytes: readonly number[], at: number): number {
  const first = bytes[at]!;
  const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  return isUtf8(Buffer.from(bytes.slice(at, at + length))) ? length : 0;
}

/** Printable characters of Latin-1 stand for themselves; all other bytes, in their order, for the characters from U+0100 on. */
const byteOf: ReadonlyMap<string, number> = (() => {
  const isPrintable = (byte: number) => (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
  const all = Array.from({ length: 256 }, (_, byte) => byte);
  const others = all.filter(byte => !isPrintable(byte));
  return new Map([
    ...all.filter(isPrintable).map(byte => [String.fromCharCode(byte), byte] as const),
    ...others.map((byte, i) => [String.fromCharCode(256 + i), byte] as const),
  ]);
})();
