import type { CorpusColumns } from '../../config/corpora.js';
import { excerpt, PanxError } from '../../errors.js';
import { isObject, parseJson } from '../../system/json.js';
import { linesOf } from '../../system/text.js';
import { flawOfLabel } from '../labels.js';
import { flawOfTag } from '../tag-schemes.js';
import { splitWords } from '../words.js';
import { readTextFile, type TaggedFile, type TaggedRows, taggedRows } from './tagged-file.js';

/**
 * Read a file with a JSON object in each line: words and tags (`{"tokens": ["Ada"], "ner_tags": ["B-PER"]}`), or text and the spans of its
 * entities (`{"text": "Ada.", "spans": [{"start": 0, "end": 3, "label": "PER"}]}`, or `[0, 3, "PER"]` for a span).
 *
 * Text is split into words as `panx predict` splits it. Offsets count Unicode code points, as Python does, and `end` is the first that is no
 * longer of the span.
 *
 * @param columns names of the keys; what is not named is found under its usual name, in the first line
 * @param labels the tags in the order of their ids, where the file has numbers for them
 * @throws PanxError naming file and line: not JSON, no words, no tag, a span that cuts a word or another one
 */
export async function readJsonl(
  path: string,
  columns: CorpusColumns,
  labels: readonly string[] | null,
): Promise<TaggedFile> {
  const { bytes, sha256 } = await readTextFile(path);
  const rows = taggedRows(path, bytes.length);
  let names: Names | undefined;
  for (const { line, number } of linesOf(path, bytes)) {
    if (line.trim() === '') continue;
    const place: Place = { subject: `${path}, line ${number}`, short: `line ${number}` };
    const row = parseJson(line, place.subject, 'Each line is to be a JSON object of its own.');
    if (!isObject(row)) {
      throw refused(
        place,
        `found ${excerpt(row)}; expected a JSON object such as {"tokens": ["Ada"], "tags": ["B-PER"]}`,
      );
    }
    names ??= namesIn(row, columns, place);
    if (names.form === 'words') addWords(row, names, labels, rows, place);
    else addText(row, names, rows, place);
    rows.endRow();
  }
  return { path, sha256, ...rows.finish(), declared: false, documentMarks: 0, otherLines: 0 };
}

interface Place {
  subject: string;
  short: string;
}

/** The keys of every line. */
type Names = { form: 'words'; words: string; tags: string } | { form: 'text'; text: string; spans: string };

const usual = {
  words: ['tokens', 'words'],
  tags: ['ner_tags', 'tags'],
  text: ['text'],
  spans: ['spans', 'entities'],
} as const;

function namesIn(row: Record<string, unknown>, columns: CorpusColumns, place: Place): Names {
  const find = (which: keyof typeof usual) =>
    (columns[which] as string | undefined) ?? usual[which].find(name => Object.hasOwn(row, name));
  const [words, tags, text, spans] = [find('words'), find('tags'), find('text'), find('spans')];
  const wantsText = columns.text !== undefined || columns.spans !== undefined;
  if (words !== undefined && tags !== undefined && !wantsText) return { form: 'words', words, tags };
  if (text !== undefined && spans !== undefined) return { form: 'text', text, spans };
  throw refused(
    place,
    `found the keys ${
      Object.keys(row)
        .slice(0, 20)
        .map(key => excerpt(key, 40))
        .join(', ') || '(none)'
    }; expected words and tags (tokens or words, ner_tags or tags), or text and spans (text, spans or entities)`,
    'Name others by columns: docs/corpora.md.',
  );
}

function addWords(
  row: Record<string, unknown>,
  names: { words: string; tags: string },
  labels: readonly string[] | null,
  rows: TaggedRows,
  place: Place,
): void {
  const words = listIn(row, names.words, place);
  const tags = listIn(row, names.tags, place);
  if (words.length !== tags.length) {
    throw refused(place, `found ${words.length} words and ${tags.length} tags; expected one tag a word`);
  }
  for (const [i, word] of words.entries()) {
    if (typeof word !== 'string' || !isWhole(word)) {
      throw refused(place, `word ${i} of "${names.words}" is ${excerpt(word)}; expected a string of whole characters`);
    }
    refuseZeros(word, `word ${i} of "${names.words}"`, place);
    const tag = tagOf(tags[i], labels);
    const flaw = tag === null ? numberFlaw(labels) : flawOfTag(tag);
    if (flaw !== null) throw refused(place, `the tag of word ${i}, ${excerpt(tags[i])}, ${flaw}`);
    rows.word(word, tag!, () => place.short);
  }
}

/** A tag as it stands, or that of an id; null where it is neither. */
function tagOf(tag: unknown, labels: readonly string[] | null): string | null {
  if (typeof tag === 'string') return tag;
  return typeof tag === 'number' ? (labels?.[tag] ?? null) : null;
}

