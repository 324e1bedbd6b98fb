import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, PanxError } from '../errors.js';
import { modelFile } from '../run/model-files.js';
import { formatBytes, formatCount } from '../system/console.js';
import { reasonOf } from '../system/files.js';
import { deadLink, refuseEmpty, refuseStandIn } from '../system/stand-in.js';
import { checkText, markLength } from '../system/text.js';

/**
 * The bytes of a model folder's `tokenizer.json`.
 *
 * @throws PanxError naming the file where it is absent, no file, or larger than a tokenizer is
 */
export async function readTokenizerFile(folder: string): Promise<Buffer> {
  const path = join(folder, modelFile.tokenizer);
  try {
    await refuseOtherFiles(path);
    const bytes = await readFile(path);
    refuseEmpty(path, bytes);
    refuseStandIn(path, bytes);
    return bytes;
  } catch (error) {
    throw error instanceof PanxError ? error : await cannotRead(folder, path, error);
  }
}

async function refuseOtherFiles(path: string): Promise<void> {
  const found = await stat(path);
  if (!found.isFile() && !found.isDirectory()) {
    throw new PanxError(`${path} is a pipe or a device; expected a file.`); // Reading it might never end.
  }
  if (found.size > largestFile) {
    throw new PanxError(
      `${path} has ${formatBytes(found.size)}; expected a tokenizer of at most ${formatBytes(largestFile)}.`,
    );
  }
}

/** XLM-V's has 60 MB where it is indented. */
const largestFile = 80e6;

/** The file's text. @throws PanxError where it is none, or of more values than a tokenizer has */
export function tokenizerText(bytes: Buffer, path: string): string {
  checkText(bytes, path);
  refuseLongStrings(bytes, path);
  refuseManyValues(bytes, path);
  return bytes.toString('utf8', markLength(bytes));
}

/** A string lies in memory several times over while it is parsed, and the engine builds tables of what it says. */
function refuseLongStrings(bytes: Buffer, path: string): void {
  if (bytes.length < longestString) return;
  let quotes = 0;
  let begin = 0;
  for (let at = bytes.indexOf(quote); at >= 0; at = bytes.indexOf(quote, at + 1)) {
    let escapes = 0;
    while (bytes[at - 1 - escapes] === backslash) escapes++;
    if (escapes % 2 === 1) continue;
    if (quotes++ % 2 === 0) begin = at;
    else if (at - begin > longestString) {
      throw new PanxError(
        `${path} has a string of ${formatBytes(at - begin)}; expected a tokenizer with strings of at most ${formatBytes(longestString)}.`,
      );
    }
  }
}

/** The longest known, XLM-R's map of characters (precompiled_charsmap), has 0.3 MB. */
const longestString = 10e6;
const quote = 0x22;
const backslash = 0x5c;

/** JSON of 80 MB may be of 30 million empty arrays or 10 million keys, which would take gigabytes when parsed. */
function refuseManyValues(bytes: Buffer, path: string): void {
  if (bytes.length < mostMarks) return;
  let marks = 0;
  for (const byte of bytes) if (byte === comma || byte === colon || byte === bracket || byte === brace) marks++;
  if (marks <= mostMarks) return;
  throw new PanxError(
    `${path} has ${formatCount(marks)} commas, colons and opening brackets; expected a tokenizer of at most ${formatCount(mostMarks)}.`,
  );
}

/** XLM-V's has 3 million. */
const mostMarks = 4_000_000;
const comma = 0x2c;
const colon = 0x3a;
const bracket = 0x5b;
const brace = 0x7b;

async function cannotRead(folder: string, path: string, error: unknown): Promise<PanxError> {
  if (codeOf(error) !== 'ENOENT') return new PanxError(`${path} cannot be read: ${reasonOf(error)}.`, { cause: error });
  const link = await deadLink(path);
  if (link !== null) return link;
  const files = await readdir(folder).catch(() => undefined);
  if (files === undefined) {
    return new PanxError(`The model folder ${folder} cannot be read: no such file or folder.`, {
      hint: 'Give a folder that holds tokenizer.json, or the vocabulary that one is made of.',
      cause: error,
    });
  }
  const other = files.find(name => /\.model$|^vocab|tiktoken/.test(name));
  return new PanxError(`${folder} has no tokenizer.json: found ${files.sort().join(', ') || 'an empty folder'}.`, {
    hint:
      other === undefined
        ? 'Copy the tokenizer.json of the model that the checkpoint was made from.'
        : `Make it from ${other} with transformers: AutoTokenizer.from_pretrained('FOLDER').save_pretrained('FOLDER').`,
    cause: error,
  });
}
