import {
  type LanguageScores,
  type Prf,
  type SweepRow,
  type SweepTable,
  summaryOf,
  valuesOf,
} from '../experiment/table.js';
import { signatureOf } from './signature.js';
import { type Cell, type Column, column, type Table } from './table.js';
import { type Axis, axesOf, epochsOf, f1Of, factsOf, isMatrixTable, titleOf, zeroShotNote } from './table-view.js';

/**
 * Phases, or the training sets of the matrix, with the F1 of every language.
 *
 * @param last what the last column has of each row: how long its trainings took, which no file has that is to be the same every time, or
 *   whether they are done
 */
export function phasesTable(table: SweepTable, last: 'time' | 'status'): Table {
  const target = table.target.toUpperCase();
  const isPhases = !isMatrixTable(table);
  const axes = axesOf(table);
  const hasSeeds = table.rows.some(({ trainings }) => trainings.length > 1);
  const note = zeroShotNote(table);
  const samples = isPhases ? `${target} samples` : 'samples';
  return {
    title: titleOf(table),
    facts: factsOf(table),
    columns: [
      ...axes.map(axisColumn),
      ...(isPhases ? [column('phase', 'text', { repeats: true, leavesAs: 3 })] : []),
      column('trained on', 'text', { shrinks: true, repeats: true }),
      column(samples, 'count', { key: isPhases ? 'target_samples' : 'samples' }),
      ...table.langs.map(f1Column),
      ...(hasSeeds ? [column('n', 'count')] : []),
      column('epochs', 'number', { leavesAs: 2 }),
      column('steps', 'count', { leavesAs: 1 }),
      last === 'time' ? column('time', 'seconds') : column('status'),
    ],
    rows: table.rows.map(row => [
      ...axes.map(({ shownOf }) => shownOf(row)),
      ...(isPhases ? [row.phase] : []),
      row.label,
      isPhases ? row.targetSamples : row.samples,
      ...table.langs.map(lang => f1Of(row, lang, table)),
      ...(hasSeeds ? [doneOf(row)] : []),
      epochsOf(row),
      row.steps,
      last === 'time' ? timeOrStatus(row) : row.status,
    ]),
    notes: note === null ? [] : [note],
    signature: signatureOf(table),
  };
}

/** Precision, recall and F1 by language, in both averages where both were counted. */
export function detailsTable(table: SweepTable): Table {
  const metrics = averagesOf(table).flatMap(average => prf.map(name => ({ average, name })));
  return perLanguage(table, 'Precision, recall and F1', {
    columns: metrics.map(({ average, name }) => column(`${average} ${short[name]}`, 'score')),
    cells: (row, lang) =>
      metrics.map(({ average, name }) => summaryOf(valuesOf(row, lang, scores => scores[average]?.[name]))),
  });
}

/** The F1 of each type of entity and of their averages, by language; without rows where no predictions were kept. */
export function typesTable(table: SweepTable): Table {
  const all = table.rows.flatMap(({ trainings }) => trainings.flatMap(({ scores }) => Object.values(scores)));
  const types = [...new Set(all.flatMap(scores => Object.keys(scores?.types ?? {})))].sort((a, b) => (a < b ? -1 : 1));
  const averages = averagesOf(table);
  const ofTypes = perLanguage(table, 'F1 by language and type', {
    columns: [
      ...types.map(type => column(type, 'score', { key: `f1_${type}` })),
      ...averages.map(average => column(average, 'score', { key: `f1_${average}` })),
    ],
    cells: (row, lang) => [
      ...types.map(type => summaryOf(valuesOf(row, lang, scores => scores.types?.[type]?.f1))),
      ...averages.map(average => summaryOf(valuesOf(row, lang, scores => scores[average]?.f1))),
    ],
  });
  return types.length === 0 ? { ...ofTypes, rows: [] } : ofTypes;
}

