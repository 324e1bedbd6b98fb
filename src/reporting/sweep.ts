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
export async function writeSweepReport(folder: string, table: SweepTable): Promise<void> {
  for (const [name, content] of await sweepFiles(table)) await writeFileAtomic(join(folder, name), content);
}

/**
 * What a sweep has found, as the files of its folder: `sweep.md`, `sweep.csv` and `sweep.json` with the table, and
 * `learning-curve.svg` and `learning-curve.png`. The same sweep gives the same bytes; how long it took stands apart, in
 * `sweep-times.csv`.
 */
export async function sweepFiles(table: SweepTable): Promise<Map<string, string | Uint8Array>> {
  const withoutTimes = table.rows.map(({ durationMs: _, ...row }) => ({ ...row, phase: phaseNumber(row.phase) }));
  // Loaded here because the plotting library takes half a second, and what only prints a table does not need it.
  const { learningCurveSvg, renderPng } = await import('./learning-curve.js');
  const svg = learningCurveSvg(table);
  return new Map<string, string | Uint8Array>([
    ['sweep.json', toJson({ ...table, rows: withoutTimes })],
    ['sweep-times.csv', timesCsv(table)],
    ['sweep.csv', sweepCsv(table)],
    ['sweep.md', sweepMarkdown(table)],
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
export function sweepCsv(table: SweepTable): string {
  const { source, target, protocol, metric, model } = table;
  const rows = table.rows.map(row => ({
    phase: phaseNumber(row.phase),
    trained_on: row.label,
    target_samples: targetSamples(row),
    samples: row.samples,
    [`f1_${source}`]: row.f1[source] ?? null,
    [`f1_${target}`]: row.f1[target] ?? null,
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
  return `Phase 2 has seen no ${target} sentence: its ${target} F1 is zero-shot.`;
}

function columns(table: SweepTable): Column[] {
  const [source, target] = [table.source.toUpperCase(), table.target.toUpperCase()];
  return [
    { head: 'phase', align: 'left' },
    { head: 'trained on', align: 'left', shrinks: true },
    { head: `${target} samples`, align: 'right' },
    { head: `${source} F1`, align: 'right' },
    { head: `${target} F1`, align: 'right' },
    { head: 'steps', align: 'right' },
  ];
}

/** What stands in the columns for a stage. */
function cells(table: SweepTable, row: SweepRow): string[] {
  const f1 = (lang: string): string => row.f1[lang]?.toFixed(4) ?? '–';
  return [
    phaseNumber(row.phase),
    row.label,
    formatCount(targetSamples(row)),
    f1(table.source),
    f1(table.target),
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
