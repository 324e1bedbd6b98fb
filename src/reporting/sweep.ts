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
import { toJson, writeFileAtomic } from '../system/files.js';
import { renderCsv } from './render/csv.js';
import { renderMarkdown } from './render/markdown.js';
import { renderTerminal } from './render/terminal.js';
import { detailsTable, fileTable, nOf, phasesTable, scoresTable, timesTable } from './result-tables.js';
import { signatureOf } from './signature.js';
import { epochsOf, f1Of, isMatrixTable } from './table-view.js';

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
    [`${before}times.csv`, renderCsv(timesTable(table))],
    [`${name}.csv`, renderCsv(fileTable(table, as))],
    [`${before}scores.csv`, renderCsv(scoresTable(table))],
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
  const { source, target, langs, rows, figures, ...others } = table;
  return {
    ...(isMatrixTable(table) ? {} : { source, target }),
    ...others,
    // Tables that were drawn in the first manner do not say so.
    ...(figures === 1 ? {} : { figures }),
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
    // Of all trainings the same: they were scored on the same rows.
    ...(first.unseen === undefined ? {} : { unseen: first.unseen }),
  };
}

function trainingJson({ id, seed, dataSeed, status, epochs, scores }: Training, table: SweepTable): object {
  const f1 = table.langs.map(lang => [lang, scores[lang]?.[table.conditions.average]?.f1 ?? null]);
  return { stage: id, seed, dataSeed, status, epochs, f1: Object.fromEntries(f1) };
}

/** The results of a sweep for a terminal: aligned, at most 100 columns wide, with what the numbers are. */
export function sweepText(table: SweepTable): string {
  return renderTerminal(phasesTable(table, 'time'));
}

/** The results of a sweep as a Markdown page. */
export function sweepMarkdown(table: SweepTable): string {
  const details = detailsTable(table);
  const figure = (title: string, name: string) => `![${title}](${name}.svg)\n`;
  return [
    renderMarkdown(phasesTable(table, 'status')),
    ...(isMatrixTable(table) ? [] : [figure('Learning curve', 'learning-curve')]),
    figure('Losses and F1 after each epoch', 'training-curves'),
    ...(details.rows.length === 0 ? [] : [renderMarkdown(details, { level: 2 })]),
  ].join('\n');
}
