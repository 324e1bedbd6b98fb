import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readBounded } from '../config/bounded-file.js';
import { codeOf, PanxError } from '../errors.js';
import { reasonOf } from '../run/files.js';
import { collectGarbage } from '../run/memory.js';
import { describeTokenizer } from './description.js';
import { type Subwords, startWordEncoder, type WordEncoder } from './words.js';

/** One sentence as subwords, special tokens included, and what it lost on the way. */
export interface EncodedSentence {
  inputIds: Int32Array;
  /** The word that each subword belongs to, -1 for special tokens. */
  wordIds: Int32Array;
  /** Whether subwords were cut off at maxLength. */
  truncated: boolean;
  cutSubwords: number;
  /** Words whose first subword was cut off, and which therefore carry no label. */
  cutWords: number;
  /** Words that give no subword, whether left out or replaced by the unknown token. */
  emptyWords: number;
}

export interface SubwordTokenizer {
  /** SHA-256 of tokenizer.json, in hexadecimal. */
  readonly sha256: string;
  /** Every id is below this. */
  readonly vocabularySize: number;
  readonly unkId: number;
  readonly padId: number;
  /**
   * Encode sentences that are split into words already. A sentence of more than `maxLength` subwords, special tokens
   * included, loses its last ones. A word may give none (a lone U+200E): `drop` leaves it out, `unk` puts the unknown
   * token in its place; either way the words after it keep their number.
   *
   * @throws PanxError where maxLength leaves no room beside the special tokens
   */
  encodeWords(
    sentences: readonly (readonly string[])[],
    maxLength: number,
    emptyWords?: 'drop' | 'unk',
  ): Promise<EncodedSentence[]>;
  /** The subword of an id, such as "▁Karl". @throws RangeError where there is none, or before anything was encoded */
  token(id: number): string;
}

/** A `tokenizer.json` that is read and not parsed: all that is needed to find tokens in the cache. */
export interface TokenizerFile {
  /** SHA-256 of the file, in hexadecimal. */
  readonly sha256: string;
  /** Parse and check it, once. @throws PanxError naming the file where it is damaged, or not a tokenizer */
  load(): SubwordTokenizer;
  /** Let go of the file and of what was parsed, 300 MB for XLM-R's, once all is encoded. After that `load` throws. */
  release(): Promise<void>;
}

/**
 * Read `tokenizer.json` from a model folder. XLM-R's takes 0.15 s to parse and check, and its engine a second to start.
 *
 * @throws PanxError naming the file where it is absent
 */
export async function openTokenizer(folder: string): Promise<TokenizerFile> {
  const path = join(folder, 'tokenizer.json');
  let bytes: Buffer | null = await readBounded(path, largestTokenizer).catch(async (error: unknown) => {
    throw await cannotRead(folder, path, error);
  });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  let loaded: SubwordTokenizer | undefined;
  return {
    sha256,
    load() {
      if (loaded !== undefined) return loaded;
      if (bytes === null) throw new Error(`the tokenizer of ${path} has been released`);
      loaded = fromText(bytes.toString('utf8'), path, sha256);
      bytes = null;
      return loaded;
    },
    async release() {
      const wasLoaded = loaded !== undefined;
      bytes = null;
      loaded = undefined;
      if (wasLoaded) await collectGarbage();
    },
  };
}

/** Bytes of tokenizer.json at most: XLM-R's takes 9 million, the largest vocabularies there are 40. */
const largestTokenizer = 256 << 20;

/** `openTokenizer`, and parse and check the file too. @throws PanxError naming the file where it is absent, damaged, or not a tokenizer */
export async function loadTokenizer(folder: string): Promise<SubwordTokenizer> {
  return (await openTokenizer(folder)).load();
}

/** The engine starts when the first sentence is encoded. */
function fromText(file: string, path: string, sha256: string): SubwordTokenizer {
  const { vocabularySize, unkId, padId, text } = describeTokenizer(file, path);
  let engineText: string | null = text; // Let go once the engine has it: 6 million characters for XLM-R.
  let starting: Promise<WordEncoder> | undefined;
  let started: WordEncoder | undefined;
  return {
    sha256,
    vocabularySize,
    unkId,
    padId,
    async encodeWords(sentences, maxLength, emptyWords = 'drop') {
      if (engineText !== null) starting = startWordEncoder(engineText, path);
      engineText = null;
      const encoder = await starting!;
      started = encoder;
      const specials = encoder.before.length + encoder.after.length;
      if (!(maxLength > specials)) {
        throw new PanxError(
          `maxLength is ${maxLength}; expected at least ${specials + 1}, as the tokenizer adds ${specials} special tokens to every sentence.`,
        );
      }
      const subwords = await encoder.encode(sentences);
      const substitute = emptyWords === 'unk' ? unkId : undefined;
      return sentences.map(words => assemble(words, subwords, substitute, encoder, maxLength - specials));
    },
    token(id) {
      const token = started?.token(id) ?? null;
      if (token === null) throw new RangeError(`the tokenizer has no id ${id}, or has not started`);
      return token;
    },
  };
}

/**
 * Put the subwords of words one after the other, at most `room` of them, between the special tokens.
 *
 * @param substitute what stands in for a word without subwords; undefined leaves it out
 */
function assemble(
  words: readonly string[],
  { places, ids }: Subwords,
  substitute: number | undefined,
  { before, after }: WordEncoder,
  room: number,
): EncodedSentence {
  let length = 0;
  let cutWords = 0;
  let emptyWords = 0;
  const used = words.map(word => places.get(word)!);
  for (const place of used) {
    let count = ids[place]!;
    if (count === 0) {
      emptyWords++;
      if (substitute !== undefined) count = 1;
    }
    if (count > 0 && length >= room) cutWords++;
    length += count;
  }
  const kept = Math.min(length, room);
  const inputIds = new Int32Array(before.length + kept + after.length);
  const wordIds = new Int32Array(inputIds.length).fill(-1);
  inputIds.set(before);
  inputIds.set(after, before.length + kept);
  let position = before.length;
  const end = position + kept;
  for (let word = 0; word < used.length && position < end; word++) {
    const place = used[word]!;
    const count = ids[place]!;
    for (let i = 0; i < count && position < end; i++) {
      inputIds[position] = ids[place + 1 + i]!;
      wordIds[position++] = word;
    }
    if (count === 0 && substitute !== undefined) {
      inputIds[position] = substitute;
      wordIds[position++] = word;
    }
  }
  return { inputIds, wordIds, truncated: length > kept, cutSubwords: length - kept, cutWords, emptyWords };
}

async function cannotRead(folder: string, path: string, error: unknown): Promise<PanxError> {
  if (codeOf(error) !== 'ENOENT') return new PanxError(`${path} cannot be read: ${reasonOf(error)}.`, { cause: error });
  const files = await readdir(folder).catch(() => undefined);
  if (files === undefined) {
    return new PanxError(`The model folder ${folder} cannot be read: no such file or folder.`, {
      hint: 'Give a folder that holds tokenizer.json.',
      cause: error,
    });
  }
  const other = files.find(name => name === 'sentencepiece.bpe.model' || name === 'vocab.txt' || name === 'vocab.json');
  return new PanxError(`${folder} has no tokenizer.json: found ${files.sort().join(', ') || 'an empty folder'}.`, {
    hint:
      other === undefined
        ? 'Copy the tokenizer.json of the model that the checkpoint was made from.'
        : `Make it from ${other} with transformers: AutoTokenizer.from_pretrained('FOLDER').save_pretrained('FOLDER').`,
    cause: error,
  });
}
