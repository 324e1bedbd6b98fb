import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type LanguageScores,
  type Prf,
  type SweepRow,
  type SweepTable,
  summaryOf,
  type Training,
  valuesOf,
} from '../experiment/table.js';
import { formatSeconds } from '../system/console.js';
import { toJson, writeFileAtomic } from '../system/files.js';
import { visible } from '../system/visible.js';
import { csvText } from './csv.js';
import { markdownText } from './markdown.js';
import { scoresCsv } from './scores-csv.js';
import { signatureOf } from './signature.js';
import {
  axesOf,
  detailsOf,
  epochsOf,
  f1Of,
  factsOf,
  isMatrixTable,
  titleOf,
  type View,
  viewOf,
  zeroShotNote,
} from './table-view.js';
import { alignColumns, type Column, displayWidth, layOut } from './text-table.js';

/**
 * Write what a sweep has found so far into its folder; each file is replaced as a whole.
 *
 * @throws PanxError naming the file that could not be written
 */
export async function writeSweepReport(folder: string, table: SweepTable, as: ReportOf = 'sweep'): Promise<void> {
  await writeFiles(folder, tableFiles(table, as));
  await writeFigures(folder, table);
}

/** The same again and again while stages get done. */
export interface Reporter {
  write(table: SweepTable): Promise<void>;
  /** Write what was left out: to be called at the end, however that came. */
  finish(): Promise<void>;
}

/** Drawing may take longer than a short stage: where stages follow each other fast, not each of them has figures drawn. */
export function reporter(folder: string, as: ReportOf, everyMs = 15_000): Reporter {
  let drawnAt = Number.NEGATIVE_INFINITY;
  let undrawn: SweepTable | null = null;
  const finish = async () => {
    if (undrawn === null) return;
    await writeFigures(folder, undrawn);
    [undrawn, drawnAt] = [null, performance.now()];
  };
  return {
    finish,
    async write(table) {
      await writeFiles(folder, tableFiles(table, as));
      undrawn = table;
      if (performance.now() - drawnAt >= everyMs) await finish();
    },
  };
}

async function writeFiles(folder: string, files: ReadonlyMap<string, string | Uint8Array>): Promise<void> {
  for (const [name, content] of files) await writeFileAtomic(join(folder, name), content);
}

async function writeFigures(folder: string, table: SweepTable): Promise<void> {
  const figures = await figureFiles(table);
  await writeFiles(folder, figures);
  // Of a study that had one, and asks for a matrix now.
  for (const name of learningCurve) if (!figures.has(name)) await rm(join(folder, name), { force: true });
}

/** Whose folder a report goes into: the names of its files differ. */
export type ReportOf = 'sweep' | 'study';

const learningCurve = ['learning-curve.svg', 'learning-curve.png'] as const;

/**
 * What a sweep has found, as the files of its folder: `sweep.md`, `sweep.csv` and `sweep.json` with the table, `sweep-scores.csv` with every
 * score, and as SVG and PNG `learning-curve`, unless the table is a matrix, and `training-curves`. The same sweep gives the same bytes; how
 * long it took stands apart, in `sweep-times.csv`. A study calls them `table.md`, ..., `scores.csv` and `times.csv`.
 */
export async function sweepFiles(table: SweepTable, as: ReportOf = 'sweep'): Promise<Map<string, string | Uint8Array>> {
  return new Map([...tableFiles(table, as), ...(await figureFiles(table))]);
}

function tableFiles(table: SweepTable, as: ReportOf): Map<string, string | Uint8Array> {
  const [name, before] = as === 'sweep' ? ['sweep', 'sweep-'] : ['table', ''];
  return new Map([
    [`${name}.json`, toJson(tableJson(table, as))],
    [`${before}times.csv`, timesCsv(table)],
    [`${name}.csv`, sweepCsv(table, as)],
    [`${before}scores.csv`, scoresCsv(table)],
    [`${name}.md`, sweepMarkdown(table)],
  ]);
}