/** The F1 of each seed, by language, and what they come to. */
export function seedsTable(table: SweepTable): Table {
  const nameOf = ({ seed, dataSeed }: SweepRow['trainings'][number]) =>
    table.conditions.dataSeeds > 1 ? `${seed}, data seed ${dataSeed}` : String(seed);
  const seeds = [...new Set(table.rows.flatMap(({ trainings }) => trainings.map(nameOf)))];
  const { average } = table.conditions;
  return perLanguage(table, 'Seeds', {
    columns: [
      ...seeds.map(seed => column(`seed ${seed}`, 'score')),
      column('mean ± sd', 'score', { key: 'f1' }),
      column('n', 'count'),
    ],
    cells: (row, lang) => {
      const f1 = f1Of(row, lang, table);
      const own = seeds.map(seed => row.trainings.find(one => nameOf(one) === seed)?.scores[lang]?.[average]?.f1);
      return [...own.map(one => one ?? null), f1, f1.n];
    },
  });
}

/** A line for each row and each language that it has scores of. */
function perLanguage(
  table: SweepTable,
  title: string,
  { columns, cells }: { columns: Column[]; cells: (row: SweepRow, lang: string) => Cell[] },
): Table {
  const axes = axesOf(table);
  return {
    title,
    facts: [],
    columns: [
      ...axes.map(axisColumn),
      column('trained on', 'text', { shrinks: true, repeats: true }),
      column('test', 'text', { repeats: true }),
      ...columns,
    ],
    rows: table.rows.flatMap(row =>
      table.langs
        .filter(lang => row.f1[lang] !== null)
        .map(lang => [...axes.map(({ shownOf }) => shownOf(row)), row.label, lang, ...cells(row, lang)]),
    ),
    notes: [],
  };
}

const prf = ['precision', 'recall', 'f1'] as const;
const short = { precision: 'P', recall: 'R', f1: 'F1' };

function averagesOf({ rows }: SweepTable): ('micro' | 'macro')[] {
  return (['micro', 'macro'] as const).filter(average =>
    rows.some(({ trainings }) => trainings.some(({ scores }) => Object.values(scores).some(one => one?.[average]))),
  );
}

function axisColumn({ key, head }: Axis): Column {
  return { key, head, kind: 'text', shrinks: head === 'model', repeats: true };
}

function f1Column(lang: string): Column {
  return { key: `f1_${lang}`, head: `${lang.toUpperCase()} F1`, kind: 'score' };
}

/** How many trainings of a row are done, and of how many where some are not. */
function doneOf(row: SweepRow): Cell {
  if (row.status === 'not supported') return null;
  const done = nOf(row);
  return done === row.trainings.length ? done : `${done} of ${row.trainings.length}`;
}

/** Trainings that are done. */
export function nOf({ trainings }: SweepRow): number {
  return trainings.filter(({ status }) => status === 'done').length;
}

function timeOrStatus({ status, durationMs }: SweepRow): Cell {
  if (status !== 'done') return status;
  return durationMs === null ? null : durationMs / 1000;
}

/**
 * The content of table.csv or sweep.csv: a line per row with every digit of its F1; protocol, metric, model and signature stand in each line, so
 * that several files can be put together. What is missing is empty.
 *
 * @param as of a study each line has the stage's name, by which stages.json has it
 */
