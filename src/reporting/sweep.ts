import { join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import type { SweepRow, SweepTable } from '../experiment/table.js';
import { formatCount, formatSeconds } from '../run/console.js';
import { writeFileAtomic, writeJson } from '../run/files.js';
import { protocolText } from './protocol.js';
import { alignColumns, type Column } from './text-table.js';

/**
 * Write what a sweep has found so far into its folder: `sweep.md`, `sweep.csv` and `sweep.json` with the table, and
 * `learning-curve.svg` and `learning-curve.png`. Each file is replaced as a whole.
 *
 * @throws PanxError naming the file that could not be written
 */
export async function writeSweepReport(folder: string, table: SweepTable): Promise<void> {
  await writeJson(join(folder, 'sweep.json'), table);
  await writeFileAtomic(join(folder, 'sweep.csv'), sweepCsv(table));
  await writeFileAtomic(join(folder, 'sweep.md'), sweepMarkdown(table));
  // Loaded here because the plotting library takes half a second, and what only prints a table does not need it.
  const { learningCurveSvg, renderPng } = await import('./learning-curve.js');
  const svg = learningCurveSvg(table);
  await writeFileAtomic(join(folder, 'learning-curve.svg'), svg);
  await writeFileAtomic(join(folder, 'learning-curve.png'), renderPng(svg));
}

/** The results of a sweep for a terminal: aligned, at most 80 columns wide, with what the numbers are. */
export function sweepText(table: SweepTable): string {
  const rows = table.rows.map(row => cells(table, row));
  return `${[title(table), ...facts(table), '', ...alignColumns(columns(table), rows, 80), '', zeroShotNote(table)].join('\n')}\n`;
}

/** The results of a sweep as a Markdown page. */
export function sweepMarkdown(table: SweepTable): string {
  const line = (values: readonly string[]): string => `| ${values.map(escapeMarkdown).join(' | ')} |`;
  const heads = columns(table);
  return [
    `# ${title(table)}`,
    '',
    ...facts(table).map(fact => `- ${escapeMarkdown(fact)}`),
    '',
    line(heads.map(({ head }) => head)),
    `| ${heads.map(({ align }) => (align === 'right' ? '---:' : '---')).join(' | ')} |`,
    ...table.rows.map(row => line(cells(table, row))),
    '',
    zeroShotNote(table),
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
    phase: row.phase,
    trained_on: row.label,
    target_samples: targetSamples(row),
    samples: row.samples,
    [`f1_${source}`]: row.f1[source] ?? null,
    [`f1_${target}`]: row.f1[target] ?? null,
    steps: row.steps,
    duration_ms: row.durationMs === null ? null : Math.round(row.durationMs),
    status: row.status,
    source,
    target,
    protocol,
    metric,
    model,
  }));
  return stringify(rows, { header: true });
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
    { head: 'time', align: 'right' },
  ];
}

/** What stands in the columns for a stage. A stage that is not done says so where its time would be. */
function cells(table: SweepTable, row: SweepRow): string[] {
  const f1 = (lang: string): string => row.f1[lang]?.toFixed(4) ?? '–';
  const time = row.durationMs === null ? '–' : formatSeconds(row.durationMs / 1000);
  return [
    row.phase,
    row.label,
    formatCount(targetSamples(row)),
    f1(table.source),
    f1(table.target),
    formatCount(row.steps),
    row.status === 'done' ? time : row.status,
  ];
}

/** Sentences of the target language that the stage trains on: none in phase 2, which sees the source alone. */
function targetSamples(row: SweepRow): number {
  return row.phase === '2' ? 0 : row.samples;
}

function escapeMarkdown(text: string): string {
  return text.replaceAll(/[\\|*_`<]/g, '\\$&');
}
