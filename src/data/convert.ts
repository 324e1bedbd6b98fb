import { excerpt, PanxError } from '../errors.js';
import { sliceColumns, type WordColumns } from './columns.js';
import { type Split, splitColumns } from './corpus.js';
import { folderOf } from './formats/panx.js';
import { conllText } from './formats/write-conll.js';
import { jsonlText } from './formats/write-jsonl.js';
import { parquetBytes } from './formats/write-parquet.js';
import { flawOfTag, parseTag } from './tag-schemes.js';

/** What a corpus can be written as. */
export const writtenFormats = ['parquet', 'conll', 'jsonl'] as const;
export type WrittenFormat = (typeof writtenFormats)[number];

/** A file to write, inside the folder of the corpus. */
export interface FileToWrite {
  /** `PAN-X.de/train-00000-of-00001.parquet`, `de/train.conll` */
  name: string;
  content: Uint8Array | AsyncIterable<Uint8Array>;
}

/** The code of a language, without the name of its corpus. */
export function codeOfLanguage(lang: string): string {
  return lang.slice(lang.indexOf('=') + 1);
}

/** The folder of a language. */
export function langFolder(lang: string, to: WrittenFormat): string {
  return to === 'parquet' ? folderOf(codeOfLanguage(lang)) : codeOfLanguage(lang);
}

/** Whether a name is one that `filesOfSplit` gives to a file. */
export function isWritten(name: string): boolean {
  return /^(train|validation|test)(-\d{5}-of-\d{5})?\.(parquet|conll|jsonl)$/.test(name);
}

/**
 * A split as files of a format, made one after the other. Parquet files are laid out as PAN-X's, so that `data` reads them.
 *
 * @throws PanxError where a word or a tag has no place in the format
 */
export async function* filesOfSplit(split: Split, to: WrittenFormat): AsyncGenerator<FileToWrite> {
  const { labelNames: tags } = split;
  const subject = `The ${split.split} split of ${split.lang}`;
  if (to !== 'parquet') checkTags(subject, tags);
  const columns = splitColumns(split);
  const parts = partsOf(columns);
  for (const [i, { from, end }] of parts.entries()) {
    const part = sliceColumns(columns, from, end);
    yield {
      name: `${langFolder(split.lang, to)}/${nameOf(split.split, i, parts.length, to)}`,
      content: await contentOf(part, from),
    };
  }
  async function contentOf(part: WordColumns, firstRow: number): Promise<FileToWrite['content']> {
    switch (to) {
      case 'parquet':
        return await parquetBytes(part, tags);
      case 'conll':
        return bytesOf(conllText(part, tags, subject, firstRow));
      case 'jsonl':
        return bytesOf(jsonlText(part, tags));
    }
  }
}

function nameOf(split: string, part: number, parts: number, to: WrittenFormat): string {
  if (parts === 1 && to !== 'parquet') return `${split}.${to}`;
  const digits = (number: number) => String(number).padStart(5, '0');
  return `${split}-${digits(part)}-of-${digits(parts)}.${to}`;
}

/** Words of a file at most, and rows: far below the limits of what panx reads. */
const wordsOfFile = 1 << 20;
const rowsOfFile = 1 << 18;

function partsOf({ rows, offsets }: WordColumns): { from: number; end: number }[] {
  const parts = [];
  for (let from = 0; from < rows; ) {
    let end = from + 1;
    while (end < rows && end - from < rowsOfFile && offsets[end + 1]! - offsets[from]! <= wordsOfFile) end++;
    parts.push({ from, end });
    from = end;
  }
  return parts;
}

async function* bytesOf(texts: Iterable<string>): AsyncGenerator<Uint8Array> {
  let pending: string[] = [];
  let length = 0;
  for (const text of texts) {
    pending.push(text);
    length += text.length;
    if (length < 1 << 20) continue;
    yield Buffer.from(pending.join(''));
    pending = [];
    length = 0;
  }
  yield Buffer.from(pending.join(''));
}

/** In the two formats of text a tag has to say itself what it is. */
function checkTags(subject: string, tags: readonly string[]): void {
  for (const tag of tags) {
    const flaw = flawOfTag(tag);
    if (flaw === null) continue;
    throw new PanxError(`${subject} has the tag ${excerpt(tag)}, which ${flaw}.`, {
      hint: 'Write parquet: --to parquet.',
    });
  }
}

/** Whether tags are of IOB2 as they stand, so that who reads them back has nothing to find out. */
export function areIob2(tags: readonly string[]): boolean {
  return tags.every(tag => 'OBI'.includes(parseTag(tag)?.prefix ?? 'none'));
}