export function fileTable(table: SweepTable, as: 'study' | 'sweep'): Table {
  const { source, target, metric, model, langs } = table;
  const isPhases = !isMatrixTable(table);
  const axes = axesOf(table).filter(({ key }) => key !== 'protocol');
  return {
    ...ofKeys([
      ...(as === 'study' ? ['stage'] : []),
      ...(isPhases ? ['phase'] : []),
      'trained_on',
      ...(isPhases ? ['target_samples'] : []),
      'samples',
      ...langs.map(lang => `f1_${lang}`),
      ...langs.map(lang => `sd_f1_${lang}`),
      ...['n', 'epochs', 'steps', 'status'],
      ...(isPhases ? ['source', 'target'] : []),
      'protocol',
      ...axes.map(({ key }) => key),
      'metric',
      ...(axes.some(({ key }) => key === 'model') ? [] : ['model']),
    ]),
    rows: table.rows.map(row => [
      ...(as === 'study' ? [row.id] : []),
      ...(isPhases ? [row.phase] : []),
      row.label,
      ...(isPhases ? [row.targetSamples] : []),
      row.samples,
      ...langs.map(lang => row.f1[lang] ?? null),
      ...langs.map(lang => f1Of(row, lang, table).sd),
      ...[nOf(row), epochsOf(row), row.steps, row.status],
      ...(isPhases ? [source, target] : []),
      row.protocol,
      ...axes.map(({ textOf }) => textOf(row)),
      metric,
      ...(axes.some(({ key }) => key === 'model') ? [] : [model]),
    ]),
    signature: signatureOf(table),
  };
}

/**
 * The content of scores.csv: precision, recall and F1 of every row, language and average, and of each type, a line each, with n and standard
 * deviations: the long form that programs read. Macro and types are left out where no predictions were kept.
 */
export function scoresTable(table: SweepTable): Table {
  const axes = axesOf(table);
  // A study of several protocols has the protocol as an axis too.
  const own = axes.filter(({ key }) => key !== 'protocol');
  const rows = table.rows.flatMap(row =>
    table.langs.flatMap(lang =>
      linesOf(row, lang).map(({ average, type, pick }) => [
        ...[row.protocol, ...own.map(({ textOf }) => textOf(row))],
        ...[row.id, row.phase, row.label, lang, average, type],
        summaryOf(valuesOf(row, lang, scores => pick(scores)?.f1)).n,
        ...prf.flatMap(name => {
          const { mean, sd } = summaryOf(valuesOf(row, lang, scores => pick(scores)?.[name]));
          return [mean, sd];
        }),
      ]),
    ),
  );
  const keys = [
    ...['protocol', ...own.map(({ key }) => key), 'stage', 'phase', 'trained_on', 'test', 'average', 'type', 'n'],
    ...prf.flatMap(name => [name, `${name}_sd`]),
  ];
  return { ...ofKeys(keys), rows };
}

interface ScoresLine {
  average: string;
  type: string;
  pick(scores: LanguageScores): Prf | null | undefined;
}

function linesOf({ trainings }: SweepRow, lang: string): ScoresLine[] {
  const [first] = trainings.flatMap(({ scores }) => scores[lang] ?? []);
  if (first === undefined) return [];
  const types = new Set(trainings.flatMap(({ scores }) => Object.keys(scores[lang]?.types ?? {})));
  return [
    ...(['micro', 'macro'] as const)
      .filter(average => first[average] !== null)
      .map((average): ScoresLine => ({ average, type: '', pick: scores => scores[average] })),
    ...[...types]
      .sort((a, b) => (a < b ? -1 : 1))
      .map((type): ScoresLine => ({ average: '', type, pick: scores => scores.types?.[type] })),
  ];
}

/** The content of times.csv: milliseconds of training and scoring, a line per stage; empty where the stage is not done. */
export function timesTable({ rows }: SweepTable): Table {
  const seen = new Set<string>();
  return {
    ...ofKeys(['stage', 'phase', 'trained_on', 'steps', 'duration_ms']),
    rows: rows.flatMap(({ phase, label, steps, trainings }) =>
      trainings
        .filter(({ id }) => seen.size !== seen.add(id).size)
        .map(({ id, durationMs }) => [id, phase, label, steps, durationMs === null ? null : Math.round(durationMs)]),
    ),
  };
}

/** A table for programs alone. */
function ofKeys(keys: readonly string[]): Table {
  return { title: '', facts: [], columns: keys.map(key => ({ key, head: key, kind: 'number' })), rows: [], notes: [] };
}