async function figureFiles(table: SweepTable): Promise<Map<string, string | Uint8Array>> {
  // Loaded here because the plotting library takes half a second, and what only prints a table does not need it.
  const { learningCurveSvg } = await import('./learning-curve.js');
  const { trainingCurvesSvg } = await import('./training-curves.js');
  const { renderPng } = await import('./chart.js');
  const drawn: [string, string][] = [
    ...(isMatrixTable(table) ? [] : [['learning-curve', learningCurveSvg(table)] as [string, string]]),
    ['training-curves', trainingCurvesSvg(table)],
  ];
  return new Map(
    drawn.flatMap(([name, svg]): [string, string | Uint8Array][] => [
      [`${name}.svg`, svg],
      [`${name}.png`, renderPng(svg)],
    ]),
  );
}

/** The content of sweep.json or table.json. */
export function tableJson(table: SweepTable, as: ReportOf): object {
  const { source, target, langs, rows, ...others } = table;
  return {
    ...(isMatrixTable(table) ? {} : { source, target }),
    ...others,
    langs,
    signature: signatureOf(table),
    rows: rows.map(row => ({
      // The stages of a sweep are told by its folder; those of a study lie in the store, by this name in stages.json.
      ...(as === 'study' ? { stage: row.id } : {}),
      ...{ phase: row.phase, label: row.label, samples: row.samples, steps: row.steps, f1: row.f1 },
      sd: Object.fromEntries(langs.map(lang => [lang, f1Of(row, lang, table).sd])),
      ...{ n: nOf(row), epochs: epochsOf(row), status: row.status, protocol: row.protocol, cell: row.cell },
      scores: Object.fromEntries(langs.map(lang => [lang, scoresOf(row, lang)])),
      trainings: row.trainings.map(training => trainingJson(training, table)),
    })),
  };
}

function scoresOf(row: SweepRow, lang: string): object | null {
  const [first] = row.trainings.flatMap(({ scores }) => scores[lang] ?? []);
  if (first === undefined) return null;
  const of = (pick: (scores: LanguageScores) => Prf | null | undefined) =>
    Object.fromEntries(
      (['precision', 'recall', 'f1'] as const).map(name => [
        name,
        summaryOf(valuesOf(row, lang, scores => pick(scores)?.[name])),
      ]),
    );
  const types = [...new Set(row.trainings.flatMap(({ scores }) => Object.keys(scores[lang]?.types ?? {})))].sort();
  return {
    micro: of(({ micro }) => micro),
    ...(first.macro === null ? {} : { macro: of(({ macro }) => macro) }),
    ...(first.types === null
      ? {}
      : { types: Object.fromEntries(types.map(type => [type, of(one => one.types?.[type])])) }),
  };
}

function trainingJson({ id, seed, dataSeed, status, epochs, scores }: Training, table: SweepTable): object {
  const f1 = table.langs.map(lang => [lang, scores[lang]?.[table.conditions.average]?.f1 ?? null]);
  return { stage: id, seed, dataSeed, status, epochs, f1: Object.fromEntries(f1) };
}

/** The results of a sweep for a terminal: aligned, at most 100 columns wide, with what the numbers are. */
export function sweepText(table: SweepTable): string {
  const { columns, rows } = viewOf(table);
  const view = {
    columns: [...columns, { head: 'time', align: 'right' as const }],
    rows: rows.map((cells, i) => [...cells, timeOrStatus(table.rows[i]!)]),
  };
  const note = zeroShotNote(table);
  return [
    titleOf(table),
    ...factsOf(table).map(visible),
    '',
    ...laidOut(view),
    '',
    ...(note === null ? [] : [note]),
    visible(signatureOf(table)),
    '',
  ].join('\n');
}

const widest = 100;

/** Where the columns do not fit, those give way that the files have too; then the table goes on in blocks below. */
function laidOut(view: View): string[] {
  for (const left of [[], ['steps'], ['steps', 'epochs'], ['steps', 'epochs', 'phase']]) {
    const shown = view.columns.map(({ head }) => !left.includes(head));
    const columns = view.columns.filter((_, i) => shown[i]);
    const lines = alignColumns(
      columns,
      view.rows.map(row => row.filter((_, i) => shown[i])),
      widest,
    );
    if (lines.every(line => displayWidth(line) <= widest)) return lines;
  }
  const { columns, rows } = view;
  const fixed = columns.findIndex(({ head }) => head === 'trained on') + 1;
  const right = (column: number) => columns[column]!.align === 'right';
  return layOut([columns.map(({ head }) => head), ...rows], { width: widest, fixed, right });
}

