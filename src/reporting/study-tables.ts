import { type DataSets, dataSetsOf } from '../experiment/data-sets.js';
import { encodersOf, type StudyEncoder } from '../experiment/study-encoders.js';
import type { StudyRecord } from '../experiment/study-folder.js';
import type { SweepRow, SweepTable } from '../experiment/table.js';
import type { StudyDirectory } from '../run/store-directory.js';
import { shortModelName } from './model-name.js';
import { detailsTable, phasesTable, seedsTable, typesTable } from './result-tables.js';
import { signatureOf } from './signature.js';
import { type Cell, column, type Table } from './table.js';
import { f1Of } from './table-view.js';

/**
 * The tables of a study, in the order in which they are read: `results` (phases, or the matrix), `scores` (precision, recall and F1), `types`
 * (F1 of each type), `seeds`, `encoders` (with times and parameters) and `data` (the rows that were read, counted).
 */
export const studyTableNames = ['results', 'scores', 'types', 'seeds', 'encoders', 'data'] as const;
export type StudyTableName = (typeof studyTableNames)[number];

export interface NamedTable {
  name: StudyTableName;
  table: Table;
}

/**
 * Tables of a study, from what lies on disk: its records, and for `data` the data itself, which is read again. What is not there any more is
 * said in the notes of its table.
 *
 * @param table the study's: see `tableOf` of study-on-disk.ts
 * @param names which of them
 * @param data where the data lies, if it was moved
 * @param record of `withStore`, where the store may have been moved
 */
export async function tablesOf(
  study: StudyDirectory,
  table: SweepTable,
  names: readonly StudyTableName[] = studyTableNames,
  data?: string,
  record?: StudyRecord,
): Promise<NamedTable[]> {
  const tables: NamedTable[] = [];
  for (const name of names) tables.push({ name, table: await studyTable(name, study, table, data, record) });
  return tables;
}

async function studyTable(
  name: StudyTableName,
  study: StudyDirectory,
  table: SweepTable,
  data: string | undefined,
  record: StudyRecord | undefined,
): Promise<Table> {
  const signature = signatureOf(table);
  switch (name) {
    case 'results':
      return phasesTable(table, 'status');
    case 'scores':
      return { ...detailsTable(table), signature };
    case 'types':
      return { ...typesTable(table), signature };
    case 'seeds':
      return { ...seedsTable(table), signature };
    case 'encoders':
      return encodersTable(await encodersOf(study, record), table);
    case 'data':
      return dataTable(await dataSetsOf(study, data, record));
  }
}

/** Encoders with their sizes, parameters, times and, where each has one row in the table of results, F1. */
export function encodersTable(encoders: readonly StudyEncoder[], table: SweepTable): Table {
  const rowOf = ({ model }: StudyEncoder): SweepRow | null => {
    const rows = table.rows.filter(({ cell }) => (cell.model ?? table.model) === model);
    return rows.length === 1 ? rows[0]! : null;
  };
  const langs = encoders.every(one => rowOf(one) !== null) ? table.langs : [];
  const unknown = encoders.filter(({ sizes }) => sizes === null).map(({ model }) => shortModelName(model));
  return {
    title: 'Encoders',
    facts: ['training time is that of the steps of one training; rows/s leaves out the first step of each'],
    columns: [
      column('encoder', 'text', { shrinks: true, repeats: true }),
      column('type', 'text', { leavesAs: 2 }),
      ...['layers', 'hidden', 'vocabulary', 'parameters'].map(head => column(head, 'count', { leavesAs: 1 })),
      column('n', 'count'),
      column('training time', 'seconds', { key: 'training_seconds' }),
      column('rows/s', 'number', { key: 'rows_per_second', digits: 1 }),
      ...langs.map(lang => column(`${lang.toUpperCase()} F1`, 'score', { key: `f1_${lang}` })),
    ],
    rows: encoders.map(encoder => [
      shortModelName(encoder.model),
      ...sizeCells(encoder),
      ...[encoder.trainings, encoder.trainingSeconds, encoder.rowsPerSecond],
      ...langs.map(lang => f1Of(rowOf(encoder)!, lang, table)),
    ]),
    notes: [
      ...(unknown.length === 0
        ? []
        : [
            `Sizes unknown: no config.json is there any more of ${unknown.join(', ')}, neither trained nor as it started.`,
          ]),
      ...(langs.length > 0 ? [] : ['F1 stands in the table of results, which has several rows of an encoder.']),
    ],
    ...(langs.length === 0 ? {} : { signature: signatureOf(table) }),
  };
}

function sizeCells({ sizes }: StudyEncoder): Cell[] {
  if (sizes === null) return [null, null, null, null, null];
  return [sizes.modelType, sizes.layers, sizes.hiddenSize, sizes.vocabularySize, sizes.parameters];
}

/** The rows that a study read: sentences, tokens, mean length, entities of each type, tokens with each tag. */
export function dataTable({ sets, missing }: DataSets): Table {
  const namesOf = (of: 'entities' | 'tags') => [
    ...new Set(sets.flatMap(({ statistics }) => Object.keys(statistics[of]))),
  ];
  const [types, tags] = [namesOf('entities'), namesOf('tags')];
  return {
    title: 'Data sets',
    facts: [],
    columns: [
      column('language', 'text', { repeats: true }),
      column('rows of', 'text', { repeats: true, key: 'split' }),
      ...['sentences', 'tokens', 'distinct'].map(head => column(head, 'count')),
      column('mean length', 'number', { digits: 2 }),
      ...types.map(type => column(type, 'count', { key: `entities_${type}` })),
      ...tags.map(tag => column(tag, 'count', { key: `tag_${tag}` })),
    ],
    rows: sets.map(({ name, lang, statistics }): Cell[] => [
      lang,
      name.slice(lang.length + 1),
      ...[statistics.rows, statistics.tokens, statistics.uniqueTokens, statistics.sentenceLength.mean],
      ...types.map(type => statistics.entities[type] ?? null),
      ...tags.map(tag => statistics.tags[tag] ?? null),
    ]),
    notes: [
      ...(sets.length === 0 ? [] : [`${types.join(', ')}: entities. ${tags.join(', ')}: tokens with that tag.`]),
      ...missing,
    ],
  };
}