function numberFlaw(labels: readonly string[] | null): string {
  return labels === null
    ? 'is no name; expected names of tags, or numbers and the setting labels'
    : `is no tag; expected a name, or a number from 0 to ${labels.length - 1}`;
}

function addText(
  row: Record<string, unknown>,
  names: { text: string; spans: string },
  rows: TaggedRows,
  place: Place,
): void {
  const text = row[names.text];
  if (typeof text !== 'string' || !isWhole(text)) {
    throw refused(place, `"${names.text}" is ${excerpt(text)}; expected a string of whole characters`);
  }
  refuseZeros(text, `"${names.text}"`, place);
  const units = codePointOffsets(text);
  const spans = listIn(row, names.spans, place)
    .map(span => spanOf(span, units, place))
    .sort((a, b) => a.start - b.start);
  const words = splitWords(text);
  let next = 0;
  for (const [i, span] of spans.entries()) {
    const shown = `the span ${span.shown} (${excerpt(text.slice(span.start, span.end))})`;
    if (i > 0 && spans[i - 1]!.end > span.start)
      throw refused(place, `${shown} overlaps ${spans[i - 1]!.shown}; expected spans beside each other`);
    for (; next < words.length && words[next]!.end <= span.start; next++)
      rows.word(words[next]!.text, 'O', () => place.short);
    const first = next;
    for (; next < words.length && words[next]!.start < span.end; next++) {
      const word = words[next]!;
      if (word.start < span.start || word.end > span.end) {
        throw refused(
          place,
          `${shown} cuts the word ${excerpt(word.text)}; expected whole words`,
          'Words are split as panx predict splits them; move the span, or give words and tags.',
        );
      }
      rows.word(word.text, `${next === first ? 'B' : 'I'}-${span.label}`, () => place.short);
    }
    if (next === first) throw refused(place, `${shown} holds no word; expected one or more`);
  }
  for (; next < words.length; next++) rows.word(words[next]!.text, 'O', () => place.short);
}

interface Span {
  /** In UTF-16 units. */
  start: number;
  end: number;
  label: string;
  /** As it stands in the file. */
  shown: string;
}

function spanOf(span: unknown, units: (offset: number) => number | undefined, place: Place): Span {
  const { start, end, label } = Array.isArray(span)
    ? { start: span[0] as unknown, end: span[1] as unknown, label: span[2] as unknown }
    : ((isObject(span) ? span : {}) as Record<string, unknown>);
  const [from, to] = [start, end].map(offset => (Number.isSafeInteger(offset) ? units(offset as number) : undefined));
  if (from === undefined || to === undefined || from >= to) {
    throw refused(
      place,
      `found the span ${excerpt(span)}; expected start and end inside the text, in code points, and a label`,
    );
  }
  if (label === undefined)
    throw refused(place, `the span ${excerpt(span)} has no label; expected a type, such as "PER"`);
  const flaw = typeof label === 'string' ? flawOfLabel(label) : 'is no text';
  if (flaw !== null) throw refused(place, `the span ${excerpt(span)} has the label ${excerpt(label)}, which ${flaw}`);
  return { start: from, end: to, label: label as string, shown: `${String(start)} to ${String(end)}` };
}

/** Whether no half of a surrogate pair stands alone: it has no bytes in UTF-8. */
function isWhole(text: string): boolean {
  return !/\p{Cs}/u.test(text);
}

/** In parquet as here: U+0000 alone is a word like any other control character, and beside others it comes from UTF-16. */
function refuseZeros(text: string, subject: string, place: Place): void {
  if (text === '\0' || !text.includes('\0')) return;
  throw refused(
    place,
    `${subject}, ${excerpt(text)}, holds U+0000, as UTF-16 does that was read as something else; expected text`,
  );
}

/** What turns an offset in code points into one in UTF-16 units; undefined outside of the text. */
function codePointOffsets(text: string): (offset: number) => number | undefined {
  if (!/[\ud800-\udfff]/.test(text)) return offset => (offset >= 0 && offset <= text.length ? offset : undefined);
  const units = [0];
  for (const character of text) units.push(units.at(-1)! + character.length);
  return offset => units[offset];
}

function listIn(row: Record<string, unknown>, name: string, place: Place): unknown[] {
  const list = Object.hasOwn(row, name) ? row[name] : undefined;
  if (Array.isArray(list)) return list;
  throw refused(place, `"${name}" is ${list === undefined ? 'missing' : excerpt(list)}; expected a list`);
}

function refused({ subject }: Place, found: string, hint = 'Repair that line.'): PanxError {
  return new PanxError(`${subject}: ${found}.`, { hint });
}
