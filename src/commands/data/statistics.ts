import type { Distribution, SplitStatistics } from '../../data/statistics.js';
import { csvText } from '../../reporting/csv.js';
import { layOut } from '../../reporting/text-table.js';
import { formatCount } from '../../system/console.js';
import type { SubwordStatistics } from '../../tokenization/statistics.js';

/** The statistics of a split; subwords only where a tokenizer was given. */
export type Counted = SplitStatistics & { subwords?: SubwordStatistics };

/** Tables for the terminal: sizes and lengths, tags, entities, subwords. */
export function statisticsText(counted: readonly Counted[], width: number): string {
  const tags = namesOf(counted, ({ tags }) => tags);
  const types = namesOf(counted, ({ entities }) => entities);
  const lengths = ['mean', 'median', 'p95', 'longest'];
  const tables = [
    table('Rows, tokens, and tokens a row', ['rows', 'tokens', 'unique', ...lengths], counted, width, one => [
      ...[one.rows, one.tokens, one.uniqueTokens].map(formatCount),
      ...lengthCells(one.sentenceLength),
    ]),
    table('Tokens with each tag', tags, counted, width, one => tags.map(tag => countCell(one.tags[tag]))),
    table('Entities', [...types, 'all'], counted, width, one => [
      ...types.map(type => countCell(one.entities[type])),
      formatCount(Object.values(one.entities).reduce((sum, count) => sum + count, 0)),
    ]),
  ];
  if (counted.some(({ reading }) => reading !== undefined)) {
    const columns = ['tag scheme', 'tags converted', 'documents', 'other lines', 'duplicate rows'];
    tables.push(
      table('How named corpora were read', columns, counted, width, ({ reading }) =>
        reading === undefined
          ? columns.map(() => '-')
          : [
              reading.scheme,
              ...[reading.changedTags, reading.documentMarks, reading.otherLines, reading.duplicateRows].map(
                formatCount,
              ),
            ],
      ),
    );
  }
  if (counted.some(({ subwords }) => subwords !== undefined)) {
    const columns = ['subwords', 'a token', ...lengths, 'rows cut', 'words cut', 'words without'];
    tables.push(
      table('Subwords, and subwords a row with special tokens', columns, counted, width, ({ subwords }) =>
        subwords === undefined
          ? columns.map(() => '-')
          : [
              formatCount(subwords.subwords),
              subwords.subwordsPerToken.toFixed(2),
              ...lengthCells(subwords.length),
              ...[subwords.truncatedRows, subwords.truncatedWords, subwords.emptyWords].map(formatCount),
            ],
      ),
    );
  }
  return `${tables.join('\n\n')}\n`;
}

/** One line a split. Averages have four digits after the point; a tag that a language does not have is empty. */
export function statisticsCsv(counted: readonly Counted[]): string {
  const tags = namesOf(counted, ({ tags }) => tags);
  const types = namesOf(counted, ({ entities }) => entities);
  const records = counted.map(one => ({
    lang: one.lang,
    split: one.split,
    rows: one.rows,
    tokens: one.tokens,
    unique_tokens: one.uniqueTokens,
    ...Object.fromEntries(tags.map(tag => [`tag_${tag}`, one.tags[tag] ?? ''])),
    ...Object.fromEntries(types.map(type => [`entities_${type}`, one.entities[type] ?? ''])),
    ...lengthFields('tokens_per_row', one.sentenceLength),
    ...(counted.every(({ reading }) => reading === undefined) ? {} : readingFields(one.reading)),
    ...(one.subwords === undefined
      ? {}
      : {
          subwords: one.subwords.subwords,
          subwords_per_token: rounded(one.subwords.subwordsPerToken),
          ...lengthFields('subwords_per_row', one.subwords.length),
          truncated_rows: one.subwords.truncatedRows,
          truncated_words: one.subwords.truncatedWords,
          empty_words: one.subwords.emptyWords,
        }),
  }));
  return csvText(records);
}

/** Empty of a split of `data`, in a table with others. */
function readingFields(reading: Counted['reading']): Record<string, string | number> {
  return {
    tag_scheme: reading?.scheme ?? '',
    converted_tags: reading?.changedTags ?? '',
    document_lines: reading?.documentMarks ?? '',
    other_lines: reading?.otherLines ?? '',
    duplicate_rows: reading?.duplicateRows ?? '',
  };
}

function table(
  title: string,
  columns: string[],
  counted: readonly Counted[],
  width: number,
  cells: (one: Counted) => string[],
): string {
  const rows = [['lang', 'split', ...columns], ...counted.map(one => [one.lang, one.split, ...cells(one)])];
  return [title, ...layOut(rows, { width, fixed: 2, right: column => column >= 2 })].join('\n');
}

function lengthCells({ mean, median, p95, max }: Distribution): string[] {
  return [mean.toFixed(2), shortest(median), shortest(p95), formatCount(max)];
}

function lengthFields(name: string, { mean, median, p95, max }: Distribution): Record<string, string | number> {
  return {
    [`${name}_mean`]: rounded(mean),
    [`${name}_median`]: rounded(median),
    [`${name}_p95`]: rounded(p95),
    [`${name}_max`]: max,
  };
}

/** 7 -> "7"; 7.25 -> "7.3". */
function shortest(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}

function rounded(value: number): number {
  return Number(value.toFixed(4));
}

function countCell(count: number | undefined): string {
  return count === undefined ? '-' : formatCount(count);
}

/** The names that any of the splits counts, in the order of their first appearance. */
function namesOf(counted: readonly Counted[], of: (one: Counted) => Record<string, number>): string[] {
  return [...new Set(counted.flatMap(one => Object.keys(of(one))))];
}
