import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PanxError } from '../../errors.js';
import { modelFile, vocabularyFile } from '../../run/model-files.js';
import { readGiven, refuseEmpty } from '../../system/stand-in.js';
import { textOf } from '../../system/text.js';
import { byteLevel, type TextFile } from './byte-level.js';
import { contentOf, type FolderSettings, readFolderSettings, readSettings } from './folder-settings.js';
import { classIn, kindOf, saveHint, type TokenizerClass, type TokenizerKind, vocabularyOf } from './kind.js';
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
  const className = await classOf(folder, names);
  const kind = kindOf(className);
  const settings = await readFolderSettings(folder, names);
  const missing = vocabularyOf(kind).find(name => !names.includes(name));
  if (missing !== undefined) {
    throw new PanxError(
      `${folder} has neither tokenizer.json nor ${missing}; expected ${vocabularyOf(kind).join(' and ')}, which a ${className} is made of.`,
      { hint: `Copy ${missing} of the model. ${saveHint}` },
    );
  }
  const path = join(folder, vocabularyOf(kind)[0]!);
  const made = await make(kind, folder, settings, lowerCase);
  const map = specialTokensMap(made);
  return {
    text: JSON.stringify(made.tokenizer),
    path,
    beside: new Map([
      [modelFile.tokenizerConfig, tokenizerConfig(className, settings, made)],
      ...(names.includes(modelFile.specialTokens) ? [] : ([[modelFile.specialTokens, map]] as const)),
    ]),
  };
}

function specialTokensMap({ specials: { byRole, additional } }: Made): Record<string, unknown> {
  return {
    ...Object.fromEntries([...byRole].map(([role, token]) => [role, contentOf(token)])),
    ...(additional.length === 0 ? {} : { additional_special_tokens: additional.map(contentOf) }),
  };
}

/** What was read, with every token and its flags, so that no version of transformers takes them from elsewhere. */
function tokenizerConfig(className: TokenizerClass, { config }: FolderSettings, made: Made): Record<string, unknown> {
  return {
    ...config,
    ...specialTokensMap(made),
    added_tokens_decoder: Object.fromEntries(made.tokenizer.added_tokens.map(({ id, ...token }) => [id, token])),
    tokenizer_class: className,
    ...made.forPython,
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
  const className = await classOf(folder, names).catch(() => undefined);
  if (className === undefined) return [];
  const { tokenizerConfig, specialTokens, addedTokens } = modelFile;
  // Where tokenizer_config.json has all added tokens, the two others are not read.
  const config = await readSettings(folder, tokenizerConfig, names).catch(() => ({}));
  const small = 'added_tokens_decoder' in config ? [tokenizerConfig] : [tokenizerConfig, specialTokens, addedTokens];
  return [...small, ...vocabularyOf(kindOf(className))].filter(name => names.includes(name));
}

function hasVocabulary(names: readonly string[]): boolean {
  return Object.values(vocabularyFile).some(name => name !== vocabularyFile.merges && names.includes(name));
}

async function classOf(folder: string, names: readonly string[]): Promise<TokenizerClass> {
  const config = await readSettings(folder, modelFile.config, names);
  return classIn(folder, config, await readSettings(folder, modelFile.tokenizerConfig, names), names);
}

async function namesIn(folder: string): Promise<string[]> {
  return await readdir(folder).catch(() => []);
}

/** Bytes of a file with a vocabulary: SentencePiece models of 900,000 pieces have 20 MB. */
const largestVocabulary = 60_000_000;

async function bytesIn(folder: string, name: string): Promise<Buffer> {
  const path = join(folder, name);
  const bytes = await readGiven(path, largestVocabulary);
  refuseEmpty(path, bytes);
  return bytes;
}

async function textIn(folder: string, name: string): Promise<TextFile> {
  const path = join(folder, name);
  return { text: textOf(await bytesIn(folder, name), path), path };
}
