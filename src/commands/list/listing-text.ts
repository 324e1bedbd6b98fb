import { listed } from '../../errors.js';
import type { ListedStage, ListedStudy, StoreListing } from '../../experiment/store-listing.js';
import { alignColumns, type Column } from '../../reporting/text-table.js';
import { formatBytes } from '../../system/console.js';
import { visible } from '../../system/visible.js';
import { shortPath } from '../short-path.js';

/** The studies and the stages of a store, a table each, and below them what is wrong. */
export function listingText(path: string, { studies, stages, strangers, bytes }: StoreListing): string {
  const faults = [...studies, ...stages].flatMap(row => (row.fault === null ? [] : [visible(faultText(row))]));
  const left = strangers.map(({ path: stranger, why }) => `${shortPath(stranger)} ${why}`);
  return [
    ...(studies.length === 0 ? ['No study is noted.'] : studyLines(studies)),
    '',
    ...(stages.length === 0 ? ['No stage is there.'] : stageLines(stages)),
    '',
    ...faults,
    ...(left.length === 0 ? [] : [visible(`Not of panx: ${listed(left)}.`)]),
    `The store ${visible(path)} takes ${formatBytes(bytes)}.`,
    '',
  ].join('\n');
}

function faultText(row: ListedStudy | ListedStage): string {
  return 'key' in row ? `${row.what} ${shortKey(row.key)}: ${row.fault}` : `${row.name}: ${row.fault}`;
}

function studyLines(studies: readonly ListedStudy[]): string[] {
  return alignColumns(
    columns('study', 'folder', 'stages done', 'failed', 'written'),
    studies.map(({ name, folder, done, stages, failed, writtenAt, fault }) => [
      name,
      folder === null ? '' : shortPath(folder),
      ...(fault === null ? [`${done} of ${stages}`, String(failed)] : ['damaged', '']),
      timeText(writtenAt),
    ]),
    Number.POSITIVE_INFINITY,
  );
}

function stageLines(stages: readonly ListedStage[]): string[] {
  const scored = [...new Set(stages.flatMap(({ f1 }) => Object.keys(f1)))].sort();
  const heads = [
    ...['key', 'stage', 'state', 'trained on', 'starts from', 'trained', 'weights', 'size'],
    ...scored.map(rows => `F1 ${rows}`),
    ...['studies', 'where'],
  ];
  const rows = stages.map(stage => [
    shortKey(stage.key),
    stage.what === 'scoring' ? '(scoring)' : `${stage.name ?? ''}${stage.what === 'stage again' ? ' (again)' : ''}`,
    stage.by === null ? stage.state : `running, ${stage.by}`,
    stage.trainedOn.join(' + '),
    stage.name === null ? '' : (stage.startsFrom ?? 'the model'),
    timeText(stage.trainedAt),
    stage.state === 'done' ? (stage.hasWeights ? 'kept' : 'let go') : '',
    stage.state === 'gone' ? '' : formatBytes(stage.bytes),
    ...scored.map(rows => stage.f1[rows]?.toFixed(4) ?? ''),
    stage.studies.join(', '),
    stage.folder === null ? '' : shortPath(stage.folder),
  ]);
  // A column that says nothing of any stage takes room for nothing.
  const told = heads.map((head, i) => rows.some(row => row[i] !== '' && !(head === 'state' && row[i] === 'done')));
  return alignColumns(
    columns(...heads.filter((_, i) => told[i])),
    rows.map(row => row.filter((_, i) => told[i])),
    Number.POSITIVE_INFINITY,
  );
}

function columns(...heads: string[]): Column[] {
  return heads.map(head => ({ head, align: /^(size|failed|F1 .*)$/.test(head) ? 'right' : 'left' }));
}

function shortKey(key: string): string {
  return key.slice(0, 12);
}

/** "2026-01-31 12:00", in UTC. */
function timeText(at: string | null): string {
  return at === null ? '' : at.slice(0, 16).replace('T', ' ');
}
