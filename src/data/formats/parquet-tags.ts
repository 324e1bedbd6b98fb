import type { Schema } from 'apache-arrow';
import type { CorpusColumns } from '../../config/corpora.js';
import { excerpt, PanxError } from '../../errors.js';
import { formatCount } from '../../system/console.js';
import { arrow } from '../arrow.js';
import { concatColumns, type WordColumns } from '../columns.js';
import { declaredLabels, mostLabels } from '../labels.js';
import { flawOfTag } from '../tag-schemes.js';
import {
  type Column,
  checkLengths,
  decodeParquet,
  type FlatList,
  flatten,
  locate,
  readBytes,
  tagIdsOf,
  textOf,
} from './parquet.js';
import type { Place } from './parquet-limits.js';
import { type FileTag, type TaggedFile, tooManyTags } from './tagged-file.js';

/**
 * Read any parquet file of words and tags: a column of lists of strings, and one of lists of tags, as strings or as ids. Ids have the names
 * that the file declares (ClassLabel), or `labels`.
 *
 * @param columns names of the two; what is not named is found under its usual name
 * @throws PanxError as `readShard` does, and where a tag is none
 */
export async function readTaggedParquet(
  path: string,
  columns: CorpusColumns,
  labels: readonly string[] | null,
): Promise<TaggedFile> {
  const { bytes, sha256 } = await readBytes(path);
  let chosen: [words: Column, tags: Column] | undefined;
  const choose = (schema: Schema) => {
    chosen = chooseColumns(path, schema, columns);
    return chosen.map(({ name }) => name);
  };
  const read = await decodeParquet(path, bytes, choose, (_, slices, description) => {
    const [words, tags] = chosen!;
    if (tags.holds === 'tags') {
      const ids = new Map<string, number>();
      const parts = slices((place, table) => {
        const flatTags = flatten(place, table, tags);
        return join(place, words, flatten(place, table, words), flatTags, namedTagIds(place, flatTags, tags, ids));
      });
      return { names: [...ids.keys()], declared: false, parts };
    }
    const declared = declaredLabels(description, path, tags.name);
    const names = declared ?? labels;
    if (names === null) throw noNames(path, tags.name);
    checkDeclared(path, names);
    const parts = slices((place, table) => {
      const flatTags = flatten(place, table, tags);
      return join(place, words, flatten(place, table, words), flatTags, tagIdsOf(place, flatTags, names));
    });
    return { names: [...names], declared: declared !== null, parts };
  });
  const whole = read.parts.length === 0 ? noWords() : concatColumns(read.parts);
  return {
    ...{ path, sha256, columns: whole, declared: read.declared, documentMarks: 0, otherLines: 0 },
    tags: withPlaces(read.names, whole),
  };
}

const usual = { words: ['tokens', 'words'], tags: ['ner_tags', 'tags'] } as const;

function chooseColumns(path: string, schema: Schema, columns: CorpusColumns): [words: Column, tags: Column] {
  const names = schema.fields.map(({ name }) => name);
  const find = (which: keyof typeof usual): string => {
    const asked = columns[which] as string | undefined;
    const name = asked ?? usual[which].find(one => names.includes(one));
    const found = names.slice(0, 20).map(one => excerpt(one));
    if (name === undefined || !names.includes(name)) {
      throw new PanxError(
        `${path} has no column of ${which}: found ${found.join(', ') || 'no columns'}${names.length > 20 ? ` and ${formatCount(names.length - 20)} more` : ''}; expected ${asked === undefined ? usual[which].map(one => `"${one}"`).join(' or ') : excerpt(asked)}.`,
        { hint: 'Say by columns which ones hold words and tags (docs/corpora.md).' },
      );
    }
    if (names.indexOf(name) === names.lastIndexOf(name)) return name;
    throw new PanxError(`${path} has several columns named ${excerpt(name)}; expected one.`, {
      hint: 'Write it again with the one that is meant.',
    });
  };
  const [words, tags] = [find('words'), find('tags')];
  const type: unknown = schema.fields[names.indexOf(tags)]!.type;
  const element = arrow.DataType.isList(type) ? type.children[0]?.type : undefined;
  const isText = arrow.DataType.isUtf8(element) || arrow.DataType.isBinary(element);
  if (!isText && !arrow.DataType.isInt(element)) {
    throw new PanxError(
      `${path}: column ${excerpt(tags)} is ${String(type)}; expected a list of strings or a list of integers.`,
      { hint: 'Say by columns which one holds the tags (docs/corpora.md).' },
    );
  }
  return [
    { name: words, holds: 'words' },
    { name: tags, holds: isText ? 'tags' : 'ids' },
  ];
}

function join(place: Place, which: Column, words: FlatList, tags: FlatList, tagIds: Int32Array): WordColumns {
  checkLengths(place, words.offsets, tags.offsets);
  return { rows: words.offsets.length - 1, offsets: words.offsets, tagIds, ...textOf(place, words, which) };
}

/** (words) ids in the order in which the tags come. @param ids those of the tags that came before; more are added */
function namedTagIds(place: Place, column: FlatList, which: Column, ids: Map<string, number>): Int32Array {
  const { textOffsets, text } = textOf(place, column, which);
  const bytes = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  const tagIds = new Int32Array(textOffsets.length - 1);
  for (let word = 0; word < tagIds.length; word++) {
    const name = bytes.toString('utf8', textOffsets[word]!, textOffsets[word + 1]!);
    let id = ids.get(name);
    if (id === undefined) {
      const flaw = flawOfTag(name);
      if (flaw !== null) {
        const at = locate(column.offsets, word);
        throw new PanxError(
          `${place.path}, row ${place.firstRow + at.row}: the tag of word ${at.word}, ${excerpt(name)}, ${flaw}.`,
          { hint: 'Repair that row.' },
        );
      }
      if (ids.size === mostLabels) throw tooManyTags(place.path);
      id = ids.size;
      ids.set(name, id);
    }
    tagIds[word] = id;
  }
  return tagIds;
}

function checkDeclared(path: string, names: readonly string[]): void {
  for (const name of names) {
    const flaw = flawOfTag(name);
    if (flaw === null) continue;
    throw new PanxError(`${path} names a tag ${excerpt(name)}, which ${flaw}.`, { hint: 'Name its tags otherwise.' });
  }
}

function noNames(path: string, column: string): PanxError {
  return new PanxError(`${path} has numbers in "${column}" and does not name them; expected names of tags.`, {
    hint: 'Name them by the setting labels of the corpus, in the order of their ids (docs/corpora.md).',
  });
}

/** Tags with the first word of each. */
function withPlaces(names: readonly string[], { tagIds, offsets }: WordColumns): FileTag[] {
  const first = new Int32Array(names.length).fill(-1);
  let missing = names.length;
  for (let word = 0; word < tagIds.length && missing > 0; word++) {
    if (first[tagIds[word]!] !== -1) continue;
    first[tagIds[word]!] = word;
    missing--;
  }
  return names.map((name, id) => {
    if (first[id] === -1) return { name, place: null };
    const { row, word } = locate(offsets, first[id]!);
    return { name, place: `row ${row}, word ${word}` };
  });
}

function noWords(): WordColumns {
  return {
    ...{ rows: 0, offsets: new Int32Array(1), tagIds: new Int32Array(0) },
    ...{ textOffsets: new Int32Array(1), text: new Uint8Array(0) },
  };
}
