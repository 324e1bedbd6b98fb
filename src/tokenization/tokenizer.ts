import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { PanxError } from '../errors.js';
import { modelFile } from '../run/model-files.js';
import { collectGarbage } from '../system/memory.js';
import { refuseThreadCounts, tokenizerThreads } from '../system/thread-counts.js';
import { assemble, type EncodedSentence } from './assemble.js';
import { convertTokenizer } from './converters/convert.js';
import { describeTokenizer, type TokenizerDescription } from './description.js';
import { type Engine, engineHere } from './engine.js';
import { type EngineLimits, startEngineProcess } from './engine-process.js';
import { refuseOtherCase } from './lower-case.js';
import type { EncodeOptions } from './rows.js';
import { readTokenizerFile, tokenizerText } from './tokenizer-file.js';
import { startWordEncoder, type WordEncoder } from './words.js';

export interface SubwordTokenizer {
  /** SHA-256 of tokenizer.json, or of that which was made where there is none, in hexadecimal. */
  readonly sha256: string;
  /** Every id is below this. */
  readonly vocabularySize: number;
  readonly unkId: number;
  readonly padId: number;
  /** See `TokenizerDescription.byteLevel`. */
  readonly byteLevel: boolean;
  /**
   * Encode sentences that are split into words already. A sentence of more than `maxLength` subwords, special tokens
   * included, loses its last ones, or is split: see `assemble`. A word may give none (a lone U+200E): `drop` leaves it out,
   * `unk` puts the unknown token in its place; either way the words after it keep their number.
   *
   * @throws PanxError where maxLength leaves no room beside the special tokens
   */
  encodeWords(
    sentences: readonly (readonly string[])[],
    maxLength: number,
    emptyWords?: EncodeOptions['emptyWords'],
    longRows?: EncodeOptions['longRows'],
  ): Promise<EncodedSentence[]>;
  /** The subwords of ids, such as "▁Karl". @throws RangeError where there is none, or before anything was encoded */
  tokens(ids: readonly number[]): Promise<string[]>;
  /** Let go of the engine, 300 MB for XLM-R's, once all is encoded. Nothing can be encoded after that. */
  close(): void;
}

/** A `tokenizer.json` that is read (or made, where there is none) and not parsed: all that is needed to find tokens in the cache. */
export interface TokenizerFile {
  /** See `SubwordTokenizer.sha256`. */
  readonly sha256: string;
  /** Parse and check it, once. @throws PanxError naming the file where it is damaged, or not a tokenizer; RAYON_NUM_THREADS where it is no number */
  load(): SubwordTokenizer;
  /** Let go of the file and of what was parsed, 300 MB for XLM-R's, once all is encoded. After that `load` throws. */
  release(): Promise<void>;
}

/** What only some folders leave open. */
export interface TokenizerOptions {
  /** Whether a vocab.txt is of lower case, where nothing beside it says so. Of all others it is what they do themselves. */
  lowerCase: boolean | null;
}

/** For folders that leave nothing open. */
const undecided: TokenizerOptions = { lowerCase: null };

/**
 * Read `tokenizer.json` from a model folder, or make it of the files that are there instead (`convertTokenizer`). XLM-R's takes 0.2 s to parse
 * and check, and its engine a second to start.
 *
 * @throws PanxError naming the file where it is absent, larger than a tokenizer is, or cannot be converted, and as `refuseOtherCase` does
 */
export async function openTokenizer(
  folder: string,
  { lowerCase }: TokenizerOptions = undecided,
): Promise<TokenizerFile> {
  let source: Source | null = await sourceIn(folder, lowerCase);
  const { path, sha256 } = source;
  let loaded: SubwordTokenizer | undefined;
  return {
    sha256,
    load() {
      if (loaded !== undefined) return loaded;
      if (source === null) throw new Error(`the tokenizer of ${path} has been released`);
      loaded = fromSource(source);
      source = null;
      return loaded;
    },
    async release() {
      const wasLoaded = loaded !== undefined;
      loaded?.close();
      source = null;
      loaded = undefined;
      if (wasLoaded) await collectGarbage();
    },
  };
}

