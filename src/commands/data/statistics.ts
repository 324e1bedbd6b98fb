import type { Distribution, SplitStatistics } from '../../data/statistics.js';
import { renderCsv } from '../../reporting/render/csv.js';
import { renderTerminal } from '../../reporting/render/terminal.js';
import { type Cell, type Column, column, plainTable } from '../../reporting/table.js';
import type { SubwordStatistics } from '../../tokenization/statistics.js';

/** The statistics of a split; subwords only where a tokenizer was given. */
export type Counted = SplitStatistics & { subwords?: SubwordStatistics };

/** Tables for the terminal: sizes and lengths, tags, entities, subwords. */
export function statisticsText(counted: readonly Counted[], width: number): string {
  const tags = namesOf(counted, ({ tags }) => tags);
  const types = namesOf(counted, ({ entities }) => entities);
  const counts = (...heads: string[]) => heads.map(head => column(head, 'count'));
  const table = (title: string, columns: Column[], cells: (one: Counted) => Cell[]) => {
    const named = [column('lang', 'text', { repeats: true }), column('split', 'text', { repeats: true })];
    const rows = counted.map(one => [one.lang, one.split, ...cells(one)]);
    return renderTerminal({ ...plainTable([...named, ...columns], rows), title }, { width });
  };
  const tables = [
    table('Rows, tokens, and tokens a row', [...counts('rows', 'tokens', 'unique'), ...lengthColumns], one => [
      ...[one.rows, one.tokens, one.uniqueTokens],
      ...lengthCells(one.sentenceLength),
    ]),
    table('Tokens with each tag', counts(...tags), one => tags.map(tag => one.tags[tag] ?? null)),
    table('Entities', counts(...types, 'all'), one => [
      ...types.map(type => one.entities[type] ?? null),
      Object.values(one.entities).reduce((sum, count) => sum + count, 0),
    ]),
  ];
  if (counted.some(({ reading }) => reading !== undefined)) {
    const columns = [column('tag scheme'), ...counts('tags converted', 'documents', 'other lines', 'duplicate rows')];
    tables.push(
      table('How named corpora were read', columns, ({ reading }) =>
        reading === undefined
          ? columns.map(() => null)
          : [
              ...[reading.scheme, reading.changedTags, reading.documentMarks],
              ...[reading.otherLines, reading.duplicateRows],
            ],
      ),
    );
  }
  if (counted.some(({ subwords }) => subwords !== undefined)) {
    const isSplit = someSplit(counted);
    const columns = [
      ...[column('subwords', 'count'), column('a token', 'number', { digits: 2 })],
      ...[...counts(...(isSplit ? ['segments'] : [])), ...lengthColumns],
      ...counts('rows cut', 'words cut', 'words without'),
    ];
    const title = `Subwords, and subwords a ${isSplit ? 'segment' : 'row'} with special tokens`;
    tables.push(
      table(title, columns, ({ subwords, rows }) =>
        subwords === undefined
          ? columns.map(() => null)
          : [
              ...[subwords.subwords, subwords.subwordsPerToken, ...(isSplit ? [subwords.segments ?? rows] : [])],
              ...lengthCells(subwords.length),
              ...[subwords.truncatedRows, subwords.truncatedWords, subwords.emptyWords],
            ],
      ),
    );
  }
  return tables.join('\n');
}

/** Whether rows are split into segments, whose lengths are counted then. */
function someSplit(counted: readonly Counted[]): boolean {
  return counted.some(({ subwords }) => subwords?.segments !== undefined);
}

const lengthColumns = [
  column('mean', 'number', { digits: 2 }),
  ...[column('median', 'number'), column('p95', 'number'), column('longest', 'count')],
];

function lengthCells({ mean, median, p95, max }: Distribution): Cell[] {
  return [mean, median, p95, max];
}

/** One line a split. Averages have four digits after the point; a tag that a language does not have is empty. */
export function statisticsCsv(counted: readonly Counted[]): string {
  const tags = namesOf(counted, ({ tags }) => tags);
  const types = namesOf(counted, ({ entities }) => entities);
  const isNamed = counted.some(({ reading }) => reading !== undefined);
  const withSubwords = counted.some(({ subwords }) => subwords !== undefined);
  const isSplit = someSplit(counted);
  const keys = [
    ...['lang', 'split', 'rows', 'tokens', 'unique_tokens', ...tags.map(tag => `tag_${tag}`)],
    ...[...types.map(type => `entities_${type}`), ...lengthKeys('tokens_per_row')],
    ...(isNamed ? ['tag_scheme', 'converted_tags', 'document_lines', 'other_lines', 'duplicate_rows'] : []),
    ...(withSubwords ? ['subwords', 'subwords_per_token', ...lengthKeys('subwords_per_row')] : []),
    ...(withSubwords ? ['truncated_rows', 'truncated_words', 'empty_words'] : []),
    ...(isSplit ? ['segments'] : []),
  ];
  const rows = counted.map((one): Cell[] => [
    ...[one.lang, one.split, one.rows, one.tokens, one.uniqueTokens, ...tags.map(tag => one.tags[tag] ?? null)],
    ...[...types.map(type => one.entities[type] ?? null), ...roundedLengths(one.sentenceLength)],
    ...(isNamed ? readingCells(one.reading) : []),
    ...(withSubwords ? subwordCells(one.subwords) : []),
    ...(isSplit ? [one.subwords === undefined ? null : (one.subwords.segments ?? one.rows)] : []),
  ]);
  return renderCsv(
    plainTable(
      keys.map(key => ({ key, head: key, kind: 'number' })),
      rows,
    ),
  );
}

/** Empty of a split of `data`, in a table with others. */
function readingCells(reading: Counted['reading']): Cell[] {
  if (reading === undefined) return [null, null, null, null, null];
  const { scheme, changedTags, documentMarks, otherLines, duplicateRows } = reading;
  return [scheme, changedTags, documentMarks, otherLines, duplicateRows];
}

function subwordCells(subwords: Counted['subwords']): Cell[] {
  if (subwords === undefined) return Array(9).fill(null);
  const { subwords: count, subwordsPerToken, length, truncatedRows, truncatedWords, emptyWords } = subwords;
  return [count, rounded(subwordsPerToken), ...roundedLengths(length), truncatedRows, truncatedWords, emptyWords];
}

function lengthKeys(name: string): string[] {
  return ['mean', 'median', 'p95', 'max'].map(what => `${name}_${what}`);
}

function roundedLengths({ mean, median, p95, max }: Distribution): number[] {
  return [rounded(mean), rounded(median), rounded(p95), max];
}

function rounded(value: number): number {
  return Number(value.toFixed(4));
}

/** The names that any of the splits counts, in the order of their first appearance. */
function namesOf(counted: readonly Counted[], of: (one: Counted) => Record<string, number>): string[] {
  return [...new Set(counted.flatMap(one => Object.keys(of(one))))];
}
