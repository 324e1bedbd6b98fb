import { createHash } from 'node:crypto';
import { PanxError } from '../../errors.js';
import { formatCount } from '../../system/console.js';
import { readGiven } from '../../system/stand-in.js';
import { checkText } from '../../system/text.js';
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
  const bytes = await readGiven(path, largestFile);
  checkText(bytes, path);
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}
