import { join } from 'node:path';
import { phaseNumber } from '../experiment/protocols/curriculum.js';
import type { SweepRow, SweepTable } from '../experiment/table.js';
import { formatCount, formatSeconds } from '../system/console.js';
import { toJson, writeFileAtomic } from '../system/files.js';
import { visible } from '../system/visible.js';
import { csvText } from './csv.js';
import { markdownText } from './markdown.js';
import { protocolText } from './protocol.js';
import { alignColumns, type Column } from './text-table.js';

/**
 * Write what a sweep has found so far into its folder; each file is replaced as a whole.
 *
 * @throws PanxError naming the file that could not be written
 */
export async function writeSweepReport(folder: string, table: SweepTable, as: ReportOf = 'sweep'): Promise<void> {
  for (const [name, content] of await sweepFiles(table, as)) await writeFileAtomic(join(folder, name), content);
}

/** Whose folder a report goes into: the names of its files differ. */
export type ReportOf = 'sweep' | 'study';

/**
 * What a sweep has found, as the files of its folder: `sweep.md`, `sweep.csv` and `sweep.json` with the table, and
 * `learning-curve.svg` and `learning-curve.png`. The same sweep gives the same bytes; how long it took stands apart, in
 * `sweep-times.csv`. A study calls them `table.md`, ..., and `times.csv`.
 */
export async function sweepFiles(table: SweepTable, as: ReportOf = 'sweep'): Promise<Map<string, string | Uint8Array>> {
  const withoutTimes = table.rows.map(({ durationMs: _, id, ...row }) => ({
    // The stages of a sweep are told by its folder; those of a study lie in the store, by this name in stages.json.
    ...(as === 'study' ? { stage: id } : {}),
    ...{ ...row, phase: phaseNumber(row.phase) },
  }));
  // Loaded here because the plotting library takes half a second, and what only prints a table does not need it.
  const { learningCurveSvg, renderPng } = await import('./learning-curve.js');
  const svg = learningCurveSvg(table);
  const name = as === 'sweep' ? 'sweep' : 'table';
  return new Map<string, string | Uint8Array>([
    [`${name}.json`, toJson({ ...table, rows: withoutTimes })],
    [as === 'sweep' ? 'sweep-times.csv' : 'times.csv', timesCsv(table)],
    [`${name}.csv`, sweepCsv(table, as)],
    [`${name}.md`, sweepMarkdown(table)],
    ['learning-curve.svg', svg],
    ['learning-curve.png', renderPng(svg)],
  ]);
}

/** The results of a sweep for a terminal: aligned, at most 80 columns wide, with what the numbers are. */
export function sweepText(table: SweepTable): string {
  const rows = table.rows.map(row => [...cells(table, row), timeOrStatus(row)]);
  const heads: Column[] = [...columns(table), { head: 'time', align: 'right' }];
  return `${[title(table), ...facts(table).map(visible), '', ...alignColumns(heads, rows, 80), '', zeroShotNote(table)].join('\n')}\n`;
}

/** The results of a sweep as a Markdown page. */
export function sweepMarkdown(table: SweepTable): string {
  const line = (values: readonly string[]): string => `| ${values.map(markdownText).join(' | ')} |`;
  const heads: Column[] = [...columns(table), { head: 'status', align: 'left' }];
  return [
    `# ${markdownText(title(table))}`,
    '',
    ...facts(table).map(fact => `- ${markdownText(fact)}`),
    '',
    line(heads.map(({ head }) => head)),
    `| ${heads.map(({ align }) => (align === 'right' ? '---:' : '---')).join(' | ')} |`,
    ...table.rows.map(row => line([...cells(table, row), row.status])),
    '',
    markdownText(zeroShotNote(table)),
    '',
    '![Learning curve](learning-curve.svg)',
    '',
  ].join('\n');
}

/**
 * The results of a sweep as CSV: one row per stage with every digit of its F1; protocol, metric and model stand in each
 * row, so that several files can be put together. Empty cells are results that are missing.
 */
export function sweepCsv(table: SweepTable, as: ReportOf = 'sweep'): string {
  const { source, target, protocol, metric, model } = table;
  const rows = table.rows.map(row => ({
    ...(as === 'study' ? { stage: row.id } : {}),
    phase: phaseNumber(row.phase),
    trained_on: row.label,
    target_samples: targetSamples(row),
    samples: row.samples,
    ...Object.fromEntries(langsOf(table).map(lang => [`f1_${lang}`, row.f1[lang] ?? null])),
    steps: row.steps,
    status: row.status,
    source,
    target,
    protocol,
    metric,
    model,
  }));
  return csvText(rows);
}

/** Milliseconds of training and scoring, a row per stage; empty where the stage is not done. */
function timesCsv({ rows }: SweepTable): string {
  const times = rows.map(({ phase, label, steps, durationMs }) => ({
    phase: phaseNumber(phase),
    trained_on: label,
    steps,
    duration_ms: durationMs === null ? null : Math.round(durationMs),
  }));
  return csvText(times);
}

function title(table: SweepTable): string {
  return `${table.source.toUpperCase()} → ${table.target.toUpperCase()} curriculum`;
}

function facts(table: SweepTable): string[] {
  return [`protocol ${protocolText(table.protocol)}`, `F1 is ${table.metric}`, `model ${table.model}`];
}

function zeroShotNote(table: SweepTable): string {
  const target = table.target.toUpperCase();
  if (!langsOf(table).includes(table.target)) return `Phase 2 has seen no ${target} sentence.`;
  return `Phase 2 has seen no ${target} sentence: its ${target} F1 is zero-shot.`;
}

function columns(table: SweepTable): Column[] {
  const target = table.target.toUpperCase();
  return [
    { head: 'phase', align: 'left' },
    { head: 'trained on', align: 'left', shrinks: true },
    { head: `${target} samples`, align: 'right' },
    ...langsOf(table).map((lang): Column => ({ head: `${lang.toUpperCase()} F1`, align: 'right' })),
    { head: 'steps', align: 'right' },
  ];
}

/** The languages that the stages are scored on. */
function langsOf({ rows }: SweepTable): string[] {
  return Object.keys(rows[0]?.f1 ?? {});
}

/** What stands in the columns for a stage. */
function cells(table: SweepTable, row: SweepRow): string[] {
  const f1 = (lang: string): string => row.f1[lang]?.toFixed(4) ?? '–';
  return [
    phaseNumber(row.phase),
    row.label,
    formatCount(targetSamples(row)),
    ...langsOf(table).map(f1),
    formatCount(row.steps),
  ];
}

function timeOrStatus({ status, durationMs }: SweepRow): string {
  if (status !== 'done') return status;
  return durationMs === null ? '–' : formatSeconds(durationMs / 1000);
}

/** Sentences of the target language that the stage trains on: none in phase 2, which sees the source alone. */
function targetSamples(row: SweepRow): number {
  return row.phase.trains === 'source' ? 0 : row.samples;
}
