import { listed } from '../../errors.js';
import type { ListedStage, ListedStudy, StoreListing } from '../../experiment/store-listing.js';
import { renderTerminal } from '../../reporting/render/terminal.js';
import { type Cell, type Column, column, plainTable } from '../../reporting/table.js';
import { formatBytes } from '../../system/console.js';
import { visible } from '../../system/visible.js';
import { shortPath } from '../short-path.js';

/** The studies and the stages of a store, a table each, and below them what is wrong. */
export function listingText(path: string, { studies, stages, strangers, bytes }: StoreListing): string {
  const faults = [...studies, ...stages].flatMap(row => (row.fault === null ? [] : [visible(faultText(row))]));
  const left = strangers.map(({ path: stranger, why }) => `${shortPath(stranger)} ${why}`);
  return [
    studies.length === 0 ? 'No study is noted.\n' : studiesText(studies),
    stages.length === 0 ? 'No stage is there.\n' : stagesText(stages),
    ...faults,
    ...(left.length === 0 ? [] : [visible(`Not of panx: ${listed(left)}.`)]),
    `The store ${visible(path)} takes ${formatBytes(bytes)}.`,
    '',
  ].join('\n');
}

function faultText(row: ListedStudy | ListedStage): string {
  return 'key' in row ? `${row.what} ${shortKey(row.key)}: ${row.fault}` : `${row.name}: ${row.fault}`;
}

function studiesText(studies: readonly ListedStudy[]): string {
  return wholly(
    [column('study'), column('folder'), column('stages done'), column('failed', 'count'), column('written')],
    studies.map(({ name, folder, done, stages, failed, writtenAt, fault }) => [
      name,
      folder === null ? '' : shortPath(folder),
      ...(fault === null ? [`${done} of ${stages}`, failed] : ['damaged', '']),
      timeText(writtenAt),
    ]),
  );
}

function stagesText(stages: readonly ListedStage[]): string {
  const scored = [...new Set(stages.flatMap(({ f1 }) => Object.keys(f1)))].sort();
  const columns = [
    ...['key', 'stage', 'state', 'trained on', 'starts from', 'trained', 'weights'].map(head => column(head)),
    column('size', 'bytes'),
    ...scored.map(rows => column(`F1 ${rows}`, 'score')),
    ...['studies', 'where'].map(head => column(head)),
  ];
  const rows = stages.map((stage): Cell[] => [
    shortKey(stage.key),
    stage.what === 'scoring' ? '(scoring)' : `${stage.name ?? ''}${stage.what === 'stage again' ? ' (again)' : ''}`,
    stage.by === null ? stage.state : `running, ${stage.by}`,
    stage.trainedOn.join(' + '),
    stage.name === null ? '' : (stage.startsFrom ?? 'the model'),
    timeText(stage.trainedAt),
    stage.state === 'done' ? (stage.hasWeights ? 'kept' : 'let go') : '',
    stage.state === 'gone' ? '' : stage.bytes,
    ...scored.map(rows => stage.f1[rows] ?? ''),
    stage.studies.join(', '),
    stage.folder === null ? '' : shortPath(stage.folder),
  ]);
  // A column that says nothing of any stage takes room for nothing.
  const told = columns.map(({ head }, i) =>
    rows.some(row => row[i] !== '' && !(head === 'state' && row[i] === 'done')),
  );
  return wholly(
    columns.filter((_, i) => told[i]),
    rows.map(row => row.filter((_, i) => told[i])),
  );
}

/** However wide: paths are there to be copied. */
function wholly(columns: readonly Column[], rows: readonly (readonly Cell[])[]): string {
  return renderTerminal(plainTable(columns, rows), { width: Number.POSITIVE_INFINITY });
}

function shortKey(key: string): string {
  return key.slice(0, 12);
}

/** "2026-01-31 12:00", in UTC. */
function timeText(at: string | null): string {
  return at === null ? '' : at.slice(0, 16).replace('T', ' ');
}
