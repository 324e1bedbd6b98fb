import type { CorpusColumns } from '../../config/corpora.js';
import { excerpt, PanxError } from '../../errors.js';
import { linesOf } from '../../system/text.js';
import { flawOfTag } from '../tag-schemes.js';
import { readTextFile, type TaggedFile, taggedRows } from './tagged-file.js';

/**
 * Read a file of columns, a word in each line and an empty line after each sentence, as CoNLL-2002, CoNLL-2003, GermEval and CoNLL-U are.
 *
 * - Columns lie between tabs, or, where the first line of a word has no tab, between runs of spaces and tabs.
 * - A line that begins with # before the first word of a sentence is a comment, unless it has as many columns as the lines of words and a
 *   tag in its place: a word # is a word.
 * - A line -DOCSTART- marks a document. It is dropped, and counted.
 * - In a file of ten columns (CoNLL-U) lines of several words (3-4) and of words that are not in the text (8.1) are left out, and counted.
 * - An empty line at the end is not needed. A line of nothing but spaces and tabs is an empty one.
 *
 * @param columns their numbers, from 1, or from -1 counted from the last; `feature` where the tag stands as name=TAG among others
 * @throws PanxError naming file and line: not UTF-8, another number of columns, no tag
 */
export async function readConll(path: string, columns: CorpusColumns): Promise<TaggedFile> {
  const { bytes, sha256 } = await readTextFile(path);
  const places = { words: columns.words as number, tags: columns.tags as number, feature: columns.feature };
  const layout = layoutOf(path, bytes, places);
  const rows = taggedRows(path, bytes.length);
  const sound = new Set<string>();
  let documentMarks = 0;
  let otherLines = 0;
  const endRow = () => {
    if (rows.open > 0) rows.endRow();
  };
  for (const { line, number } of linesOf(path, bytes)) {
    const fields = fieldsOf(line, layout.tabs);
    if (fields.length === 0) endRow();
    else if (isDocumentMark(line, fields, places)) {
      documentMarks++;
      endRow();
    } else if (rows.open === 0 && line.startsWith('#') && !isWordLine(fields, layout)) {
      // A comment.
    } else if (layout.columns === 10 && /^\d+[-.]\d+$/.test(fields[0]!)) otherLines++;
    else {
      checkFields(path, number, fields, layout);
      const tag = tagOf(fields, layout.places);
      const flaw = tag === null ? `has no ${places.feature}= in that column` : sound.has(tag) ? null : flawOfTag(tag);
      if (flaw === null) sound.add(tag!);
      else throw noTag(path, number, tag ?? at(fields, places.tags)!, flaw, places.feature);
      rows.word(at(fields, places.words)!, tag!, () => `line ${number}`);
    }
  }
  endRow();
  return { path, sha256, ...rows.finish(), declared: false, documentMarks, otherLines };
}

interface Places {
  words: number;
  tags: number;
  feature: string | undefined;
}

interface Layout {
  places: Places;
  tabs: boolean;
  /** Columns of the first line of a word. */
  columns: number;
  line: number;
}

/** What the first line that can only be that of a word looks like; in a file whose words all begin with #, the first one. */
function layoutOf(path: string, bytes: Buffer, places: Places): Layout {
  let fallback: Layout | undefined;
  for (const { line, number } of linesOf(path, bytes)) {
    const tabs = line.trimEnd().includes('\t');
    const fields = fieldsOf(line, tabs);
    if (fields.length === 0 || isDocumentMark(line, fields, places)) continue;
    const layout = { places, tabs, columns: fields.length, line: number };
    if (!line.startsWith('#')) return layout;
    if (isWordLine(fields, layout)) fallback ??= layout;
  }
  return fallback ?? { places, tabs: true, columns: 2, line: 1 };
}

/** [] for an empty line. */
function fieldsOf(line: string, tabs: boolean): string[] {
  const last = line.at(-1);
  const trimmed = last === ' ' || last === '\t' ? line.replace(/[ \t]+$/, '') : line;
  if (trimmed === '') return [];
  return tabs ? trimmed.split('\t') : trimmed.replace(/^[ \t]+/, '').split(/[ \t]+/);
}

/** Whether a line marks a document: its columns may lie otherwise than those of words. */
function isDocumentMark(line: string, fields: readonly string[], { words }: Places): boolean {
  if (!line.includes('-DOCSTART-')) return false; // A million lines have none.
  return /^[ \t]*-DOCSTART-(?=[ \t]|$)/.test(line) || at(fields, words) === '-DOCSTART-';
}

/** Whether a line that begins with # is that of a word. */
function isWordLine(fields: readonly string[], { places, columns }: Layout): boolean {
  if (fields.length !== columns || fields.length < 2) return false;
  const tag = tagOf(fields, places);
  return tag !== null && flawOfTag(tag) === null;
}

function at(fields: readonly string[], column: number): string | undefined {
  return column > 0 ? fields[column - 1] : fields.at(column);
}

function tagOf(fields: readonly string[], { tags, feature }: Places): string | null {
  const field = at(fields, tags) ?? null;
  if (feature === undefined || field === null) return field;
  const found = field.split('|').find(part => part.startsWith(`${feature}=`));
  return found === undefined ? null : found.slice(feature.length + 1);
}

/** A line without its tag would give another column for it: unless both columns are counted from the left, all lines have as many. */
function checkFields(path: string, number: number, fields: readonly string[], layout: Layout): void {
  const { words, tags } = layout.places;
  const needed = Math.max(words, tags, -words, -tags, 2);
  const between = layout.tabs ? 'tabs' : 'spaces';
  const place = (column: number) => (column > 0 ? column : fields.length + 1 + column);
  if (fields.length < needed || place(words) === place(tags)) {
    throw new PanxError(
      `${path}, line ${number}: found ${countOf(fields.length)} between ${between}; expected more, with the word in column ${words} and the tag in column ${tags}.`,
      { hint: columnsHint },
    );
  }
  if ((words > 0 && tags > 0) || fields.length === layout.columns) return;
  throw new PanxError(
    `${path}, line ${number}: found ${countOf(fields.length)} between ${between}; expected ${layout.columns}, as in line ${layout.line}.`,
    { hint: columnsHint },
  );
}

const columnsHint = 'Repair that line, or say by columns where words and tags are (docs/corpora.md).';

function countOf(columns: number): string {
  return columns === 1 ? '1 column' : `${columns} columns`;
}

function noTag(path: string, number: number, found: string, flaw: string, feature: string | undefined): PanxError {
  return new PanxError(`${path}, line ${number}: the tag ${excerpt(found)} ${flaw}.`, {
    hint:
      feature === undefined
        ? 'Repair that line, or say by columns which column holds the tags (docs/corpora.md).'
        : 'Repair that line, or name the feature that holds the tags (docs/corpora.md).',
  });
}
