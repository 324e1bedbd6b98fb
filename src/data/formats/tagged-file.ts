import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { PanxError } from '../../errors.js';
import { readBounded } from '../../system/bounded-file.js';
import { formatCount } from '../../system/console.js';
import { reasonOf } from '../../system/files.js';
import type { WordColumns } from '../columns.js';
import { mostLabels } from '../labels.js';
import { checkWords, largestFile, longestRow, rowsHint } from './parquet-limits.js';

/** A file of words and tags as it was read, its tags as they stand there. */
export interface TaggedFile {
  path: string;
  /** SHA-256 of the file's bytes, in hexadecimal. */
  sha256: string;
  /** Tag ids are places in `tags`. */
  columns: WordColumns;
  tags: readonly FileTag[];
  /** Whether the file itself names its tags, in the order of their ids. */
  declared: boolean;
  /** Lines that mark the begin of a document, which are no sentences. */
  documentMarks: number;
  /** Lines for several words at once, and for words that are not in the text (CoNLL-U), which are left out. */
  otherLines: number;
}

export interface FileTag {
  name: string;
  /** Where it first stands, such as "line 12" or "row 3, word 2"; null where no word has it. */
  place: string | null;
}

/** Words and tags as they are read one after the other. */
export interface TaggedRows {
  /** @param place where it stands, asked for at the first word with this tag */
  word(text: string, tag: string, place: () => string): void;
  endRow(): void;
  /** Words since the last row ended. */
  readonly open: number;
  finish(): Pick<TaggedFile, 'columns' | 'tags'>;
}

/** @param sizeBytes of the file: as much text as it has at most */
export function taggedRows(path: string, sizeBytes: number): TaggedRows {
  // Bytes of a file that are no JSON escapes hold its text; what escapes stand for takes fewer bytes than they do.
  const text = Buffer.allocUnsafe(sizeBytes + 4);
  let bytes = 0;
  let textOffsets = growing();
  let tagIds = growing();
  const offsets = growing();
  const ids = new Map<string, number>();
  const tags: FileTag[] = [];
  offsets.push(0);
  textOffsets.push(0);
  let rowStart = 0;
  return {
    word(word, tag, place) {
      let id = ids.get(tag);
      if (id === undefined) {
        if (tags.length === mostLabels) throw tooManyTags(path);
        id = tags.push({ name: tag, place: place() }) - 1;
        ids.set(tag, id);
      }
      if (tagIds.length - rowStart === longestRow) throw tooLongRow(path, offsets.length - 1);
      bytes += text.write(word, bytes);
      textOffsets.push(bytes);
      tagIds.push(id);
    },
    endRow() {
      rowStart = tagIds.length;
      offsets.push(rowStart);
    },
    get open() {
      return tagIds.length - rowStart;
    },
    finish() {
      const columns = {
        rows: offsets.length - 1,
        offsets: offsets.array(),
        tagIds: tagIds.array(),
        textOffsets: textOffsets.array(),
        text:
          2 * bytes > sizeBytes
            ? new Uint8Array(text.buffer, text.byteOffset, bytes)
            : new Uint8Array(text.subarray(0, bytes)),
      };
      textOffsets = tagIds = growing();
      checkWords({ path, firstRow: 0 }, columns.offsets, columns.textOffsets);
      return { columns, tags };
    },
  };
}

/** @throws PanxError by whoever reads more tags than a corpus has */
export function tooManyTags(path: string): PanxError {
  return new PanxError(`${path} holds more than ${mostLabels} different tags; expected at most so many.`, {
    hint: 'Is the column of the tags the right one (docs/corpora.md)?',
  });
}

function tooLongRow(path: string, row: number): PanxError {
  return new PanxError(
    `${path}, row ${row}: found more than ${formatCount(longestRow)} words; expected at most so many.`,
    { hint: rowsHint },
  );
}

