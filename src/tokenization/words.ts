import type { Tokenizer } from 'tokenizers';
import { messageOf, PanxError } from '../errors.js';

/** The tokenizers engine, asked for one word at a time and never twice for the same. */
export interface WordEncoder {
  /** Special token ids before and after every sentence. */
  before: Int32Array;
  after: Int32Array;
  /** The subwords of each distinct word of these sentences, and maybe of others. */
  encode(sentences: readonly (readonly string[])[]): Promise<Subwords>;
  token(id: number): string | null;
}

/** Subwords of distinct words, packed: an array for each word would take four times the memory. */
export interface Subwords {
  /** Word -> where its ids are in `ids`: their number, which is 0 for a word that normalises to nothing, and then they themselves. */
  places: ReadonlyMap<string, number>;
  ids: Int32Array;
}

/**
 * Start Hugging Face's tokenizers engine.
 *
 * Its JavaScript binding declares `isPretokenized` and refuses lists of words all the same (0.23.2: "Failed to convert
 * JavaScript value into rust type String"). The engine itself treats a pre-tokenized sentence as so many separate inputs
 * (normaliser, pre-tokenizer and model run on each word alone) whose subwords it concatenates, truncates and puts special
 * tokens around. So each distinct word is encoded once, without special tokens, and the rest is done here: the same ids
 * as Python's `encode(words, is_pretokenized=True)`, and a corpus costs only its distinct words.
 *
 * @throws PanxError where the engine refuses the file
 */
export async function startWordEncoder(text: string, path: string): Promise<WordEncoder> {
  let engine: Tokenizer;
  const { Tokenizer: Engine } = await import('tokenizers');
  try {
    engine = Engine.fromString(text);
  } catch (error) {
    throw new PanxError(`${path} is not a tokenizer that can be loaded: ${messageOf(error)}.`, {
      hint: 'Save it again with a current version of transformers, or fetch it again.',
      cause: error,
    });
  }
  // A file may carry the settings of its last use; both would be applied to single words here.
  engine.disableTruncation();
  engine.disablePadding();
  const [probe] = await engine.encodeBatch(['a'], { addSpecialTokens: true });
  const isSpecial = probe!.getSpecialTokensMask();
  const first = isSpecial.indexOf(0);
  const afterLast = isSpecial.lastIndexOf(0) + 1;
  const probeIds = probe!.getIds();
  let known = noWords();
  return {
    before: Int32Array.from(probeIds.slice(0, first)),
    after: Int32Array.from(probeIds.slice(afterLast)),
    token: id => engine.idToToken(id),
    async encode(sentences) {
      if (known.places.size > wordsKept || known.used > idsKept) known = noWords();
      const subwords = known;
      const unknown = new Set<string>();
      for (const words of sentences) for (const word of words) if (!subwords.places.has(word)) unknown.add(word);
      const words = [...unknown];
      // In parts, because every encoding of a part is held as an object of the engine until its ids are copied.
      for (let from = 0; from < words.length; from += 4096) {
        const part = words.slice(from, from + 4096);
        const encodings = await engine.encodeBatch(part, { addSpecialTokens: false });
        for (const [i, word] of part.entries()) add(subwords, word, encodings[i]!.getIds());
      }
      return subwords;
    },
  };
}

/** About 70 MB; the distinct words of ten languages of PAN-X are fewer. */
const wordsKept = 1_000_000;
/** Words of thousands of letters come to as much sooner. */
const idsKept = 8_000_000;

interface GrowingSubwords extends Subwords {
  places: Map<string, number>;
  /** Places of `ids` that are taken. */
  used: number;
}

function noWords(): GrowingSubwords {
  return { places: new Map(), ids: new Int32Array(1024), used: 0 };
}

function add(subwords: GrowingSubwords, word: string, ids: readonly number[]): void {
  const end = subwords.used + 1 + ids.length;
  if (end > subwords.ids.length) {
    const larger = new Int32Array(2 * end);
    larger.set(subwords.ids);
    subwords.ids = larger;
  }
  subwords.places.set(word, subwords.used);
  subwords.ids[subwords.used] = ids.length;
  subwords.ids.set(ids, subwords.used + 1);
  subwords.used = end;
}
