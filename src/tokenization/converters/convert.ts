import { isUtf8 } from 'node:buffer';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PanxError } from '../../errors.js';
import { modelFile, vocabularyFile } from '../../run/model-files.js';
import { readBounded } from '../../system/bounded-file.js';
import { reasonOf } from '../../system/files.js';
import { byteLevel, type TextFile } from './byte-level.js';
import { type FolderSettings, readFolderSettings, readSettings } from './folder-settings.js';
import { classOf, kindOf, saveHint, type TokenizerKind, vocabularyOf } from './kind.js';
import type { Made } from './made.js';
import { sentencePiece } from './sentencepiece.js';
import { wordPiece } from './wordpiece.js';

/** A tokenizer.json that was made in memory. */
export interface Converted {
  /** Its text, as `tokenizer.json` in a checkpoint has it. */
  text: string;
  /** The file with its vocabulary, for messages. */
  path: string;
  /** The other small files that Python needs to make the same tokenizer, by name, with their content. */
  beside: ReadonlyMap<string, Record<string, unknown>>;
}

/**
 * Make the tokenizer.json that a folder lacks, of the files that it has, so that ids are those of transformers 4.57.6's fast tokenizers.
 *
 * @param lowerCase `tokenization.lowerCase`: for a vocab.txt beside which nothing says it
 * @returns null where the folder has a tokenizer.json, or nothing that a tokenizer is made of
 * @throws PanxError naming the file that is missing or damaged, or the kind that panx does not convert
 */
export async function convertTokenizer(folder: string, lowerCase: boolean | null): Promise<Converted | null> {
  const names = await namesIn(folder);
  if (names.includes(modelFile.tokenizer) || !hasVocabulary(names)) return null;
  const [kind, settings] = [await kindIn(folder, names), await readFolderSettings(folder, names)];
  const missing = vocabularyOf(kind).find(name => !names.includes(name));
  if (missing !== undefined) {
    throw new PanxError(
      `${folder} has neither tokenizer.json nor ${missing}; a ${classOf[kind]} is read from ${vocabularyOf(kind).join(' and ')}.`,
      { hint: `Copy ${missing} of the model. ${saveHint}` },
    );
  }
  const path = join(folder, vocabularyOf(kind)[0]!);
  const { tokenizer, specials, forPython } = await make(kind, folder, settings, lowerCase);
  const { tokenizer_class, ...config } = settings.config;
  const ofRoles = [...specials.byRole].map(([role, { content }]) => [role, content]);
  return {
    text: JSON.stringify(tokenizer),
    path,
    beside: new Map([
      [modelFile.tokenizerConfig, { ...config, ...forPython, tokenizer_class: tokenizer_class ?? classOf[kind] }],
      ...(names.includes(modelFile.specialTokens)
        ? []
        : ([[modelFile.specialTokens, Object.fromEntries(ofRoles)]] as const)),
    ]),
  };
}

async function make(
  kind: TokenizerKind,
  folder: string,
  settings: FolderSettings,
  lowerCase: boolean | null,
): Promise<Made> {
  switch (kind) {
    case 'bert': {
      const { text, path } = await textIn(folder, vocabularyFile.wordPiece);
      return wordPiece(text, path, settings, lowerCase);
    }
    case 'roberta':
    case 'deberta': {
      const vocab = await textIn(folder, vocabularyFile.byteLevel);
      return byteLevel(vocab, await textIn(folder, vocabularyFile.merges), settings, kind);
    }
    case 'xlm-roberta':
    case 'camembert':
    case 'deberta-v2': {
      const [name] = vocabularyOf(kind);
      return sentencePiece(await bytesIn(folder, name!), join(folder, name!), settings, kind);
    }
  }
}

/**
 * The files of a folder that its tokenizer is made of where it has no tokenizer.json: with another content of one of them the model is another.
 * None where the folder has a tokenizer.json, or no tokenizer that panx converts.
 */
export async function sourcesOf(folder: string): Promise<string[]> {
  const names = await namesIn(folder);
  if (names.includes(modelFile.tokenizer) || !hasVocabulary(names)) return [];
  const kind = await kindIn(folder, names).catch(() => undefined);
  if (kind === undefined) return [];
  const { tokenizerConfig, specialTokens, addedTokens } = modelFile;
  // Where tokenizer_config.json has all added tokens, the two others are not read.
  const config = await readSettings(folder, tokenizerConfig, names).catch(() => ({}));
  const small = 'added_tokens_decoder' in config ? [tokenizerConfig] : [tokenizerConfig, specialTokens, addedTokens];
  return [...small, ...vocabularyOf(kind)].filter(name => names.includes(name));
}

function hasVocabulary(names: readonly string[]): boolean {
  return Object.values(vocabularyFile).some(name => name !== vocabularyFile.merges && names.includes(name));
}

async function kindIn(folder: string, names: readonly string[]): Promise<TokenizerKind> {
  const config = await readSettings(folder, modelFile.config, names);
  return kindOf(folder, config, await readSettings(folder, modelFile.tokenizerConfig, names), names);
}

async function namesIn(folder: string): Promise<string[]> {
  return await readdir(folder).catch(() => []);
}

/** Bytes of a file with a vocabulary: SentencePiece models of 900,000 pieces have 20 MB. */
const largestVocabulary = 60_000_000;

async function bytesIn(folder: string, name: string): Promise<Buffer> {
  const path = join(folder, name);
  return await readBounded(path, largestVocabulary).catch((error: unknown) => {
    throw new PanxError(`${path} cannot be read: ${reasonOf(error)}.`, { cause: error });
  });
}

async function textIn(folder: string, name: string): Promise<TextFile> {
  const path = join(folder, name);
  const bytes = await bytesIn(folder, name);
  if (isUtf8(bytes)) return { text: bytes.toString('utf8'), path };
  throw new PanxError(`${path} is not UTF-8 text.`, { hint: 'Copy it again; it may be damaged, or another file.' });
}