/** The results of a sweep as a Markdown page. */
export function sweepMarkdown(table: SweepTable): string {
  const { columns, rows } = viewOf(table);
  const details = detailsOf(table);
  const note = zeroShotNote(table);
  const figure = (title: string, name: string) => [`![${title}](${name}.svg)`, ''];
  return [
    `# ${markdownText(titleOf(table))}`,
    '',
    ...factsOf(table).map(fact => `- ${markdownText(fact)}`),
    '',
    ...markdownTable({
      columns: [...columns, { head: 'status', align: 'left' }],
      rows: rows.map((cells, i) => [...cells, table.rows[i]!.status]),
    }),
    '',
    ...(note === null ? [] : [markdownText(note), '']),
    `\`${visible(signatureOf(table)).replaceAll('`', "'")}\``,
    '',
    ...(isMatrixTable(table) ? [] : figure('Learning curve', 'learning-curve')),
    ...figure('Losses and F1 after each epoch', 'training-curves'),
    ...(details.rows.length === 0 ? [] : ['## Precision, recall and F1', '', ...markdownTable(details), '']),
  ].join('\n');
}

function markdownTable({ columns, rows }: View): string[] {
  const line = (values: readonly string[]): string => `| ${values.map(markdownText).join(' | ')} |`;
  return [
    line(columns.map(({ head }) => head)),
    `| ${columns.map(({ align }: Column) => (align === 'right' ? '---:' : '---')).join(' | ')} |`,
    ...rows.map(line),
  ];
}

/**
 * The results of a sweep as CSV: a line per row with every digit of its F1; protocol, metric, model and signature stand in each line, so that
 * several files can be put together. Empty cells are results that are missing.
 */
export function sweepCsv(table: SweepTable, as: ReportOf = 'sweep'): string {
  const { source, target, metric, model, langs } = table;
  const isMatrix = isMatrixTable(table);
  const signature = signatureOf(table);
  const axes = axesOf(table).filter(({ key }) => key !== 'protocol');
  const rows = table.rows.map(row => ({
    ...(as === 'study' ? { stage: row.id } : {}),
    ...(isMatrix ? {} : { phase: row.phase }),
    trained_on: row.label,
    ...(isMatrix ? {} : { target_samples: row.targetSamples }),
    samples: row.samples,
    ...Object.fromEntries(langs.map(lang => [`f1_${lang}`, row.f1[lang] ?? null])),
    ...Object.fromEntries(langs.map(lang => [`sd_f1_${lang}`, f1Of(row, lang, table).sd])),
    n: nOf(row),
    epochs: epochsOf(row),
    steps: row.steps,
    status: row.status,
    ...(isMatrix ? {} : { source, target }),
    protocol: row.protocol,
    ...Object.fromEntries(axes.map(({ key, textOf }) => [key, textOf(row)])),
    metric,
    ...(axes.some(({ key }) => key === 'model') ? {} : { model }),
    signature,
  }));
  return csvText(rows);
}

/** Trainings that are done. */
function nOf({ trainings }: SweepRow): number {
  return trainings.filter(({ status }) => status === 'done').length;
}

/** Milliseconds of training and scoring, a line per stage; empty where the stage is not done. */
function timesCsv({ rows }: SweepTable): string {
  const seen = new Set<string>();
  const times = rows.flatMap(({ phase, label, steps, trainings }) =>
    trainings
      .filter(({ id }) => seen.size !== seen.add(id).size)
      .map(({ id, durationMs }) => ({
        stage: id,
        phase,
        trained_on: label,
        steps,
        duration_ms: durationMs === null ? null : Math.round(durationMs),
      })),
  );
  return csvText(times);
}

function timeOrStatus({ status, durationMs }: SweepRow): string {
  if (status !== 'done') return status;
  return durationMs === null ? '–' : formatSeconds(durationMs / 1000);
}