interface Growing {
  push(value: number): void;
  readonly length: number;
  array(): Int32Array;
}

function growing(): Growing {
  let values = new Int32Array(1 << 10);
  let length = 0;
  return {
    push(value) {
      if (length === values.length) {
        const larger = new Int32Array(2 * length);
        larger.set(values);
        values = larger;
      }
      values[length++] = value;
    },
    get length() {
      return length;
    },
    array: () => values.slice(0, length),
  };
}

/** A file of text. @throws PanxError where it cannot be read, is too large, or not text in UTF-8: file and line */
export async function readTextFile(path: string): Promise<{ bytes: Buffer; sha256: string }> {
  const bytes = await readBounded(path, largestFile).catch((error: unknown) => {
    throw new PanxError(`${path} cannot be read: ${reasonOf(error)}.`, { cause: error });
  });
  checkText(path, bytes);
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** The lines of a text in UTF-8, from 1, without their ends (LF or CRLF) and without the mark that may stand first. */
export function* linesOf(path: string, bytes: Buffer): Generator<{ line: string; number: number; end: number }> {
  let start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  for (let number = 1; start < bytes.length; number++) {
    const found = bytes.indexOf(0x0a, start);
    const end = found < 0 ? bytes.length : found;
    if (end - start > longestLine) {
      throw new PanxError(`${path}, line ${number}: it is longer than ${longestLine} bytes; expected shorter lines.`, {
        hint: 'Is it a file of text with a word, or a sentence, in each line?',
      });
    }
    const withoutReturn = end > start && bytes[end - 1] === 0x0d ? end - 1 : end;
    const line = bytes.toString('utf8', start, withoutReturn);
    if (line.includes('\r')) {
      throw new PanxError(
        `${path}, line ${number}: it holds a carriage return; expected lines that end in LF or CRLF.`,
        {
          hint: 'Write the file again with other line ends.',
        },
      );
    }
    yield { line, number, end };
    start = end + 1;
  }
}

/** A row of 100,000 words takes 4 MB. */
const longestLine = 16 << 20;

/** @throws PanxError where bytes are not text in UTF-8: file and line */
export function checkText(path: string, bytes: Buffer): void {
  const wide = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  const nul = bytes.indexOf(0);
  if (wide || nul >= 0) {
    const found = wide ? 'begins with the mark of UTF-16' : `holds a zero byte in line ${lineAt(bytes, nul)}`;
    throw new PanxError(`${path} ${found}; expected text in UTF-8.`, {
      hint: wide
        ? `Convert it: iconv -f utf-16 -t utf-8 ${path} > NEW`
        : 'Is it text? UTF-16 is converted by iconv -f utf-16le -t utf-8.',
    });
  }
  if (isUtf8(bytes)) return;
  let at = 0;
  for (let number = 1; ; number++) {
    const end = bytes.indexOf(0x0a, at);
    const line = bytes.subarray(at, end < 0 ? bytes.length : end);
    if (!isUtf8(line)) {
      const byte = firstWrongByte(line);
      throw new PanxError(
        `${path}, line ${number}: byte ${byte + 1} of the line, 0x${line[byte]!.toString(16).toUpperCase()}, is not UTF-8; expected text in UTF-8.`,
        { hint: `Convert it from what it is in: iconv -f latin1 -t utf-8 ${path} > NEW` },
      );
    }
    at = end + 1;
  }
}

function lineAt(bytes: Buffer, at: number): number {
  let number = 1;
  for (let end = bytes.indexOf(0x0a); end >= 0 && end < at; end = bytes.indexOf(0x0a, end + 1)) number++;
  return number;
}

/** The byte that no longer continues UTF-8: every character before it is whole. */
function firstWrongByte(line: Buffer): number {
  let at = 0;
  while (at < line.length) {
    const lead = line[at]!;
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (!isUtf8(line.subarray(at, at + length))) return at;
    at += length;
  }
  return 0;
}
