import { messageOf, PanxError } from '../errors.js';
import { formatCount } from '../system/console.js';
import type { TokenizerDescription } from './description.js';
import type { Engine } from './engine.js';

/** The tokenizers engine, asked for one word at a time and never twice for the same. */
export interface WordEncoder {
  /** Special token ids before and after every sentence. */
  before: Int32Array;
  after: Int32Array;
  /**
   * The subwords of each distinct word of these sentences, and maybe of others.
   *
   * @throws PanxError naming the file where the engine cannot split one, and for a word of more than `longestWord` characters
   */
  encode(sentences: readonly (readonly string[])[]): Promise<Subwords>;
  /** The tokens of ids, null for an id that none has. */
  tokens(ids: readonly number[]): Promise<(string | null)[]>;
}

/** Subwords of distinct words, packed: an array for each word would take four times the memory. */
export interface Subwords {
  /** Word -> where its ids are in `ids`: their number, which is 0 for a word that normalises to nothing, and then they themselves. */
  places: ReadonlyMap<string, number>;
  ids: Int32Array;
}

/**
 * Make a word encoder of Hugging Face's tokenizers engine.
 *
 * Its JavaScript binding declares `isPretokenized` and refuses lists of words all the same (0.23.2: "Failed to convert
 * JavaScript value into rust type String"). The engine itself treats a pre-tokenized sentence as so many separate inputs
 * (normaliser, pre-tokenizer and model run on each word alone) whose subwords it concatenates, truncates and puts special
 * tokens around. So each distinct word is encoded once, without special tokens, and the rest is done here: the same ids
 * as Python's `encode(words, is_pretokenized=True)`, and a corpus costs only its distinct words.
 *
 * @param loading the file, into the engine
 * @throws PanxError where the engine refuses the file, stops, or has other ids than the file says
 */
export async function startWordEncoder(
  engine: Engine,
  loading: Promise<void>,
  { added, vocabularySize }: TokenizerDescription,
  path: string,
): Promise<WordEncoder> {
  await loading.catch((error: unknown) => {
    throw refusal(path, 'not a tokenizer that can be loaded', error);
  });
  const contents = [...added.keys()];
  const splits = <T>(answer: Promise<T>): Promise<T> =>
    answer.catch((error: unknown) => {
      throw refusal(path, 'a tokenizer that cannot split words', error);
    });
  const idsInEngine = await splits(engine.ids(contents));
  for (const [i, content] of contents.entries()) {
    const [id, engineId] = [added.get(content)!, idsInEngine[i]];
    if (engineId === id) continue;
    throw new PanxError(
      `${path} gives the added token ${JSON.stringify(content)} the id ${id}, but the tokenizers engine gives it ${engineId ?? 'none'}; ` +
        'expected the ids of added tokens to follow those of the vocabulary.',
      { hint },
    );
  }
  const checked: Pick<Engine, 'encode' | 'probe' | 'tokens'> = {
    encode: words => splits(engine.encode(words)),
    probe: text => splits(engine.probe(text)),
    tokens: ids => splits(engine.tokens(ids)),
  };
  const { before, after } = await specialsAround(checked, path);
  const beyond = [...before, ...after].find(id => id >= vocabularySize);
  if (beyond !== undefined) {
    throw new PanxError(`${path} puts id ${beyond} around sentences; expected ids below ${vocabularySize}.`, { hint });
  }
  let known = noWords();
  return {
    before: Int32Array.from(before),
    after: Int32Array.from(after),
    tokens: checked.tokens,
    async encode(sentences) {
      if (known.places.size > wordsKept || known.used > idsKept) known = noWords();
      const subwords = known;
      const unknown = new Set<string>();
      for (const words of sentences) for (const word of words) if (!subwords.places.has(word)) unknown.add(word);
      for (const part of partsOf(unknown)) add(subwords, part, await checked.encode(part));
      return subwords;
    },
  };
}

const hint = 'Save it again with a current version of transformers, or fetch it again.';

/** About 70 MB; the distinct words of ten languages of PAN-X are fewer. */
const wordsKept = 1_000_000;
/** Words of thousands of letters come to as much sooner. */
const idsKept = 8_000_000;

/** In UTF-16 units. No word of a language is that long, and what the engine keeps of one grows with it, 300 bytes a unit. */
export const longestWord = 100_000;

/** In parts, because every encoding of a part is held as an object of the engine until its ids are copied. */
function* partsOf(words: Iterable<string>): Generator<string[]> {
  let part: string[] = [];
  let length = 0;
  for (const word of words) {
    if (word.length > longestWord) {
      throw new PanxError(
        `A word of ${formatCount(word.length)} characters, beginning with ${JSON.stringify([...word.slice(0, 40)].slice(0, 20).join(''))}, cannot be split into ` +
          `subwords; expected words of at most ${formatCount(longestWord)}.`,
        { hint: 'Put spaces between its words.' },
      );
    }
    if (part.length === 4096 || length + word.length > 5 * longestWord) {
      yield part;
      part = [];
      length = 0;
    }
    part.push(word);
    length += word.length;
  }
  if (part.length > 0) yield part;
}

/** What the engine puts before and after a sentence, found at a word of which it makes subwords. */
async function specialsAround(
  engine: Pick<Engine, 'encode' | 'probe'>,
  path: string,
): Promise<{ before: number[]; after: number[] }> {
  const probes = ['a', '1', '.'];
  for (const word of probes) {
    const inner = [...(await engine.encode([word])).subarray(1)];
    if (inner.length === 0) continue;
    const { ids, special } = await engine.probe(word);
    const first = special.indexOf(0);
    const end = special.lastIndexOf(0) + 1;
    if (ids.slice(first, end).join() === inner.join()) return { before: ids.slice(0, first), after: ids.slice(end) };
    throw new PanxError(
      `${path} makes ids ${ids.join(' ')} of the word "${word}", whose subwords are ${inner.join(' ')}; ` +
        'expected a post-processor that puts special tokens before and after, and changes nothing else.',
      { hint },
    );
  }
  throw new PanxError(
    `${path} makes no subwords of ${probes.map(word => `"${word}"`).join(', ')}; expected some of one of them.`,
    { hint },
  );
}

/** The file cannot be used because of what the engine says, or of how it ended. */
function refusal(path: string, found: string, error: unknown): PanxError {
  if (error instanceof PanxError) return error;
  const reason = messageOf(error).replaceAll(/\s+/g, ' ').trim().slice(0, 500).replace(/\.$/, '');
  return new PanxError(`${path} is ${found}: ${reason}.`, { hint, cause: error });
}

interface GrowingSubwords extends Subwords {
  places: Map<string, number>;
  /** Places of `ids` that are taken. */
  used: number;
}

function noWords(): GrowingSubwords {
  return { places: new Map(), ids: new Int32Array(1024), used: 0 };
}

/** @param packed for each word how many ids, then they themselves */
function add(subwords: GrowingSubwords, words: readonly string[], packed: Int32Array): void {
  const end = subwords.used + packed.length;
  if (end > subwords.ids.length) {
    const larger = new Int32Array(2 * end);
    larger.set(subwords.ids);
    subwords.ids = larger;
  }
  subwords.ids.set(packed, subwords.used);
  let position = 0;
  for (const word of words) {
    subwords.places.set(word, subwords.used + position);
    position += 1 + packed[position]!;
  }
  subwords.used = end;
}