/** `openTokenizer`, and parse and check the file too. @throws PanxError naming the file where it is absent, damaged, or not a tokenizer */
export async function loadTokenizer(folder: string, options?: TokenizerOptions): Promise<SubwordTokenizer> {
  return (await openTokenizer(folder, options)).load();
}

interface Source {
  bytes: Buffer;
  /** Of the file, or of the one that it was made of. */
  path: string;
  sha256: string;
  /** Whether the bytes were made here, and no file has them. */
  made: boolean;
}

async function sourceIn(folder: string, lowerCase: boolean | null): Promise<Source> {
  const made = await convertTokenizer(folder, lowerCase);
  const bytes = made === null ? await readTokenizerFile(folder) : Buffer.from(made.text);
  const path = made?.path ?? join(folder, modelFile.tokenizer);
  if (lowerCase !== null) refuseOtherCase(tokenizerText(bytes, path), path, lowerCase);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { bytes, path, sha256, made: made !== null };
}

/** The engine of a large file starts at once, so that it is ready when the data are; that of a small one with the first sentence. */
function fromSource({ bytes, path, sha256, made }: Source): SubwordTokenizer {
  refuseThreadCounts(tokenizerThreads);
  const limits = engineLimits(bytes.length);
  const text = tokenizerText(bytes, path);
  // It loads the file while this process parses it, and then what is made of it, where that is another.
  const ofLarge = bytes.length > smallFile ? startEngineProcess(limits) : undefined;
  let engine: Engine | undefined = ofLarge;
  let loading = made ? undefined : ofLarge?.loadFile(resolve(path), sha256);
  loading?.catch(() => {}); // Said to whoever encodes.
  let description: TokenizerDescription | null;
  try {
    description = describeTokenizer(text, path);
  } catch (error) {
    engine?.end();
    throw error;
  }
  if (description.text !== text) loading = undefined;
  const { vocabularySize, unkId, padId, byteLevel } = description;
  let starting: Promise<WordEncoder> | undefined;
  const start = (): Promise<WordEncoder> => {
    if (starting !== undefined) return starting;
    if (description === null) throw new Error(`the tokenizer of ${path} has been closed`);
    engine ??= description.plain ? engineHere() : startEngineProcess(limits);
    starting = startWordEncoder(engine, loading ?? engine.load(description.text), description, path);
    description = null; // Its text, 6 million characters for XLM-R, is the engine's now.
    return starting;
  };
  return {
    sha256,
    vocabularySize,
    unkId,
    padId,
    byteLevel,
    async encodeWords(sentences, maxLength, emptyWords = 'drop', longRows = 'cut') {
      const encoder = await start();
      const specials = encoder.before.length + encoder.after.length;
      if (!(maxLength > specials)) {
        throw new PanxError(
          `maxLength is ${maxLength}; expected at least ${specials + 1}, as the tokenizer adds ${specials} special tokens to every sentence.`,
        );
      }
      const subwords = await encoder.encode(sentences);
      const substitute = emptyWords === 'unk' ? unkId : undefined;
      const options = { room: maxLength - specials, substitute, longRows };
      return sentences.map(words => assemble(words, subwords, encoder, options));
    },
    async tokens(ids) {
      const tokens = await (await start()).tokens(ids);
      return tokens.map((token, i) => {
        if (token === null) throw new RangeError(`the tokenizer has no id ${ids[i]}`);
        return token;
      });
    },
    close() {
      engine?.end();
      engine = undefined;
      starting = undefined;
      description = null;
    },
  };
}

/** 1 MB: parsing a larger file takes longer than starting a process. */
const smallFile = 1_000_000;

/**
 * What a file's engine may take. XLM-R's (6 MB) takes 0.4 GB and 0.7 s to load, and 0.02 s for the 4,096 words that it gets at once; one
 * of the size of XLM-V's (32 MB, 900,000 tokens) 1.3 GB and 4 s.
 */
function engineLimits(bytes: number): EngineLimits {
  return { memory: Math.min(400e6 + 40 * bytes, 1.8e9), silence: 30 + Math.ceil(bytes / 1e6) };
}
