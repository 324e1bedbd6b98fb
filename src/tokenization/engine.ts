import { createRequire } from 'node:module';
import type { Tokenizer } from 'tokenizers';

/** What panx asks of Hugging Face's tokenizers engine. Every call may throw the engine's own Error. */
export interface EngineCalls {
  /** Take the text of a `tokenizer.json`; a second one takes the place of the first. */
  load(text: string): Promise<void>;
  /** The ids of tokens, null for what is none. */
  ids(tokens: readonly string[]): Promise<(number | null)[]>;
  /** The ids of one text with special tokens, and which of them those are (1) or not (0). */
  probe(text: string): Promise<{ ids: number[]; special: number[] }>;
  /** For each word, without special tokens: how many ids, then they themselves. */
  encode(words: readonly string[]): Promise<Int32Array>;
  tokens(ids: readonly number[]): Promise<(string | null)[]>;
}

/** An engine in a process of its own. */
export interface EngineProcess extends Engine {
  /**
   * Load a file that this process has read, by its path and SHA-256: a text of megabytes would not be on its way before this process, busy
   * with checking it, comes to send it. Throws where the file is another by then.
   */
  loadFile(path: string, sha256: string): Promise<void>;
}

/** An engine somewhere, until it is ended. */
export interface Engine extends EngineCalls {
  /** Let go of it. What is asked after that is refused. */
  end(): void;
}

/** The engine in this process: an abort of the engine is one of panx. Only for files that `isPlain` knows. */
export function engineHere(): Engine {
  const load = createRequire(import.meta.url);
  return { ...engineCalls(load('tokenizers') as typeof import('tokenizers')), end: () => {} };
}

/** It stands on its own: a process of the engine's gets this function's text (engine-process.ts). */
export function engineCalls({ Tokenizer: Loader }: Pick<typeof import('tokenizers'), 'Tokenizer'>): EngineCalls {
  let engine: Tokenizer;
  return {
    async load(text) {
      engine = Loader.fromString(text);
      // A file may carry the settings of its last use; both would be applied to single words here.
      engine.disableTruncation();
      engine.disablePadding();
    },
    async ids(tokens) {
      return tokens.map(token => engine.tokenToId(token));
    },
    async probe(text) {
      const [encoding] = await engine.encodeBatch([text], { addSpecialTokens: true });
      return { ids: encoding!.getIds(), special: encoding!.getSpecialTokensMask() };
    },
    async encode(words) {
      const encodings = await engine.encodeBatch([...words], { addSpecialTokens: false });
      const ids = encodings.map(encoding => encoding.getIds());
      const packed = new Int32Array(ids.reduce((sum, { length }) => sum + 1 + length, 0));
      let position = 0;
      for (const word of ids) {
        packed[position] = word.length;
        packed.set(word, position + 1);
        position += 1 + word.length;
      }
      return packed;
    },
    async tokens(ids) {
      return ids.map(id => engine.idToToken(id));
    },
  };
}
